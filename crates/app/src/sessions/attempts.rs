//! Counting attempts to come in. Guessing is slowed down; nobody is shut out by somebody else's guesses from where he usually comes from.

use crate::{App, AppError, Result};
use model::{DAY, MINUTE, Micros, SECOND};
use store::records::Sessions;

/// Attempts per account and address before the first wait.
const MAX_OF_BOTH: u64 = 5;
/// Per address over all accounts that did not come in from there before.
const MAX_OF_ADDRESS: u64 = 50;
/// Per account over all addresses it did not come in from before: guesses spread over many addresses.
const MAX_OF_ACCOUNT: u64 = 20;
/// The first wait; after so many attempts again within [`REMEMBERED`] it is twice as long, then three times.
const WAIT: Micros = 15 * MINUTE;
const MOST_WAITS: u64 = 16;
/// Attempts count for this long.
const REMEMBERED: Micros = DAY;
/// An address is known to an account for this long after it last came in from there.
const KNOWN: Micros = 90 * DAY;

struct Counter {
    key: [u8; 32],
    limit: u64,
}

impl App {
    /// Counts an attempt before its outcome is known, so that attempts made at the same time cannot slip through together.
    pub(crate) async fn throttle(&self, account: &str, address: Option<&str>) -> Result<()> {
        let (now, address) = (self.now(), address.unwrap_or_default());
        let mut counters = vec![self.of_both(account, address)];
        if !self.records.address_known(&self.known(account, address), now - KNOWN).await? {
            counters.push(Counter { key: self.keyring.mac("sign-in address", &[address.as_bytes()]), limit: MAX_OF_ADDRESS });
            counters.push(Counter { key: self.keyring.mac("sign-in account", &[account.as_bytes()]), limit: MAX_OF_ACCOUNT });
        }
        let mut ends = Vec::new();
        for counter in &counters {
            ends.push(self.end_of_round(counter, now).await?);
        }
        for (counter, end) in counters.iter().zip(ends) {
            self.records.add_sign_in_failure(&counter.key, now).await?;
            let (attempts, _) = self.records.sign_in_failures(&counter.key, now - REMEMBERED).await?;
            if attempts > end {
                return Err(too_many(wait(counter, attempts)));
            }
        }
        Ok(())
    }

    /// The attempt succeeded: the account is known to come from there.
    pub(crate) async fn forget_attempts(&self, account: &str, address: Option<&str>) -> Result<()> {
        let (now, address) = (self.now(), address.unwrap_or_default());
        self.records.forget_sign_in_failures(&self.of_both(account, address).key, now - REMEMBERED).await?;
        self.records.know_address(&self.known(account, address), now).await?;
        Ok(self.records.forget_addresses(now - KNOWN).await?)
    }

    fn of_both(&self, account: &str, address: &str) -> Counter {
        Counter { key: self.keyring.mac("sign-in", &[account.as_bytes(), address.as_bytes()]), limit: MAX_OF_BOTH }
    }

    fn known(&self, account: &str, address: &str) -> [u8; 32] {
        self.keyring.mac("known address", &[account.as_bytes(), address.as_bytes()])
    }

    /// How many attempts there may be before the next wait.
    ///
    /// # Errors
    /// `TooMany` during a wait.
    async fn end_of_round(&self, counter: &Counter, now: Micros) -> Result<u64> {
        let (attempts, newest) = self.records.sign_in_failures(&counter.key, now - REMEMBERED).await?;
        let rounds = attempts / counter.limit;
        let left = newest.map_or(0, |newest| newest + wait(counter, attempts) - now);
        if rounds > 0 && attempts % counter.limit == 0 && left > 0 { Err(too_many(left)) } else { Ok((rounds + 1) * counter.limit) }
    }
}

fn wait(counter: &Counter, attempts: u64) -> Micros {
    WAIT * i64::try_from((attempts / counter.limit).clamp(1, MOST_WAITS)).unwrap_or(1)
}

fn too_many(wait: Micros) -> AppError {
    AppError::TooMany { retry_after_secs: u64::try_from(wait.max(SECOND) / SECOND).unwrap_or(1) }
}
