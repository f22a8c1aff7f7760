//! Programs of others that the rows call.

use anyhow::{Context, Result, bail};
use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// Whether a program can be called; the reason to skip where it cannot.
pub fn needed(programs: &[&str]) -> Option<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let missing: Vec<&str> = programs.iter().copied().filter(|program| !folders.iter().any(|f| f.join(program).is_file())).collect();
    (!missing.is_empty()).then(|| format!("{} is not installed", missing.join(", ")))
}

/// Runs a program that must succeed; what it printed.
pub fn run(program: &str, arguments: &[&str]) -> Result<String> {
    let Output { status, stdout, stderr } = Command::new(program).args(arguments).output().with_context(|| format!("{program} cannot be called"))?;
    if !status.success() {
        bail!("{program} {} ended with {status}: {}", arguments.join(" "), String::from_utf8_lossy(&stderr).trim());
    }
    Ok(String::from_utf8_lossy(&stdout).into_owned())
}

/// A preloaded library of Debian, where it is installed.
pub fn library(name: &str) -> Option<PathBuf> {
    let folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"];
    folders.iter().map(|folder| Path::new(folder).join(name)).find(|path| path.exists())
}

/// Copies a directory as it is, where the copy must not be there yet.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    run("cp", &["-a", "--sparse=always", &text(from)?, &text(to)?]).map(drop)
}

/// Copies a directory while others write into it: what vanishes on the way is not in the copy.
pub fn copy_live(from: &Path, to: &Path) -> Result<()> {
    let done = Command::new("cp").arg("-a").arg(from).arg(to).output().context("cp cannot be called")?;
    if to.is_dir() { Ok(()) } else { bail!("'{}' is not copied: {}", from.display(), String::from_utf8_lossy(&done.stderr).trim()) }
}

pub fn text(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).with_context(|| format!("'{}' is not UTF-8", path.display()))
}

/// A number that is as good as random, the same for the same seed.
pub fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
