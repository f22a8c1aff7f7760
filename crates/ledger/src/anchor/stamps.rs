//! The time-stamps of one ledger's checkpoints, by one authority (RFC 3161).

use super::{Post, Roots, Standing, note::Signed, token};
use crate::{error::Result, integrate::Integrator};
use model::Micros;
use rand::{RngCore, rngs::OsRng};
use std::sync::Arc;

/// A time-stamping authority, and what its certificates lead to where its signatures are to be checked here.
#[derive(Clone)]
pub struct Authority {
    post: Arc<dyn Post>,
    roots: Option<Roots>,
}

impl Authority {
    pub fn new(post: Arc<dyn Post>, roots: Option<Roots>) -> Self {
        Self { post, roots }
    }
}

/// Has the newest checkpoint time-stamped, step by step.
pub struct Stamps {
    integrator: Arc<Integrator>,
    authority: Authority,
    standing: Standing,
}

impl Stamps {
    /// Goes on from what is stored.
    pub async fn open(integrator: Arc<Integrator>, authority: Authority) -> Result<Self> {
        let (blobs, layout, keys) = integrator.place().await?;
        let mut standing = Standing::default();
        for path in blobs.list(&layout.stamps()).await?.into_iter().rev().filter(|p| p.ends_with(".tsr")) {
            let stamped = path.trim_end_matches("tsr").to_owned() + "checkpoint";
            // Damage there is for `verify` to name; the one before counts.
            let Ok(Some(signed)) = Signed::load(blobs.as_ref(), &stamped, &layout, &keys).await else { continue };
            let Some((reply, _)) = blobs.get(&path).await? else { continue };
            if let Ok(token) = token::read(&reply, signed.note.as_bytes()) {
                standing = Standing { size: signed.checkpoint.size, time: Some(token.time), ..standing };
                break;
            }
        }
        Ok(Self { integrator, authority, standing })
    }

    /// Stamps the newest checkpoint published, where it is not stamped yet.
    ///
    /// # Errors
    /// When the store cannot be read or written; what the authority did is trouble in the answer.
    pub async fn step(&mut self, now: Micros) -> Result<Standing> {
        let (blobs, layout, keys) = self.integrator.place().await?;
        let Some(newest) = Signed::load(blobs.as_ref(), &layout.checkpoint(), &layout, &keys).await? else { return Ok(self.standing.clone()) };
        let size = newest.checkpoint.size;
        let mut trouble = Vec::new();
        if size > self.standing.size {
            match self.stamp(newest.note.as_bytes()).await {
                Ok((reply, time)) => {
                    blobs.put(&layout.stamped(size), newest.note.into_bytes().into()).await?;
                    blobs.put(&layout.stamp(size), reply.into()).await?;
                    (self.standing.size, self.standing.time) = (size, Some(time));
                }
                Err(why) => trouble.push(format!("the time-stamping authority: {why}")),
            }
        }
        self.standing.looked(size, now, trouble);
        Ok(self.standing.clone())
    }

    /// The authority's answer and the time it states.
    async fn stamp(&self, note: &[u8]) -> Result<(Vec<u8>, Micros), String> {
        let mut nonce = [0; 8];
        OsRng.fill_bytes(&mut nonce);
        // A positive INTEGER without leading zeros is the same bytes on both sides.
        nonce[0] = (nonce[0] & 0x3f) | 0x40;
        let answer = self.authority.post.post("application/timestamp-query", token::request(note, &nonce)?).await?;
        if answer.status != 200 {
            return Err(format!("it answered {}", answer.words()));
        }
        let token = token::read(&answer.body, note)?;
        if token.nonce.as_deref() != Some(&nonce) {
            return Err("its time-stamp answers another request".to_owned());
        }
        if let Some(roots) = &self.authority.roots {
            roots.check(&token)?;
        }
        Ok((answer.body, token.time))
    }
}
