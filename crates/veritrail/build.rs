//! The pages are built before the binary that carries them, and a new build of them makes a new binary.

use std::path::Path;

fn main() {
    // Asked when it runs: a target directory may be shared by several clones.
    let here = std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where the crate lies");
    let pages = Path::new(&here).join("../../web/dist");
    println!("cargo:rerun-if-changed={}", pages.display());
    let released = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    assert!(!released || pages.join("index.html").is_file(), "web/dist is absent: build the pages first (cd web && npm ci && npm run build), then the binary");
}
