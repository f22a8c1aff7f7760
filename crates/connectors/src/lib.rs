//! CRMs in: one folder per connector, one line in [`catalogue`].
//!
//! A connector reads its CRM from outside and turns raw records into events. It stores nothing of ours, never sleeps and
//! never loops: the pipeline drives it, keeps its cursor and state, and commits both with the events they cover.

pub mod catalogue;
pub mod connector;
pub mod creme;
pub mod generic;
pub mod input;
pub mod manifest;
#[cfg(test)]
mod ocsf_tests;
pub mod reach;
pub mod salesforce;

pub use catalogue::{catalogue, find};
pub use connector::{CheckReport, CheckedStream, Connector, ConnectorError, Context, Page, RawRecord, Settings, State};
pub use input::{FileHint, Records};
pub use manifest::{Manifest, Recorded, Setting, SettingKind, StreamManifest};
pub use reach::Reach;
