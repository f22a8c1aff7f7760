//! Ways out: how a notice leaves Veritrail. What to send and whom to tell is decided above.

mod dispatcher;
mod error;
mod guarded;
mod letter;
mod mail;
mod notice;
mod oidc;
mod secret;
mod webhook;

pub use dispatcher::{ChannelHealth, Dispatcher, Full, Patience};
pub use error::{ChannelError, ConfigError};
pub use guarded::{Allow, Guarded};
pub use letter::{Letter, Letters};
pub use mail::{Mail, MailConfig};
pub use notice::Notice;
pub use oidc::{Oidc, OidcBegun, OidcConfig, OidcIdentity};
pub use secret::Secret;
pub use webhook::{Webhook, WebhookConfig};

use async_trait::async_trait;

/// One way out.
#[async_trait]
pub trait Channel: Send + Sync {
    /// For health and logs; holds no secret.
    fn name(&self) -> &str;
    /// Tries once. Repeating is the [`Dispatcher`]'s; the receiver tells a repetition by the notice's id.
    async fn send(&self, notice: &Notice) -> Result<(), ChannelError>;
}
