//! What a connector says about itself; the catalogue page, the add-source form and docs/ are made from it.

use serde::Serialize;

#[derive(Clone, Debug, Serialize)]
pub struct Manifest {
    /// `creme`, `salesforce`, `generic`.
    pub id: &'static str,
    /// Raised whenever the same record would normalise differently; written on every event as `id/version`.
    pub version: u16,
    pub title: &'static str,
    /// One sentence: what is connected and how it is read.
    pub summary: &'static str,
    pub settings: &'static [Setting],
    pub streams: &'static [StreamManifest],
    /// Which acts this CRM records where, and which it does not record at all.
    pub recorded: &'static [Recorded],
}

/// One line of the add-source form.
#[derive(Clone, Debug, Serialize)]
pub struct Setting {
    pub name: &'static str,
    pub title: &'static str,
    pub help: &'static str,
    pub kind: SettingKind,
    pub required: bool,
    pub example: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingKind {
    Text,
    /// Kept sealed, never shown again.
    Secret,
    Url,
    Path,
    Choice,
}

impl SettingKind {
    pub const ALL: [SettingKind; 5] = [SettingKind::Text, SettingKind::Secret, SettingKind::Url, SettingKind::Path, SettingKind::Choice];
    pub fn name(self) -> &'static str {
        match self {
            SettingKind::Text => "text",
            SettingKind::Secret => "secret",
            SettingKind::Url => "url",
            SettingKind::Path => "path",
            SettingKind::Choice => "choice",
        }
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct StreamManifest {
    pub name: &'static str,
    pub title: &'static str,
    /// Seconds between reads; 0 for streams that are only pushed or imported.
    pub poll_secs: u32,
    /// How late this stream's records may arrive, in seconds; detection waits this long before a window is final.
    pub lateness_secs: u32,
}

/// One act of a user, and where the CRM leaves a trace of it.
#[derive(Clone, Debug, Serialize)]
pub struct Recorded {
    pub act: &'static str,
    /// The stream it arrives by; `None` when the CRM records it nowhere.
    pub stream: Option<&'static str>,
    pub note: &'static str,
}
