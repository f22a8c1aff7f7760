//! Mail to one person: what he asked for himself, or was invited to.

use crate::{
    ChannelError, ConfigError, Secret,
    mail::{checked, html, mailbox, one_line, plain},
};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};
use std::time::Duration;

/// Longest wait for one letter to be taken.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What to tell one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    pub to: String,
    pub subject: String,
    pub lines: Vec<String>,
    /// Where to go on; it may hold a secret.
    pub link: String,
}

/// Sends letters, each tried once: who waits for one asks for another.
pub struct Letters {
    name: String,
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Letters {
    /// `url` and `from` as of [`crate::MailConfig`].
    pub fn new(url: &Secret, from: &str) -> Result<Self, ConfigError> {
        let (url, host) = checked(url.reveal())?;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&url)
            .map_err(|_| ConfigError::new("mail.url", "it cannot be used; write smtps://user:password@host:465"))?
            .timeout(Some(TIMEOUT))
            .build();
        Ok(Self { name: format!("mail via {host}"), transport, from: mailbox("mail.from", from)? })
    }

    /// # Errors
    /// Texts name the host, never the person or the link.
    pub async fn send(&self, letter: &Letter) -> Result<(), ChannelError> {
        let to: Mailbox = letter.to.parse().map_err(|_| ChannelError::Refused(format!("{}: the address cannot be written to", self.name)))?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(one_line(&letter.subject))
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
            .multipart(MultiPart::alternative_plain_html(
                plain(&letter.subject, &letter.lines, &letter.link),
                html(&letter.subject, &letter.lines, &letter.link),
            ))
            .map_err(|e| ChannelError::Refused(format!("{}: the mail could not be written: {e}", self.name)))?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(e) if e.is_permanent() => Err(ChannelError::Refused(format!("{}: {e}", self.name))),
            Err(e) => Err(ChannelError::Later(format!("{}: {e}", self.name))),
        }
    }
}
