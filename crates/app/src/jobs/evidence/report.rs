//! What is said about a pack: the question, who asked, counts, coverage; and every record as the page of the pack lists it.

use super::coverage::Coverage;
use crate::{
    AppError, Result,
    events::{Asked, EventView},
    jobs::{question::Question, watermark::Watermark},
};
use ledger::Proof;
use model::{Member, Micros, position::ACTIVITY, time::rfc3339};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Of the form of a pack, in `query.json` and in the page.
pub(super) const FORMAT: &str = "veritrail evidence 1";

/// How many records, by what is clear in them.
#[derive(Debug, Default, Serialize)]
pub(super) struct Counts {
    pub records: u64,
    by_outcome: BTreeMap<&'static str, u64>,
    by_class: BTreeMap<&'static str, u64>,
    #[serde(skip)]
    pub by_stream: BTreeMap<(Uuid, String), u64>,
}

impl Counts {
    pub fn add(&mut self, event: &EventView) {
        self.records += 1;
        *self.by_outcome.entry(event.outcome).or_default() += 1;
        *self.by_class.entry(event.class.name).or_default() += 1;
        *self.by_stream.entry((event.source.id, event.stream.clone())).or_default() += 1;
    }
}

/// A record in the page that verifies.
#[derive(Debug, Serialize)]
pub(super) struct Listed {
    index: u64,
    /// The entry, byte for byte.
    leaf: String,
    hashes: Vec<String>,
    /// The sentence its reader saw.
    told: String,
}

impl Listed {
    pub fn new(proof: Proof, told: String) -> Result<Self> {
        let leaf = String::from_utf8(proof.leaf).map_err(|e| AppError::Internal(format!("entry {} is no text: {e}", proof.index)))?;
        Ok(Self { index: proof.index, leaf, hashes: proof.hashes.iter().map(ToString::to_string).collect(), told })
    }
}

/// The checkpoint that all proofs stand under.
#[derive(Debug)]
pub(super) struct Signed {
    pub note: String,
    pub size: u64,
    /// Base64.
    pub root: String,
}

pub(super) struct Report<'a> {
    pub question: &'a Question,
    pub asker: &'a Member,
    pub asked_at: Micros,
    pub made_at: Micros,
    pub counts: &'a Counts,
    pub coverage: &'a [Coverage],
    pub generation: u32,
    pub signed: Option<&'a Signed>,
}

impl Report<'_> {
    /// `query.json`.
    pub fn json(&self) -> Result<Value> {
        let question = self.question;
        Ok(json!({
            "format": FORMAT,
            "question": {
                "query": question.query,
                "asked": self.lines()?,
                // Event times, `[from, until)`: what relative times meant when it was asked.
                "from": question.from.map(rfc3339),
                "until": question.until.map(rfc3339),
            },
            "asked_by": { "member": self.asker.id, "name": self.asker.name, "role": question.role.name(), "may_see": question.scope },
            "asked_at": rfc3339(self.asked_at),
            "watermark": Watermark::new(question, self.asker, self.asked_at)?,
            "made_at": rfc3339(self.made_at),
            "made_with": concat!("veritrail ", env!("CARGO_PKG_VERSION")),
            "ledger": {
                "name": ACTIVITY,
                "generation": self.generation,
                "records": self.signed.map(|s| s.size),
                "root": self.signed.map(|s| s.root.as_str()),
            },
            "counts": self.counts,
            "coverage": self.coverage,
        }))
    }

    /// The question, one parameter a line.
    pub fn lines(&self) -> Result<Vec<String>> {
        let asked = Asked::parse(&self.question.query, &[])?;
        Ok(asked.canonical.lines().map(str::to_owned).collect())
    }
}
