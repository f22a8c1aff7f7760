//! The trail's trust: sealing what is personal, committing what stays, proving that nothing changed.
//!
//! [`seal`] turns an event into a leaf without personal data and sealed parts; [`keyring`] keeps the subjects' keys, [`wrap`] what they lie under;
//! [`fingerprint`] tells a record from its resend. [`append`] is the one durable commit, [`read`] the one order in which everything
//! else follows; [`integrate`] signs what is there, [`anchor`] has it cosigned and stamped outside, [`prove`] and [`verify`] show it.
//! Nothing here parses a CRM's payload.

pub mod anchor;
pub mod append;
pub mod backup;
pub mod delivery;
pub mod error;
pub mod fingerprint;
pub mod integrate;
pub mod keyring;
pub mod layout;
pub mod lock;
pub mod loss;
pub mod opened;
pub mod prove;
pub mod read;
pub mod retain;
pub mod seal;
pub mod segment;
pub mod signing;
pub mod tokens;
pub mod tombstone;
pub mod tree;
pub mod verify;
pub mod wrap;

mod catch_up;
mod copies;
mod moved;
mod queue;
mod records;
mod resume;
mod tiles;

pub use anchor::{AnchorKeys, Answer, Authority, Post, Roots, Stamps, Standing, Witness, WitnessKey, Witnesses, check_anchors};
pub use append::Appender;
pub use delivery::{Delivery, Numbered, open_quarantined, prepare};
pub use error::LedgerError;
pub use integrate::{Checkpointed, Integrator};
pub use keyring::{Keyring, Master};
pub use layout::Layout;
pub use lock::Lock;
pub use loss::{Loss, Opening};
pub use merkle::{LogKeys, Walk};
pub use opened::open_all;
pub use prove::{Consistency, Proof, Prover, prove, prove_consistency};
pub use read::Reader;
pub use retain::{Retention, Why};
pub use seal::{Opened, open, seal};
pub use signing::Signers;
pub use tokens::{Tokenizer, token, tokens};
pub use verify::{Fault, Report, Verification, verify};
pub use wrap::{KeyFolder, KeyWrap, KeyWraps, Passphrase, Purpose, TokenAccess};
