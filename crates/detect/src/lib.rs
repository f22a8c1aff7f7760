//! Detection: which events break a rule, and which of them together make a finding. No clock, no I/O.

pub mod correlate;
