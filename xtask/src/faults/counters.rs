//! What a row counts. Every row prints the same counters, so that a zero is always a zero that was looked for.

use std::{fmt, time::Duration};

/// Records, but for `forks` (pairs of signed checkpoints that contradict each other) and `unverifiable` (faults `veritrail verify` names).
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// How often the fault was made.
    pub faults: u64,
    pub sent: u64,
    pub acknowledged: u64,
    pub found: u64,
    /// Acknowledged and not found.
    pub lost: u64,
    /// Found more than once.
    pub duplicate: u64,
    /// Found and never sent.
    pub phantom: u64,
    pub unverifiable: u64,
    pub forks: u64,
    /// From the start of the process after a fault until it answered.
    pub recovered: Vec<Duration>,
}

impl Counters {
    pub fn add(&mut self, other: &Counters) {
        self.faults += other.faults;
        self.sent += other.sent;
        self.acknowledged += other.acknowledged;
        self.found += other.found;
        self.lost += other.lost;
        self.duplicate += other.duplicate;
        self.phantom += other.phantom;
        self.unverifiable += other.unverifiable;
        self.forks += other.forks;
        self.recovered.extend(&other.recovered);
    }
}

impl fmt::Display for Counters {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = self;
        write!(
            out,
            "faults {}, sent {}, acknowledged {}, found {}, lost {}, duplicate {}, phantom {}, unverifiable {}, forks {}",
            c.faults, c.sent, c.acknowledged, c.found, c.lost, c.duplicate, c.phantom, c.unverifiable, c.forks
        )?;
        let mut recovered = c.recovered.clone();
        recovered.sort();
        match (recovered.get(recovered.len() / 2), recovered.last()) {
            (Some(median), Some(worst)) => write!(out, ", seconds to recover {:.2} (median) {:.2} (worst)", median.as_secs_f64(), worst.as_secs_f64()),
            _ => Ok(()),
        }
    }
}

/// What a row gave.
#[derive(Debug, Default)]
pub struct Outcome {
    pub counters: Counters,
    /// For whoever reads.
    pub notes: Vec<String>,
    /// What else was promised and did not hold.
    pub wrong: Vec<String>,
}

impl Outcome {
    /// A row, or a part of one, that this machine does not allow: said, never passed over.
    pub fn skipped(why: impl fmt::Display) -> Self {
        Self { notes: vec![format!("skipped: {why}")], ..Self::default() }
    }

    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    pub fn wrong(&mut self, what: impl Into<String>) {
        self.wrong.push(what.into());
    }

    /// The promises that did not hold.
    pub fn broken(&self) -> Vec<String> {
        let c = &self.counters;
        let zeros = [("lost", c.lost), ("duplicate", c.duplicate), ("phantom", c.phantom), ("unverifiable", c.unverifiable), ("forks", c.forks)];
        let counted = zeros.into_iter().filter(|(_, n)| *n > 0).map(|(what, n)| format!("{what} {n}"));
        counted.chain(self.wrong.iter().cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_zeros_pass() {
        let mut outcome = Outcome::default();
        outcome.counters.sent = 5;
        assert!(outcome.broken().is_empty());
        outcome.counters.lost = 1;
        outcome.wrong("two sequencers");
        assert_eq!(outcome.broken(), ["lost 1", "two sequencers"]);
    }
}
