//! The trail's trust: sealing what is personal, committing what stays.
//!
//! [`seal`] turns an event into a leaf without personal data and sealed parts; [`keyring`] keeps the subjects' keys;
//! [`fingerprint`] tells a record from its resend. Nothing here parses a CRM's payload.

pub mod error;
pub mod fingerprint;
pub mod keyring;
pub mod seal;

pub use error::LedgerError;
pub use keyring::{Keyring, Master};
pub use seal::{Opened, open, seal};
