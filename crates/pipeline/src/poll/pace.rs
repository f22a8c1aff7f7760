//! How long to wait before the next poll.

use std::time::Duration;

/// The first wait after a failure; it doubles with each further one.
const FIRST_SECS: u64 = 5;
const LONGEST_SECS: u64 = 15 * 60;
/// Only a person can mend a refused credential, and some sources lock accounts that keep trying.
const CREDENTIAL_SECS: u64 = 5 * 60;
/// The longest a source may ask us to wait.
const LONGEST_ASKED_SECS: u64 = 24 * 60 * 60;

#[derive(Debug)]
pub(super) struct Pace {
    poll_secs: u64,
    failures: u32,
}

impl Pace {
    pub fn new(poll_secs: u32) -> Self {
        Self { poll_secs: u64::from(poll_secs), failures: 0 }
    }

    pub fn after_success(&mut self, more: bool) -> Duration {
        self.failures = 0;
        Duration::from_secs(if more { 0 } else { self.poll_secs })
    }

    pub fn after_failure(&mut self, kind: &str, retry_after_secs: Option<u64>) -> Duration {
        let doubled = FIRST_SECS.saturating_mul(1 << self.failures.min(10)).min(LONGEST_SECS);
        self.failures = self.failures.saturating_add(1);
        Duration::from_secs(match (retry_after_secs, kind) {
            (Some(asked), _) => asked.min(LONGEST_ASKED_SECS),
            (None, "credential" | "setting") => doubled.max(CREDENTIAL_SECS),
            (None, _) => doubled,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_slow_down_and_a_success_forgets_them() {
        let mut pace = Pace::new(60);
        let waits: Vec<u64> = (0..9).map(|_| pace.after_failure("unavailable", None).as_secs()).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 640, 900]);
        assert_eq!(pace.after_failure("unavailable", Some(7)).as_secs(), 7);
        assert_eq!(pace.after_success(false).as_secs(), 60);
        assert_eq!(pace.after_success(true).as_secs(), 0);
        assert_eq!(pace.after_failure("credential", None).as_secs(), 300);
        assert_eq!(pace.after_failure("unavailable", Some(u64::MAX)).as_secs(), 86_400);
    }
}
