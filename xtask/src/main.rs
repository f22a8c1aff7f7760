//! Tasks of the workshop: `cargo xtask tidy`, `cargo xtask bench`.

mod bench;
mod dependencies;
mod tidy;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("tidy") => tidy::run(),
        Some("bench") => bench::run(std::env::args().skip(1)),
        Some(other) => bail!("'{other}' is not a task; there are: tidy, bench"),
        None => bail!("name a task: tidy, bench"),
    }
}
