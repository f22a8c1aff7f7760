//! Tasks of the workshop: `cargo xtask tidy`.

mod tidy;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("tidy") => tidy::run(),
        Some(other) => bail!("'{other}' is not a task; there is: tidy"),
        None => bail!("name a task: tidy"),
    }
}
