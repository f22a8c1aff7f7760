//! One target under libFuzzer, named by VERITRAIL_FUZZ_TARGET; with VERITRAIL_FUZZ_SEEDS=FOLDER, names all of them and writes what they begin with.
//! `cargo xtask fuzz` builds it with coverage and starts it.
#![no_main]
#![allow(unsafe_code, reason = "the entry that libFuzzer calls is a C function")]

use fuzz::{TARGETS, Target, find};
use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

static TARGET: OnceLock<Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(
    init: {
        if let Some(folder) = std::env::var_os("VERITRAIL_FUZZ_SEEDS") {
            write_seeds(&PathBuf::from(folder)).expect("the seeds can be written");
            std::process::exit(0);
        }
        let name = std::env::var("VERITRAIL_FUZZ_TARGET").expect("VERITRAIL_FUZZ_TARGET names the target");
        let target = find(&name).unwrap_or_else(|| panic!("there is no target '{name}'"));
        TARGET.get_or_init(|| target);
    },
    |data: &[u8]| (TARGET.get().expect("it was found at the start").take)(data)
);

fn write_seeds(folder: &Path) -> std::io::Result<()> {
    for target in TARGETS {
        let corpus = folder.join(target.name);
        std::fs::create_dir_all(&corpus)?;
        for (n, seed) in (target.seeds)().iter().chain(&target.regressions()).enumerate() {
            std::fs::write(corpus.join(format!("seed-{n}")), seed)?;
        }
        println!("{}\t{}", target.name, target.reads);
    }
    Ok(())
}
