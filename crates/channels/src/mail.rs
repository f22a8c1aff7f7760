//! Mail over SMTP.

use crate::{Channel, ChannelError, ConfigError, Notice, Secret};
use async_trait::async_trait;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use model::reach::is_here;
use serde::Deserialize;
use std::time::Duration;
use url::{Host, Url};

/// Where mail goes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    /// `smtps://user:password@host:465` (TLS from the start) or `smtp://user:password@host:587` (STARTTLS, which must succeed).
    /// `smtp://127.0.0.1:25?tls=none` sends in the clear and is refused for any host but this one.
    pub url: Secret,
    /// `Veritrail <audit@example.com>`
    pub from: String,
    /// Everybody who gets every mail.
    pub to: Vec<String>,
}

/// Longest wait for one mail to be taken.
const TIMEOUT: Duration = Duration::from_secs(30);
const MAX_RECIPIENTS: usize = 50;

/// Sends notices as mail, in plain text and simple HTML.
pub struct Mail {
    name: String,
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mail({}, {} recipients)", self.name, self.to.len())
    }
}

impl Mail {
    pub fn new(config: &MailConfig) -> Result<Self, ConfigError> {
        let to = config.to.iter().map(|text| mailbox("mail.to", text)).collect::<Result<Vec<_>, _>>()?;
        if to.is_empty() || to.len() > MAX_RECIPIENTS {
            return Err(ConfigError::new("mail.to", format!("{} addresses; give 1 to {MAX_RECIPIENTS}", to.len())));
        }
        let (url, host) = checked(config.url.reveal())?;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&url)
            .map_err(|_| ConfigError::new("mail.url", "it cannot be used; write smtps://user:password@host:465"))?
            .timeout(Some(TIMEOUT))
            .build();
        Ok(Self { name: format!("mail via {host}"), transport, from: mailbox("mail.from", &config.from)?, to })
    }

    fn message(&self, notice: &Notice) -> Result<Message, ChannelError> {
        // The id stays the same when the mail is tried again, so that a receiver can drop the second.
        let id = format!("<{}@{}>", notice.id, self.from.email.domain());
        let mut message = Message::builder()
            .from(self.from.clone())
            .message_id(Some(id))
            .subject(one_line(&format!("[{}] {}", notice.severity.name(), notice.title)))
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()));
        for to in &self.to {
            message = message.to(to.clone());
        }
        message
            .multipart(MultiPart::alternative_plain_html(plain(&notice.title, &notice.lines, &notice.link), html(&notice.title, &notice.lines, &notice.link)))
            .map_err(|e| ChannelError::Refused(format!("{}: the mail could not be written: {e}", self.name)))
    }
}

#[async_trait]
impl Channel for Mail {
    fn name(&self) -> &str {
        &self.name
    }

    async fn send(&self, notice: &Notice) -> Result<(), ChannelError> {
        let message = self.message(notice)?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(e) if e.is_permanent() => Err(ChannelError::Refused(format!("{}: {e}", self.name))),
            Err(e) => Err(ChannelError::Later(format!("{}: {e}", self.name))),
        }
    }
}

pub(crate) fn mailbox(key: &'static str, text: &str) -> Result<Mailbox, ConfigError> {
    text.parse::<Mailbox>()
        .map_err(|e| ConfigError::new(key, format!("'{text}' is not a mail address ({e}); write name@example.com or Name <name@example.com>")))
}

/// The URL as lettre wants it, and its host. Encryption can be left out towards this machine only.
pub(crate) fn checked(text: &str) -> Result<(String, String), ConfigError> {
    let wrong = |problem: &str| ConfigError::new("mail.url", problem);
    let mut url = Url::parse(text).map_err(|_| wrong("it is not a URL; write smtps://user:password@host:465"))?;
    let host = url.host_str().filter(|h| !h.is_empty()).ok_or_else(|| wrong("it names no host"))?.to_owned();
    let query = url.query().map(str::to_owned);
    match (url.scheme(), query.as_deref()) {
        ("smtps", None) => {}
        ("smtp", None | Some("tls=required")) => url.set_query(Some("tls=required")),
        ("smtp", Some("tls=none")) if is_this_machine(&host) => url.set_query(None),
        ("smtp", Some("tls=none")) => {
            return Err(wrong("tls=none would send mail and password in the clear; it is allowed for 127.0.0.1, ::1 and localhost only"));
        }
        ("smtp" | "smtps", _) => return Err(wrong("after the question mark only tls=required or tls=none may stand")),
        _ => return Err(wrong("it must begin with smtps:// or smtp://")),
    }
    Ok((url.into(), host))
}

/// `smtp` is no special scheme to the URL standard, so the host is text.
fn is_this_machine(host: &str) -> bool {
    Host::parse(host).is_ok_and(|host| is_here(&host.to_string()))
}

/// Headers are lines: whatever could begin another becomes a space.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

pub(crate) fn plain(title: &str, lines: &[String], link: &str) -> String {
    let mut text = format!("{title}\n\n");
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    if !link.is_empty() {
        text.push_str(&format!("\n{link}\n"));
    }
    text
}

pub(crate) fn html(title: &str, lines: &[String], link: &str) -> String {
    let mut text = format!("<!doctype html><html><body style=\"font-family:sans-serif\"><p><strong>{}</strong></p>", escape(title));
    for line in lines {
        text.push_str(&format!("<p>{}</p>", escape(line)));
    }
    if link.starts_with("https://") || link.starts_with("http://") {
        text.push_str(&format!("<p><a href=\"{0}\">{0}</a></p>", escape(link)));
    }
    text.push_str("</body></html>");
    text
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_may_be_written_to_in_the_clear() {
        for good in [
            "smtps://u:p@mail.example.com",
            "smtp://u:p@mail.example.com:587",
            "smtp://127.0.0.1:25?tls=none",
            "smtp://[::1]:25?tls=none",
            "smtp://localhost?tls=none",
        ] {
            assert!(checked(good).is_ok(), "{good}");
        }
        for bad in [
            "smtp://mail.example.com?tls=none",
            "smtp://10.0.0.1?tls=none",
            "smtp://mail.example.com?tls=opportunistic",
            "http://mail.example.com",
            "mail",
            "smtp://localhost.example.com?tls=none",
        ] {
            assert!(checked(bad).is_err(), "{bad}");
        }
        assert_eq!(checked("smtp://mail.example.com").unwrap().0, "smtp://mail.example.com?tls=required");
    }

    #[test]
    fn nothing_in_a_notice_becomes_markup_or_a_header() {
        assert_eq!(escape("<a href='x'>&\""), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;");
        assert_eq!(one_line("a\r\nBcc: b"), "a  Bcc: b");
    }
}
