//! Anchors: what parties outside say of our checkpoints, so that a history put back together with its lock is still noticed.
//!
//! [`Witnesses`] have the newest checkpoint cosigned (c2sp.org/tlog-witness), [`Stamps`] have it time-stamped (RFC 3161); both follow what
//! is signed and are never waited for. [`check_anchors`] holds what they stored against keys and tiles.

mod check;
mod kept;
mod note;
mod roots;
mod stamps;
mod token;
mod witness;
mod witnesses;

pub use check::{AnchorKeys, Anchored, check_anchors};
pub use kept::{Stamped, stamp_over};
pub use merkle::{Cosignature, WitnessKey};
pub use note::witnessed;
pub use roots::Roots;
pub use stamps::{Authority, Stamps};
pub use witness::Witness;
pub use witnesses::Witnesses;

use async_trait::async_trait;
use model::Micros;

/// What is signed is under a cosignature within this time, in microseconds (TRUST, promise 6); later is an alarm.
pub const WITNESS_WITHIN: Micros = 60 * model::SECOND;
/// The same of time-stamps.
pub const STAMP_WITHIN: Micros = 3_600 * model::SECOND;

/// The time that an authority's answer states for `data`. Who signed it is not looked at: that is [`Roots`]' business.
pub fn read_reply(reply: &[u8], data: &[u8]) -> Result<Micros, String> {
    token::read(reply, data).map(|token| token.time)
}

/// The way to one address outside.
#[async_trait]
pub trait Post: Send + Sync {
    /// # Errors
    /// A sentence, where no answer came.
    async fn post(&self, content_type: &str, body: Vec<u8>) -> Result<Answer, String>;
}

/// What came back, whatever it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Answer {
    /// The first line, for a person.
    pub(crate) fn words(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let line: String = text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).take(200).collect();
        if line.is_empty() { self.status.to_string() } else { format!("{}: {line}", self.status) }
    }
}

/// How far an anchor has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Records under the newest anchored checkpoint.
    pub size: u64,
    /// When it was anchored, by the clock outside.
    pub time: Option<Micros>,
    /// When everything signed was last known to be anchored, by our clock. What has been signed since has waited no longer than that.
    pub covered_at: Option<Micros>,
    /// What went wrong in the last round.
    pub trouble: Option<String>,
}

impl Standing {
    /// A round has looked at a checkpoint of `signed` records.
    pub(crate) fn looked(&mut self, signed: u64, now: Micros, trouble: Vec<String>) {
        if self.size >= signed {
            self.covered_at = Some(now);
        } else {
            // Before the first anchor there is no better time than that of the first look.
            self.covered_at = self.covered_at.or(self.time).or(Some(now));
        }
        self.trouble = Some(trouble.join("; ")).filter(|t| !t.is_empty());
    }
}
