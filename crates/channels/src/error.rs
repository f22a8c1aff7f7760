//! Why a notice did not leave, and whether trying again can help.

/// One failed try. The texts name hosts, never paths, passwords or keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// The other side may be well later: try again.
    #[error("{0}")]
    Later(String),
    /// It will not be taken however often it is tried.
    #[error("{0}")]
    Refused(String),
}

/// A channel that cannot be used as configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct ConfigError {
    /// The key of the configuration, for example `mail.url`.
    pub key: &'static str,
    pub problem: String,
}

impl ConfigError {
    pub(crate) fn new(key: &'static str, problem: impl Into<String>) -> Self {
        Self { key, problem: problem.into() }
    }
}
