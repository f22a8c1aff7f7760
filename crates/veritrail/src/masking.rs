//! The classes of fields in force: those that ship with Veritrail, and the folder's on top.

use crate::config::Config;
use anyhow::{Context, Result};
use app::masking::{Classes, Masking};

pub fn masking(config: &Config) -> Result<Masking> {
    let folder = &config.masking.classes;
    let mut files = Vec::new();
    if !folder.as_os_str().is_empty() {
        let entries = std::fs::read_dir(folder).with_context(|| format!("the folder of field classes '{}' cannot be read", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|e| e == "toml") {
                let text = std::fs::read_to_string(&path).with_context(|| format!("the field classes '{}' cannot be read", path.display()))?;
                files.push((path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), text));
            }
        }
    }
    let classes = Classes::load(files).map_err(anyhow::Error::msg)?;
    Ok(Masking { classes, reveals_per_day: config.masking.reveals_per_day })
}
