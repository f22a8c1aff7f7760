//! The trail's trust: sealing what is personal, committing what stays, proving that nothing changed.
//!
//! [`seal`] turns an event into a leaf without personal data and sealed parts; [`keyring`] keeps the subjects' keys;
//! [`fingerprint`] tells a record from its resend. [`append`] is the one durable commit, [`read`] the one order in which everything
//! else follows. Nothing here parses a CRM's payload.

pub mod append;
pub mod delivery;
pub mod error;
pub mod fingerprint;
pub mod keyring;
pub mod layout;
pub mod opened;
pub mod read;
pub mod seal;
pub mod segment;
pub mod tokens;

mod queue;
mod records;

pub use append::Appender;
pub use delivery::{Delivery, Numbered, open_quarantined, prepare};
pub use error::LedgerError;
pub use keyring::{Keyring, Master};
pub use layout::Layout;
pub use opened::open_all;
pub use read::Reader;
pub use seal::{Opened, open, seal};
pub use tokens::{token, tokens};
