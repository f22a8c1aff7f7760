//! The nouns of Veritrail. Plain data and pure rules about it: this crate knows no clock, no I/O and no SQL.
//!
//! Times are microseconds since the Unix epoch, UTC, as `i64` ([`Micros`]). Ids are UUIDs (version 7 where we make them).

pub mod alert;
pub mod class;
pub mod directory;
pub mod erasure;
pub mod event;
pub mod finding;
pub mod job;
pub mod masking;
pub mod member;
pub mod ocsf;
pub mod position;
pub mod quarantine;
pub mod query;
pub mod reach;
pub mod retention;
pub mod scope;
pub mod sentence;
pub mod source;
pub mod stored;
pub mod subject;
pub mod time;

pub use alert::{Alert, AlertStatus, Verdict};
pub use class::{Activity, Class};
pub use directory::{Department, Link, Person, Validity};
pub use erasure::{Erased, Erasure, ErasureState, Held, Hold, Left, LegalBasis};
pub use event::{Actor, ActorKind, Change, Counts, Event, Network, Outcome, Target};
pub use finding::{Finding, Severity};
pub use job::{Job, JobState};
pub use masking::{ClassedField, FieldClass, Reveal, RevealState};
pub use member::{Member, MemberKind, Role};
pub use position::Position;
pub use quarantine::{Quarantined, Refusal};
pub use scope::{Reach, Scope};
pub use source::{Source, SourceState};
pub use stored::{ClearEvent, Part, SealedPart, StoredEvent};
pub use subject::{SubjectKind, SubjectRef};
pub use time::{DAY, EventTime, HOUR, MINUTE, Micros, SECOND, TimeConfidence};
