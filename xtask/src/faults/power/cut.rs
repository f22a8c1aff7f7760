//! Where the power is cut, and what the disk still has of the writes it had not been told to keep.

use super::log::{Log, SECTOR};
use crate::faults::tools::mix;
use anyhow::Result;
use std::{fmt, fs::File, os::unix::fs::FileExt, path::Path};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Everything up to the cut.
    Prefix,
    /// Of what came after the last flush, some.
    Subset,
    /// As the prefix, but of the last write only some sectors.
    Torn,
}

impl Kind {
    pub fn of(number: u64) -> Self {
        [Self::Prefix, Self::Subset, Self::Torn][(number % 3) as usize]
    }
}

pub struct Cut {
    kind: Kind,
    seed: u64,
    /// Requests before it.
    requests: usize,
    /// How long the log was: what was acknowledged up to there must be found.
    pub at: u64,
}

impl Cut {
    pub fn new(log: &Log, kind: Kind, seed: u64) -> Self {
        let requests = (mix(seed) % log.requests.len().max(1) as u64) as usize;
        Self { kind, seed, requests, at: log.requests.get(requests).map_or(0, |r| r.at) }
    }

    /// Which requests reach the disk, and how much of each, in bytes.
    fn kept(&self, log: &Log) -> Vec<(usize, u64)> {
        let before = &log.requests[..self.requests];
        let flushed = before.iter().rposition(|r| r.is_flush()).unwrap_or(0);
        let last = before.iter().rposition(|r| r.size > 0);
        let part = |(number, request): (usize, &super::log::Request)| {
            let chance = mix(self.seed << 32 | number as u64);
            let size = match self.kind {
                Kind::Subset if number > flushed && !request.is_durable() && chance & 1 == 0 => 0,
                Kind::Torn if Some(number) == last && !request.is_durable() => chance % (request.size / SECTOR).max(1) * SECTOR,
                _ => request.size,
            };
            (number, size)
        };
        before.iter().enumerate().map(part).filter(|(_, size)| *size > 0).collect()
    }

    pub fn play(&self, log: &Log, image: &Path) -> Result<()> {
        let (from, to) = (log.open()?, File::options().write(true).open(image)?);
        for (number, size) in self.kept(log) {
            let request = log.requests[number];
            let mut bytes = vec![0; size as usize];
            from.read_exact_at(&mut bytes, request.data)?;
            to.write_all_at(&bytes, request.offset)?;
        }
        Ok(())
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            Kind::Prefix => "everything before it kept",
            Kind::Subset => "some of what was not flushed kept",
            Kind::Torn => "the last write torn",
        };
        write!(out, "the cut before request {} ({what})", self.requests)
    }
}
