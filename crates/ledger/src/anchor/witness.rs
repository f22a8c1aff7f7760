//! One witness: the request of c2sp.org/tlog-witness, and what each answer says about it or about us.

use super::{Post, note::Signed};
use crate::{layout::Layout, tiles::Tiles};
use merkle::{Cosignature, Hash, Note, WitnessKey, consistency_proof};
use std::{str::from_utf8, sync::Arc};
use store::blobs::Blobs;

/// A witness and the way to it.
pub struct Witness {
    key: WitnessKey,
    post: Arc<dyn Post>,
    /// Records it holds, as far as we know.
    holds: u64,
    /// The largest size we have seen it cosign.
    seen: u64,
    /// Whether it has taken what this process holds for a continuation of what it had seen.
    agreed: bool,
}

/// Why a witness did not cosign. The sentences name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It has cosigned more than we hold.
    Ahead(String),
    /// What we hold does not continue what it has cosigned.
    Fork(String),
    /// It is away, does not know us, or has failed.
    Other(String),
}

impl Witness {
    /// `post` leads to its `add-checkpoint`.
    pub fn new(key: WitnessKey, post: Arc<dyn Post>) -> Self {
        Self { key, post, holds: 0, seen: 0, agreed: false }
    }

    pub(crate) fn name(&self) -> &str {
        self.key.name()
    }

    pub(crate) fn key(&self) -> &WitnessKey {
        &self.key
    }

    pub(crate) fn agreed(&self) -> bool {
        self.agreed
    }

    /// A stored note says that it cosigned so many records.
    pub(crate) fn has_cosigned(&mut self, size: u64) {
        self.seen = self.seen.max(size);
        self.holds = self.seen;
    }

    /// Asks for its cosignature on a checkpoint of ours.
    pub(crate) async fn cosign(&mut self, blobs: &dyn Blobs, layout: &Layout, signed: &Signed) -> Result<Cosignature, Refusal> {
        let size = signed.checkpoint.size;
        // What it says that it holds counts; then once more from there.
        for _ in 0..2 {
            let old = if self.holds <= size { self.holds } else { 0 };
            let proof = Tiles::new(blobs, layout).with(|t| consistency_proof(t, old, size)).await;
            let proof = proof.map_err(|why| self.other(format!("no proof of growth from {old} to {size} records can be made: {why}")))?;
            let sent = self.post.post("text/plain; charset=utf-8", request(old, &proof, &signed.bare)).await;
            let answer = sent.map_err(|why| self.other(why))?;
            match answer.status {
                200 => return self.read(&answer.body, signed),
                409 => self.learn(holds(&answer.body), old, size)?,
                422 => return Err(Refusal::Fork(format!("the witness {} holds a tree that our {size} records do not continue", self.name()))),
                _ => return Err(self.other(format!("it answered {}", answer.words()))),
            }
        }
        Err(self.other("it holds something else with every answer".to_owned()))
    }

    fn read(&mut self, lines: &[u8], signed: &Signed) -> Result<Cosignature, Refusal> {
        let wrong = |why: String| self.other(format!("its answer is no cosignature: {why}"));
        let note = signed.bare.clone() + from_utf8(lines).map_err(|e| wrong(e.to_string()))?;
        let found = Note::parse(&note).and_then(|note| note.cosignatures(std::slice::from_ref(&self.key))).map_err(|e| wrong(e.to_string()))?;
        let cosignature = found.into_iter().next().ok_or_else(|| wrong("no line is by its configured key".to_owned()))?;
        self.has_cosigned(signed.checkpoint.size);
        self.agreed = true;
        Ok(cosignature)
    }

    /// It holds another size than the one we went on from.
    fn learn(&mut self, holds: Option<u64>, old: u64, size: u64) -> Result<(), Refusal> {
        let holds = holds.ok_or_else(|| self.other("it answered 409 without the size it holds".to_owned()))?;
        if holds > size {
            return Err(Refusal::Ahead(format!("the witness {} has cosigned {holds} records, {size} are here", self.name())));
        }
        // Version 1.0.0 of the protocol says so of another root at the same size.
        if holds == old {
            return Err(Refusal::Fork(format!("the witness {} holds another tree of {holds} records", self.name())));
        }
        if holds < self.seen {
            let why = format!("it has forgotten what it cosigned: {} records once, {holds} now; it can no longer be relied on", self.seen);
            return Err(self.other(why));
        }
        self.holds = holds;
        Ok(())
    }

    fn other(&self, why: String) -> Refusal {
        Refusal::Other(format!("the witness {}: {why}", self.name()))
    }
}

impl Refusal {
    pub(crate) fn words(self) -> String {
        let (Self::Ahead(words) | Self::Fork(words) | Self::Other(words)) = self;
        words
    }
}

/// The body of an add-checkpoint request.
fn request(old: u64, proof: &[Hash], note: &str) -> Vec<u8> {
    let proof: String = proof.iter().map(|hash| format!("{hash}\n")).collect();
    format!("old {old}\n{proof}\n{note}").into_bytes()
}

/// The size in a 409's body: one line in plain decimal.
fn holds(body: &[u8]) -> Option<u64> {
    let line = from_utf8(body).ok()?.strip_suffix('\n')?;
    line.parse().ok().filter(|size: &u64| size.to_string() == line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_what_the_specification_shows() {
        let hashes = [merkle::leaf_hash(b"a"), merkle::leaf_hash(b"b")];
        let body = String::from_utf8(request(20_852_014, &hashes, "the note\n")).unwrap();
        assert_eq!(body, format!("old 20852014\n{}\n{}\n\nthe note\n", hashes[0], hashes[1]));
        assert_eq!(request(0, &[], "the note\n"), b"old 0\n\nthe note\n");
    }

    #[test]
    fn the_size_of_a_409_is_one_plain_line() {
        for (body, expect) in [
            ("42\n", Some(42)),
            ("0\n", Some(0)),
            ("42", None),
            ("042\n", None),
            ("+42\n", None),
            ("42\n\n", None),
            ("", None),
            ("18446744073709551616\n", None),
        ] {
            assert_eq!(holds(body.as_bytes()), expect, "{body:?}");
        }
    }
}
