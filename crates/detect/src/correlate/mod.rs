//! Event-time correlation: a pure fold from (state, observation) to (state, findings).
//!
//! Time is the event's own. Each source has a watermark, the latest event time it has shown; an event may lag it by the
//! allowed lateness and is then placed where it belongs and what it changes is judged again. Nothing here reads a clock, so
//! the same observations in the same order give the same findings, which is what a backtest relies on.

mod fold;
mod group;
mod rule;
mod state;

#[cfg(test)]
mod tests;

pub use fold::{ALSO_SUPERSEDES, Limits, Observation, Part, advance, fold, standing};
pub use rule::{CountRule, Follow, finding_id};
pub use state::{Lane, SourceClock, State};
