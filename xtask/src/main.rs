//! Tasks of the workshop: `cargo xtask tidy`, `cargo xtask bench`, `cargo xtask faults`, `cargo xtask outsiders`.

mod bench;
mod dependencies;
mod faults;
mod http;
mod outsiders;
mod tidy;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("tidy") => tidy::run(),
        Some("bench") => bench::run(std::env::args().skip(1)),
        Some("faults") => faults::run(std::env::args().skip(1)),
        Some("outsiders") => outsiders::run(std::env::args().nth(2)),
        Some(other) => bail!("'{other}' is not a task; there are: tidy, bench, faults, outsiders"),
        None => bail!("name a task: tidy, bench, faults, outsiders"),
    }
}
