//! The data plane: what brings events to the trail, and what follows it.
//!
//! [`Intake`] turns pushes, files and polled pages into ledger deliveries, bounded and without loss; [`Poller`] drives connectors that read;
//! [`IndexFollower`] and [`DetectFollower`] make the searchable view and the findings from the trail, each resuming where its own commit ended.

pub mod error;
pub mod followers;
pub mod intake;
pub mod poll;
pub mod source;
#[cfg(test)]
mod testing;

pub use connectors::FileHint;
pub use error::IntakeError;
pub use followers::{
    Attributed, Attribution, DetectFollower, Detector, Differing, IndexFollower, Observed, Seen, ViewFault, compare, follow_opening, name_faults,
};
pub use intake::{Accepted, Body, Intake, Limits, Progress, Replayed};
pub use poll::{PollError, Polled, Poller};
pub use source::{SourceWithSettings, Sources};

use model::Micros;

/// The time now, in microseconds since the epoch.
pub fn now() -> Micros {
    jiff::Timestamp::now().as_microsecond()
}
