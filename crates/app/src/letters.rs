//! Mail to one member, as the binary sends it.

use crate::Result;
use async_trait::async_trait;

/// What to tell one person. The link may hold a secret, so it does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    pub to: String,
    pub subject: String,
    pub lines: Vec<String>,
    pub link: String,
}

/// Sends letters, each tried once.
#[async_trait]
pub trait Letters: Send + Sync {
    /// # Errors
    /// `Unavailable` when it was not taken; the text names no person.
    async fn send(&self, letter: Letter) -> Result<()>;
}
