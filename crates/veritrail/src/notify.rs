//! Who is told of alerts, as the configuration says: mail, a signed webhook, both, or nobody; and letters to members.

use crate::config::Config;
use anyhow::{Context, Result};
use app::{
    AppError,
    alerts::{AlertNotice, Nobody, Notify},
    letters::{self, Letter},
};
use async_trait::async_trait;
use channels::{Channel, Dispatcher, Letters, Mail, MailConfig, Notice, Patience, Secret, Webhook, WebhookConfig};
use serde_json::json;
use std::sync::Arc;

struct Told(Dispatcher);

#[async_trait]
impl Notify for Told {
    async fn alert(&self, notice: &AlertNotice) -> Result<(), AppError> {
        let told = Notice {
            id: notice.alert,
            kind: "alert.opened".to_owned(),
            time: app::system_clock(),
            severity: notice.severity,
            title: notice.headline.clone(),
            lines: vec![notice.rule_title.clone(), format!("Source: {}", notice.source_title), format!("Opened: {}", notice.opened)],
            link: notice.link.clone(),
            payload: json!({ "alert": notice.alert, "severity": notice.severity, "rule": notice.rule_title, "source": notice.source_title, "opened": notice.opened }),
        };
        self.0.offer(&told).map_err(|full| AppError::Unavailable(full.to_string()))
    }
}

/// Starts the channels that are configured.
pub fn notify(config: &Config) -> Result<Arc<dyn Notify>> {
    let mut channels: Vec<Arc<dyn Channel>> = Vec::new();
    if !config.mail.url.is_empty() && !config.mail.to.is_empty() {
        let mail = MailConfig { url: Secret::new(&config.mail.url), from: config.mail.from.clone(), to: config.mail.to.clone() };
        channels.push(Arc::new(Mail::new(&mail).context("[mail] is wrong")?));
    }
    if !config.webhook.url.is_empty() {
        let secrets = config.webhook.secret.split_whitespace().map(Secret::new).collect();
        let webhook = WebhookConfig { url: Secret::new(&config.webhook.url), secrets, allow_private: config.webhook.allow_private };
        channels.push(Arc::new(Webhook::new(&webhook).context("[webhook] is wrong")?));
    }
    if channels.is_empty() {
        return Ok(Arc::new(Nobody));
    }
    Ok(Arc::new(Told(Dispatcher::start(channels, &Patience::default()))))
}

struct Post(Letters);

#[async_trait]
impl letters::Letters for Post {
    async fn send(&self, letter: Letter) -> Result<(), AppError> {
        let Letter { to, subject, lines, link } = letter;
        self.0.send(&channels::Letter { to, subject, lines, link }).await.map_err(|e| AppError::Unavailable(e.to_string()))
    }
}

/// Mail to members, where a mail server is configured.
pub fn letters(config: &Config) -> Result<Option<Arc<dyn letters::Letters>>> {
    if config.mail.url.is_empty() {
        return Ok(None);
    }
    let letters = Letters::new(&Secret::new(&config.mail.url), &config.mail.from).context("[mail] is wrong")?;
    Ok(Some(Arc::new(Post(letters))))
}
