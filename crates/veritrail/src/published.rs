//! A ledger where it is published, over http or https, for the verifier.

use anyhow::{Context, Result};
use std::time::Duration;
use tokio::runtime::Handle;
use veritrail_verify::{Error, Files};

const PATIENCE: Duration = Duration::from_secs(30);

/// Reads from blocking threads of the runtime it was opened on.
pub struct Published {
    place: String,
    http: reqwest::Client,
    runtime: Handle,
}

impl Published {
    pub fn open(place: &str) -> Result<Self> {
        let place = place.trim_end_matches('/').to_owned();
        url::Url::parse(&place).with_context(|| format!("'{place}' is no address"))?;
        let http = reqwest::Client::builder().timeout(PATIENCE).build().context("no HTTP client")?;
        Ok(Self { place, http, runtime: Handle::current() })
    }

    async fn get(&self, address: &str) -> reqwest::Result<Option<Vec<u8>>> {
        let answer = self.http.get(address).send().await?;
        if answer.status() == reqwest::StatusCode::NOT_FOUND {
            return Ok(None);
        }
        Ok(Some(answer.error_for_status()?.bytes().await?.to_vec()))
    }
}

impl Files for Published {
    fn place(&self) -> &str {
        &self.place
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        let address = format!("{}/{path}", self.place);
        self.runtime.block_on(self.get(&address)).map_err(|why| Error::Unreadable { why: why.without_url().to_string(), file: address })
    }

    fn list(&self) -> Result<Option<Vec<String>>, Error> {
        Ok(None)
    }
}
