//! Parties outside for a test, reached over HTTP as a server reaches them, and tools of others that judge what they said.
#![allow(dead_code, clippy::unwrap_used, reason = "every test file uses its share of this")]

use async_trait::async_trait;
use channels::{Allow, Guarded};
use ledger::{Answer, Integrator, Post, Witness, WitnessKey, Witnesses};
use std::{path::Path, process::Command, sync::Arc, time::Duration};
use testkit::WitnessProcess;
use url::Url;

pub struct Outside(Guarded);

#[async_trait]
impl Post for Outside {
    async fn post(&self, content_type: &str, body: Vec<u8>) -> Result<Answer, String> {
        let (status, body) = self.0.post(content_type, body, 64 << 10).await.map_err(|e| e.to_string())?;
        Ok(Answer { status, body })
    }
}

pub fn to(url: &str) -> Arc<dyn Post> {
    let allow = Allow { private: true, key: "a test" };
    Arc::new(Outside(Guarded::new("outside".into(), Url::parse(url).unwrap(), allow, Duration::from_secs(5))))
}

/// Followers of `integrator` that ask these witnesses.
pub async fn witnesses(integrator: &Arc<Integrator>, asked: &[&WitnessProcess], quorum: usize) -> Witnesses {
    let one = |w: &&WitnessProcess| Witness::new(key(w), to(&format!("{}/add-checkpoint", w.url())));
    Witnesses::open(integrator.clone(), asked.iter().map(one).collect(), quorum).await.unwrap()
}

pub fn key(witness: &WitnessProcess) -> WitnessKey {
    WitnessKey::parse(&witness.key).unwrap()
}

/// Runs a tool; whether it agrees, and what it says.
pub fn run(tool: &Path, arguments: &[&str]) -> (bool, String) {
    let done = Command::new(tool).args(arguments).output().unwrap();
    (done.status.success(), String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr))
}

pub fn agrees(tool: &Path, arguments: &[&str]) {
    let (ok, says) = run(tool, arguments);
    assert!(ok, "{arguments:?}: {says}");
}
