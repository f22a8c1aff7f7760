//! Rule files: Sigma 2.1 documents with our `veritrail` keys, checked before anything runs on them.

mod file;
mod info;
mod plan;

#[cfg(test)]
mod tests;

pub use file::{RuleError, RuleFile};
pub use info::RuleInfo;
pub(crate) use info::{Given, Test};
pub(crate) use plan::{Counting, Single};

use std::collections::BTreeMap;

#[derive(rust_embed::RustEmbed)]
#[folder = "../../content/rules/"]
struct Shipped;

/// All rules in force.
#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    pub(crate) list: Vec<RuleInfo>,
    /// Per rule, in the order of `list`: its tests, and a fingerprint of its file.
    pub(crate) tests: Vec<info::Tests>,
    pub(crate) prints: Vec<String>,
    pub(crate) singles: Vec<Single>,
    pub(crate) countings: Vec<Counting>,
}

impl RuleSet {
    /// The rules that ship with Veritrail.
    pub fn embedded() -> Result<Self, RuleError> {
        Self::load(Vec::new())
    }

    /// The shipped rules with `overrides` on top: a file of the same name replaces the shipped one, any other is added. The caller reads the folder.
    pub fn load(overrides: Vec<RuleFile>) -> Result<Self, RuleError> {
        let mut files = BTreeMap::new();
        for name in Shipped::iter() {
            let Some(file) = Shipped::get(&name) else { continue };
            let text = String::from_utf8(file.data.into_owned()).map_err(|_| RuleError::new(&name, 1, "", "the file is not UTF-8 text"))?;
            files.insert(name.into_owned(), text);
        }
        files.extend(overrides.into_iter().map(|file| (file.name, file.text)));
        Self::from_files(files.into_iter().filter(|(name, _)| name.ends_with(".yml") || name.ends_with(".yaml")).map(|(name, text)| RuleFile { name, text }))
    }

    /// Exactly these rules.
    pub fn from_files(files: impl IntoIterator<Item = RuleFile>) -> Result<Self, RuleError> {
        let mut set = Self::default();
        for file in files {
            set.add(&file)?;
        }
        Ok(set)
    }

    /// What people read about each rule, in the order of their ids.
    pub fn list(&self) -> &[RuleInfo] {
        &self.list
    }

    /// The rule that findings name `id`.
    pub fn info(&self, id: &str) -> Option<&RuleInfo> {
        self.list.iter().find(|info| info.id == id)
    }
}
