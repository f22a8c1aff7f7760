//! Webhooks after the Standard Webhooks specification (standardwebhooks.com), version 1.

use crate::{
    Channel, ChannelError, ConfigError, Notice, Secret,
    guarded::{Allow, Guarded},
};
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use model::time;
use serde::Deserialize;
use serde_json::json;
use sha2::Sha256;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use url::Url;

/// Where a webhook goes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// `https://...`; it may hold a token, so it is treated as a secret.
    pub url: Secret,
    /// `whsec_` and 24 to 64 bytes in base64. Two while one replaces the other: both sign.
    pub secrets: Vec<Secret>,
    /// Allows private networks and this machine, and there also `http://`.
    #[serde(default)]
    pub allow_private: bool,
}

const TIMEOUT: Duration = Duration::from_secs(20);
/// Key sizes that the specification names.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Posts notices as signed JSON.
pub struct Webhook {
    to: Guarded,
    keys: Vec<Vec<u8>>,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Webhook({})", self.to.name())
    }
}

impl Webhook {
    pub fn new(config: &WebhookConfig) -> Result<Self, ConfigError> {
        let wrong = |problem: &str| ConfigError::new("webhook.url", problem);
        let url = Url::parse(config.url.reveal()).map_err(|_| wrong("it is not a URL; write https://host/path"))?;
        match url.scheme() {
            "https" => {}
            "http" if config.allow_private => {}
            "http" => {
                return Err(wrong("http:// would send alerts in the clear; use https://, or set webhook.allow_private for a receiver in your own network"));
            }
            _ => return Err(wrong("it must begin with https://")),
        }
        let host = url.host_str().ok_or_else(|| wrong("it names no host"))?.to_owned();
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("a user or password in the URL is not sent; the signature proves the sender"));
        }
        if config.secrets.is_empty() || config.secrets.len() > 2 {
            return Err(ConfigError::new("webhook.secrets", format!("{} secrets; give one, or two while one replaces the other", config.secrets.len())));
        }
        let keys = config.secrets.iter().map(key).collect::<Result<Vec<_>, _>>()?;
        let allow = Allow { private: config.allow_private, key: "webhook.allow_private" };
        Ok(Self { to: Guarded::new(format!("webhook to {host}"), url, allow, TIMEOUT), keys })
    }

    fn judge(&self, status: u16) -> Result<(), ChannelError> {
        match status {
            200..=299 => Ok(()),
            408 | 425 | 429 | 500.. => Err(ChannelError::Later(format!("{}: answered {status}", self.to.name()))),
            300..=399 => {
                Err(ChannelError::Refused(format!("{}: answered {status}; redirects are not followed, configure the address it leads to", self.to.name())))
            }
            _ => Err(ChannelError::Refused(format!("{}: answered {status}", self.to.name()))),
        }
    }
}

#[async_trait]
impl Channel for Webhook {
    fn name(&self) -> &str {
        self.to.name()
    }

    async fn send(&self, notice: &Notice) -> Result<(), ChannelError> {
        let body = json!({
            "type": notice.kind,
            "timestamp": time::rfc3339(notice.time),
            "data": { "title": notice.title, "severity": notice.severity.name(), "lines": notice.lines, "link": notice.link, "detail": notice.payload },
        })
        .to_string();
        let id = format!("msg_{}", notice.id.simple());
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map(|d| d.as_secs()).unwrap_or_default();
        let signatures = self.keys.iter().map(|key| signature(key, &id, seconds, &body)).collect::<Result<Vec<_>, _>>()?.join(" ");
        let request = self
            .to
            .request()
            .await?
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds.to_string())
            .header("webhook-signature", signatures)
            .body(body);
        let answer = self.to.send(request).await?;
        self.judge(answer.status().as_u16())
    }
}

fn key(secret: &Secret) -> Result<Vec<u8>, ConfigError> {
    let wrong = || {
        ConfigError::new("webhook.secrets", "a secret is 'whsec_' and 24 to 64 random bytes in base64; make one with: echo whsec_$(openssl rand -base64 32)")
    };
    let text = secret.reveal().strip_prefix("whsec_").ok_or_else(wrong)?;
    STANDARD.decode(text).ok().filter(|bytes| KEY_BYTES.contains(&bytes.len())).ok_or_else(wrong)
}

fn signature(key: &[u8], id: &str, seconds: u64, body: &str) -> Result<String, ChannelError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|e| ChannelError::Refused(e.to_string()))?;
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}
