//! `veritrail restore`.

use crate::{backup::put_back::put_back, cli, config::Config};
use anyhow::{Context, Result};

pub async fn run(config: &Config, asked: &cli::Restore) -> Result<()> {
    let directory = &config.data.directory;
    std::fs::create_dir_all(directory).with_context(|| format!("the data directory '{}' cannot be made", directory.display()))?;
    put_back(config, &asked.from, &asked.keys).await
}
