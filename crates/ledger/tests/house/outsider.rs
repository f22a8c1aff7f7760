//! Tools that are not ours, where `scripts/test-tools.sh` puts them.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

fn tools() -> PathBuf {
    Path::new(&std::env::var_os("HOME").unwrap()).join(".cache/veritrail/tlog/bin")
}

/// PyPI aics-tlog. Fails where it is missing, unless skipping was asked for.
pub fn tlog() -> Option<PathBuf> {
    let path = tools().join("aics-tlog");
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("VERITRAIL_TEST_SKIP_SERVICES").is_some(), "{} is missing; run ./scripts/test-tools.sh", path.display());
    println!("aics-tlog is missing and VERITRAIL_TEST_SKIP_SERVICES is set: not tested");
    None
}

/// The Python beside it, which has zstandard.
pub fn python() -> PathBuf {
    tools().join("python")
}

/// Go with golang.org/x/mod, where Debian's packages put it; 465 MB, so only where somebody installed it.
pub fn go() -> Option<Command> {
    let (path, found) = ("/usr/share/gocode", Command::new("go").arg("version").output());
    if found.is_ok_and(|v| v.status.success()) && Path::new(path).join("src/golang.org/x/mod/sumdb/tlog").is_dir() {
        let mut command = Command::new("go");
        command.args(["run"]).arg(script("stranger.go")).env("GO111MODULE", "off").env("GOPATH", path);
        return Some(command);
    }
    assert!(std::env::var_os("VERITRAIL_TEST_GO").is_none(), "VERITRAIL_TEST_GO is set: apt-get install golang-go golang-golang-x-mod-dev");
    println!("Go is not installed: stranger.go is not tested");
    None
}

/// A script published for auditors.
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/trust").join(name)
}

/// Runs a tool; whether it agrees, and what it says.
pub fn run(tool: &Path, arguments: &[&str]) -> (bool, String) {
    ended(Command::new(tool).args(arguments))
}

pub fn ended(command: &mut Command) -> (bool, String) {
    let done = command.output().unwrap();
    (done.status.success(), String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr))
}

pub fn agrees(tool: &Path, arguments: &[&str]) {
    let (ok, says) = run(tool, arguments);
    assert!(ok, "{arguments:?}: {says}");
}

/// Files under a folder, from it on.
pub fn files(folder: &Path, under: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder.join(under)).unwrap() {
        let entry = entry.unwrap();
        let path = if under.is_empty() { entry.file_name().into_string().unwrap() } else { format!("{under}/{}", entry.file_name().to_str().unwrap()) };
        if entry.path().is_dir() { files(folder, &path, found) } else { found.push(path) }
    }
}
