//! Argon2id, a bounded number at once: each check takes 19 MiB and some tens of milliseconds, and strangers may ask for it.

use crate::{AppError, Result};
use argon2::{
    Argon2, PasswordHash, PasswordHasher, PasswordVerifier,
    password_hash::{SaltString, rand_core::OsRng},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zxcvbn::{Score, zxcvbn};

/// Hashes computed at once.
const AT_ONCE: usize = 4;
/// How long a sign-in waits for its turn.
const WAIT: Duration = Duration::from_secs(5);
/// NIST SP 800-63B: length is what counts; no rules about kinds of characters.
const MIN_CHARS: usize = 12;
const MAX_CHARS: usize = 256;
const PRODUCT: &str = "veritrail";

pub(crate) struct Passwords {
    room: Arc<Semaphore>,
    /// Checked when there is no such member, so that the answer takes as long.
    nobody: String,
}

impl Passwords {
    pub fn new() -> Result<Self> {
        Ok(Self { room: Arc::new(Semaphore::new(AT_ONCE)), nobody: hash_now("nobody's password")? })
    }

    pub async fn hash(&self, password: String) -> Result<String> {
        let permit = self.permit().await?;
        blocking(permit, move || hash_now(&password)).await?
    }

    /// Whether the password is the one behind `hash`; never for `None`, nor for the empty one of who has no password.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool> {
        let permit = self.permit().await?;
        let hash = hash.filter(|hash| !hash.is_empty());
        let (known, hash) = (hash.is_some(), hash.unwrap_or_else(|| self.nobody.clone()));
        let fits = blocking(permit, move || {
            let parsed = PasswordHash::new(&hash).map_err(|e| AppError::Internal(format!("a stored password hash cannot be read: {e}")))?;
            Ok::<_, AppError>(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
        })
        .await??;
        Ok(fits && known)
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit> {
        let busy = AppError::TooMany { retry_after_secs: WAIT.as_secs() };
        match tokio::time::timeout(WAIT, self.room.clone().acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(busy),
        }
    }
}

async fn blocking<T: Send + 'static>(permit: OwnedSemaphorePermit, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let work = move || {
        let _held = permit;
        work()
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| AppError::Internal(format!("hashing a password stopped: {e}")))
}

fn hash_now(password: &str) -> Result<String> {
    let salt = SaltString::generate(&mut OsRng);
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
    hash.map(|h| h.to_string()).map_err(|e| AppError::Internal(format!("a password cannot be hashed: {e}")))
}

/// What is wrong with a new password, if anything.
pub(super) fn fault(password: &str, email: &str) -> Option<String> {
    let chars = password.chars().count();
    if chars < MIN_CHARS {
        return Some(format!("too short: {chars} characters; take at least {MIN_CHARS}, for example four words"));
    }
    if chars > MAX_CHARS {
        return Some(format!("too long: {chars} characters; at most {MAX_CHARS}"));
    }
    let plain = password.to_lowercase();
    let name = email.split('@').next().unwrap_or_default();
    let few = plain.chars().collect::<std::collections::BTreeSet<_>>().len() < 5;
    let own = few || plain == email || (name.len() > 3 && plain.replace(name, "").chars().count() < MIN_CHARS / 2);
    // Common passwords, names, dates and keyboard walks are known to it, and what it is told besides.
    let guessed = || zxcvbn(password, &[email, name, PRODUCT]).score() < Score::Two;
    (own || guessed()).then(|| "too easy to guess: take several words that do not belong together, not your address, a known password or a pattern".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_long_and_guessable_passwords_are_refused() {
        for bad in ["", "elevenchars", "aaaaaaaaaaaaaaaa", "ann.example@example.com", "ann.example123"] {
            assert!(fault(bad, "ann.example@example.com").is_some(), "{bad}");
        }
        assert!(fault(&"long word ".repeat(30), "a@example.com").is_some());
        assert_eq!(fault("correct horse battery", "ann@example.com"), None);
    }

    #[tokio::test]
    async fn only_the_password_itself_fits() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash("correct horse battery".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(passwords.verify("correct horse battery".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("correct horse batterz".into(), Some(hash)).await.unwrap());
        assert!(!passwords.verify("nobody's password".into(), None).await.unwrap(), "nobody cannot sign in");
    }
}
