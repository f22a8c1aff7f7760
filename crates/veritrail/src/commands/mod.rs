//! One file per command.

pub mod authz;
pub mod backup;
pub mod config;
pub mod directory;
pub mod evidence;
pub mod import;
pub mod index;
pub mod init;
pub mod keys;
pub mod ledger;
pub mod member;
pub mod own_trail;
pub mod query;
pub mod restore;
pub mod retention;
pub mod rules;
pub mod source;
pub mod verify;

use std::io::{self, Write};

/// Writes a line to standard output; a closed pipe is no error of ours.
pub fn say(line: impl std::fmt::Display) {
    // A reader that went away (`| head`) has seen what it wanted.
    let _ = writeln!(io::stdout().lock(), "{line}");
}
