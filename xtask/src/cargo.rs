//! Cargo, called by a program that cargo itself runs.

use std::process::Command;

/// Without what `cargo run` tells a program of its own package: build scripts of crates with C in them look whether that changed, and all that stands on
/// such a crate would be built anew, now and again at the next call from elsewhere.
pub fn cargo() -> Command {
    let mut cargo = Command::new("cargo");
    for name in std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()) {
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(name);
        }
    }
    cargo
}
