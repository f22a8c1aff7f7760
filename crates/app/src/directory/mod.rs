//! The company's directory: who works here, where they belonged over time, and which accounts are theirs.

pub use attribute::Attributor;
pub use file::Refused;
pub use import::DirectoryImport;
pub use pattern::Pattern;
pub(crate) use persons::filter;
pub use view::{DepartmentList, DepartmentView, LinkView, PersonDetail, PersonHistoryView, PersonPage, PersonView, SubjectView};

mod attribute;
mod file;
mod import;
mod pattern;
mod persons;
mod subjects;
#[cfg(test)]
mod tests;
mod view;

use crate::{App, Result};
use ledger::Keyring;
use std::collections::BTreeSet;
use store::{records::Departments, sql::Handle};
use uuid::Uuid;

/// The setting that says which import of the directory is in force.
pub(crate) const VERSION: &str = "directory_version";

/// These departments and everything below them.
pub(crate) async fn with_parts<H: Handle>(records: &H, departments: &[Uuid]) -> Result<BTreeSet<Uuid>> {
    let mut found: BTreeSet<Uuid> = departments.iter().copied().collect();
    if found.is_empty() {
        return Ok(found);
    }
    let all = records.departments().await?;
    loop {
        let below: Vec<Uuid> = all.iter().filter(|d| d.parent.is_some_and(|p| found.contains(&p)) && !found.contains(&d.id)).map(|d| d.id).collect();
        if below.is_empty() {
            return Ok(found);
        }
        found.extend(below);
    }
}

/// What is stored of a name an account goes by, in whatever source: its keyed hash.
fn name_hash(keyring: &Keyring, name: &str) -> [u8; 16] {
    let mut hash = [0; 16];
    hash.copy_from_slice(&keyring.mac("directory-name", &[name.trim().to_lowercase().as_bytes()])[..16]);
    hash
}

impl App {
    /// Says to whom events belonged at their time.
    pub fn attributor(&self) -> Attributor {
        Attributor::new(self.records.clone(), self.keyring.clone())
    }
}
