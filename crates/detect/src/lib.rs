//! Detection: which events break a rule, and which of them together make a finding. No clock, no I/O.
//!
//! [`RuleSet`] reads the Sigma files of `content/rules/`, [`Matcher`] says which conditions an event meets, [`correlate`] counts
//! in event time, and [`Engine`] is the three together as one fold over the trail.

pub mod correlate;
mod engine;
mod matcher;
mod proving;
mod rules;

pub use correlate::{Limits, standing};
pub use engine::{Engine, HashKey, LaneHealth, Restored, StateError};
pub use matcher::{Matcher, SigmaMatcher};
pub use proving::{Proved, prove};
pub use rules::{RuleError, RuleFile, RuleInfo, RuleSet};
