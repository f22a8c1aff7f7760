//! What a stranger does with a copy, a public key and the last checkpoint he kept, with none of our code: PyPI aics-tlog for the tree,
//! `scripts/trust/segment.py` on Python's hashlib and zstandard for the segments.

use super::{ledger_copy, tools};
use anyhow::{Context, Result, bail};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// How the activities' checkpoints name their log, with the signer's name that rows use.
pub const ORIGIN: &str = "faults.example/activity.0";

pub struct Outsider {
    tool: PathBuf,
    python: PathBuf,
    segment: PathBuf,
    /// Where leaves and rebuilt tiles are put.
    desk: PathBuf,
}

/// What he was given besides the copy.
pub struct Given<'a> {
    pub verifier: &'a str,
    pub origin: &'a str,
    /// The last signed checkpoint he kept.
    pub known: Option<&'a Path>,
    /// Key of the witness whose cosignature he asks for.
    pub witness: Option<&'a str>,
}

impl Outsider {
    /// # Errors
    /// When the tools are missing: `scripts/test-tools.sh` installs them.
    pub fn new(desk: &Path) -> Result<Self> {
        let home = PathBuf::from(std::env::var_os("HOME").context("HOME is not set")?);
        let tools = home.join(".cache/veritrail/tlog/bin");
        let segment = std::path::absolute("scripts/trust/segment.py")?;
        let found = Self { tool: tools.join("aics-tlog"), python: tools.join("python"), segment, desk: desk.to_owned() };
        for path in [&found.tool, &found.python, &found.segment] {
            if !path.exists() {
                bail!("'{}' is missing; run ./scripts/test-tools.sh from the root of the repository", path.display());
            }
        }
        Ok(found)
    }

    /// Runs all his checks of one log; the name of each that objects, and what it says.
    pub fn objections(&self, log: &Path, given: &Given<'_>) -> Result<Vec<(&'static str, String)>> {
        let tiles = tools::text(log)?;
        let ours = ["--tiles", &tiles, "--log-key", given.verifier, "--origin", given.origin];
        let mut objections = Vec::new();
        let mut check = |name: &'static str, (agrees, said): (bool, String)| {
            if !agrees {
                objections.push((name, reason(&said)));
            }
        };
        let witnessed = given.witness.map_or_else(Vec::new, |key| vec!["--witness-key", key, "--quorum", "0"]);
        check("verify-checkpoint", self.ask(&[&["verify-checkpoint"][..], &ours, &witnessed].concat())?);
        if let Some(known) = given.known {
            check("verify-consistency", self.consistent(log, given, known)?);
        }
        let (agrees, leaf) = self.rebuild(log)?;
        check("build-tiles", agrees);
        if let Some(leaf) = leaf {
            // The leaf of record 0 under the root: it hashes every tile that hangs over the others.
            check("verify-inclusion", self.ask(&[&["verify-inclusion", "--index", "0", "--leaf", &tools::text(&leaf)?][..], &ours].concat())?);
        }
        check("segment.py", said(Command::new(&self.python).arg(&self.segment).arg(log))?);
        Ok(objections)
    }

    /// Whether the log has only grown since a checkpoint that was signed before.
    pub fn consistent(&self, log: &Path, given: &Given<'_>, known: &Path) -> Result<(bool, String)> {
        let (tiles, known) = (tools::text(log)?, tools::text(known)?);
        self.ask(&["verify-consistency", "--old-checkpoint", &known, "--tiles", &tiles, "--log-key", given.verifier, "--origin", given.origin])
    }

    /// Builds all tiles anew out of the entries and compares; answers the first leaf too.
    fn rebuild(&self, log: &Path) -> Result<((bool, String), Option<PathBuf>)> {
        let size = std::fs::read_to_string(log.join("checkpoint")).ok().and_then(|note| note.lines().nth(1)?.parse().ok()).unwrap_or(0);
        let mut leaves = Vec::new();
        for name in ledger_copy::bundle_names(size) {
            let Ok(bytes) = std::fs::read(log.join("tile/entries").join(&name)) else {
                return Ok(((false, format!("no entries {name}")), None));
            };
            match ledger_copy::entries(&bytes) {
                Ok(entries) => leaves.extend(entries),
                Err(why) => return Ok(((false, format!("entries {name}: {why}")), None)),
            }
        }
        std::fs::create_dir_all(&self.desk)?;
        let (lines, rebuilt, first) = (self.desk.join("leaves"), self.desk.join("rebuilt"), self.desk.join("leaf"));
        if rebuilt.exists() {
            std::fs::remove_dir_all(&rebuilt)?;
        }
        std::fs::write(&lines, leaves.iter().flat_map(|leaf| [leaf.as_slice(), b"\n"].concat()).collect::<Vec<u8>>())?;
        std::fs::write(&first, leaves.first().map_or(&[][..], Vec::as_slice))?;
        let built = self.ask(&["build-tiles", "--zero", "--leaves", &tools::text(&lines)?, "--out", &tools::text(&rebuilt)?])?;
        if !built.0 {
            return Ok((built, None));
        }
        for path in ledger_copy::files(&rebuilt)?.iter().filter(|path| path.starts_with("tile")) {
            if std::fs::read(log.join(path)).ok() != Some(std::fs::read(rebuilt.join(path))?) {
                return Ok(((false, format!("{} differs", path.display())), Some(first)));
            }
        }
        Ok((built, Some(first)))
    }

    fn ask(&self, arguments: &[&str]) -> Result<(bool, String)> {
        said(Command::new(&self.tool).args(arguments))
    }
}

/// What is wrong, out of the last line: aics-tlog writes JSON, the cause of each source apart from the whole.
fn reason(said: &str) -> String {
    let last = said.trim().lines().next_back().unwrap_or_default();
    let report: serde_json::Value = serde_json::from_str(last).unwrap_or_default();
    let cause = report["sources"][0]["error"].as_str().or(report["error"].as_str());
    cause.unwrap_or(last).to_owned()
}

fn said(command: &mut Command) -> Result<(bool, String)> {
    let done = command.output().with_context(|| format!("{command:?} cannot be called"))?;
    Ok((done.status.success(), String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_what_is_told() {
        let report = r#"{"sources": [{"ok": false, "error": "origin mismatch"}], "ok": false, "error": "no source"}"#;
        assert_eq!(reason(report), "origin mismatch");
        assert_eq!(reason(r#"{"sources": [{"ok": true}], "error": "rewritten"}"#), "rewritten");
        assert_eq!(reason("one line\nFAULT segment/0: bad\n"), "FAULT segment/0: bad");
    }
}
