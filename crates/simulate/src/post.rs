//! Posting to a running Veritrail: waits when told to, and never goes on past a refusal that waiting does not mend.

use crate::To;
use reqwest::{Client, StatusCode, header};
use serde_json::Value;
use std::time::Duration;

const MEDIA_TYPE: &str = "application/x-ndjson";
/// How long to wait where the answer does not say, or nobody answers.
const PAUSE: Duration = Duration::from_secs(2);
/// Longest wait between two tries, whatever the answer says.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, thiserror::Error)]
pub enum PostError {
    #[error("the HTTP client cannot be made: {0}")]
    Client(reqwest::Error),
    #[error("{url} answered {status}: {detail}")]
    Refused { url: String, status: StatusCode, detail: String },
}

/// Posts to the two sources and counts what became of it.
pub struct Post {
    to: To,
    client: Option<Client>,
    sent: u64,
    accepted: u64,
    duplicates: u64,
    quarantined: u64,
    /// Why the last try failed; cleared by the next success.
    trouble: Option<String>,
}

impl Post {
    pub fn new(to: &To) -> Self {
        Self { to: to.clone(), client: None, sent: 0, accepted: 0, duplicates: 0, quarantined: 0, trouble: None }
    }

    pub fn progress(&self) -> String {
        let trouble = self.trouble.as_ref().map(|t| format!("; waiting: {t}")).unwrap_or_default();
        let Self { sent, accepted, duplicates, quarantined, .. } = self;
        format!("{sent} records sent, {accepted} accepted, {duplicates} there already, {quarantined} in quarantine{trouble}")
    }

    pub async fn salesforce(&mut self, body: Vec<u8>) -> Result<(), PostError> {
        let (source, key) = (self.to.salesforce_source.clone(), self.to.salesforce_key.clone());
        self.send(&source, &key, body).await
    }

    pub async fn desk(&mut self, body: Vec<u8>) -> Result<(), PostError> {
        let (source, key) = (self.to.desk_source.clone(), self.to.desk_key.clone());
        self.send(&source, &key, body).await
    }

    /// Sends until it is durable. Repeating is harmless: every record has an id.
    async fn send(&mut self, source: &str, key: &str, body: Vec<u8>) -> Result<(), PostError> {
        if body.is_empty() {
            return Ok(());
        }
        let url = format!("{}/api/v1/ingest/{source}", self.to.url.trim_end_matches('/'));
        let client = match &self.client {
            Some(client) => client.clone(),
            None => self.client.insert(Client::builder().no_proxy().timeout(PATIENCE).build().map_err(PostError::Client)?).clone(),
        };
        loop {
            let asked = client.post(&url).bearer_auth(key).header(header::CONTENT_TYPE, MEDIA_TYPE).body(body.clone()).send().await;
            let pause = match asked {
                Err(why) => self.wait(format!("{url} does not answer ({})", why.without_url()), None),
                Ok(answer) if answer.status().is_success() => {
                    let answer: Value = answer.json().await.unwrap_or_default();
                    let count = |name: &str| answer[name].as_u64().unwrap_or(0);
                    self.sent += body.iter().filter(|byte| **byte == b'\n').count() as u64;
                    self.accepted += count("accepted");
                    self.duplicates += count("duplicates");
                    self.quarantined += count("quarantined");
                    self.trouble = None;
                    return Ok(());
                }
                Ok(answer) => {
                    let status = answer.status();
                    let told = answer.headers().get(header::RETRY_AFTER).and_then(|h| h.to_str().ok()?.parse().ok()).map(Duration::from_secs);
                    let problem: Value = answer.json().await.unwrap_or_default();
                    let detail = problem["detail"].as_str().unwrap_or("no reason given").to_owned();
                    let passing = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
                    if !passing {
                        return Err(PostError::Refused { url, status, detail });
                    }
                    self.wait(format!("{} ({detail})", status.as_u16()), told)
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    fn wait(&mut self, trouble: String, told: Option<Duration>) -> Duration {
        if self.trouble.as_ref() != Some(&trouble) {
            crate::run::say(&format!("\n{trouble}\n"));
        }
        self.trouble = Some(trouble);
        told.unwrap_or(PAUSE).clamp(Duration::from_millis(100), LONGEST_PAUSE)
    }
}
