//! Creme CRM 2.8: its history, contact reads and accounts from its database, sign-ins and refusals from its access log.

pub mod access_log;
pub mod historyline;
pub mod manifest;
pub mod normalise;

pub use manifest::MANIFEST;
pub use normalise::{Judged, normalise};
