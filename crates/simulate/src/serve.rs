//! Vendors served to a Veritrail, or to whoever asks.

use crate::run::{RunError, SEED, say, stopped};
use clap::Args;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use simulate::vendors::salesforce::{self, Config, DEMO_CERTIFICATE, DEMO_KEY, World};
use std::path::PathBuf;

/// The organisation that is served: its days end today, and what happens later today appears when it has happened.
#[derive(Args)]
pub struct Salesforce {
    #[arg(long, default_value_t = 8090)]
    port: u16,
    /// How many days have passed, today included.
    #[arg(long, default_value_t = 14)]
    days: u16,
    /// How many people work there, 2 to 200.
    #[arg(long, default_value_t = 50)]
    people: usize,
    #[arg(long, default_value_t = SEED)]
    seed: u64,
    /// PEM of the X.509 certificate, or of the public RSA key, whose key signs JWTs; the demo key's where left out.
    #[arg(long)]
    certificate: Option<PathBuf>,
    /// Write the demo key, which everybody may know, to this file, for signing JWTs.
    #[arg(long, conflicts_with = "certificate")]
    write_demo_key: Option<PathBuf>,
    /// Most records in one answer of a query.
    #[arg(long, default_value_t = 2_000)]
    page_size: usize,
    /// Requests a day.
    #[arg(long, default_value_t = 100_000)]
    api_requests: u64,
    /// Seconds until an access token ends.
    #[arg(long, default_value_t = 7_200)]
    token_secs: u32,
}

impl Salesforce {
    pub async fn run(self) -> Result<(), RunError> {
        let today = Timestamp::now().to_zoned_datetime(TimeZone::UTC).date();
        let start = today.checked_sub((i64::from(self.days) - 1).max(0).days())?;
        if let Some(path) = self.write_demo_key {
            std::fs::write(&path, DEMO_KEY).map_err(|why| RunError::File { path, why })?;
        }
        let config = Config {
            port: self.port,
            certificate: Some(self.certificate.map_or_else(|| Ok(DEMO_CERTIFICATE.to_owned()), read)?),
            page_size: self.page_size,
            api_requests: self.api_requests,
            token_secs: self.token_secs,
            now: None,
            ..Config::new(World::new(self.seed, start, self.days.max(1), self.people))?
        };
        let salesforce = salesforce::Salesforce::start(config).await?;
        let (config, kept) = (salesforce.config(), salesforce.readable().len());
        say(&format!("Salesforce at {}, {kept} records so far since {start}\n", salesforce.url()));
        say(&format!("client_id {}\nclient_secret {}\nusername {}\n", config.client_id, config.client_secret, config.username));
        stopped().await
    }
}

fn read(path: PathBuf) -> Result<String, RunError> {
    std::fs::read_to_string(&path).map_err(|why| RunError::Certificate { path, why })
}
