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
                Kind::Torn if Some(number) == last && number > flushed && !request.is_durable() => chance % (request.size / SECTOR).max(1) * SECTOR,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::power::log::{FLUSH, FUA, Request};

    /// Three writes, a flush, then eight writes, the second of them durable by itself.
    fn log() -> Log {
        let request = |n: u64, size: u64, flags: u64| Request { at: n * 100, data: n * 100 + 1, offset: 0, size, flags };
        let mut requests: Vec<Request> = (0..3).map(|n| request(n, 4 * SECTOR, 0)).collect();
        requests.push(request(3, 0, FLUSH));
        requests.extend((4..12).map(|n| request(n, 4 * SECTOR, if n == 5 { FUA } else { 0 })));
        Log { path: "nowhere".into(), requests }
    }

    fn kept(kind: Kind, seed: u64) -> Vec<(usize, u64)> {
        let log = log();
        Cut { kind, seed, requests: log.requests.len(), at: 0 }.kept(&log)
    }

    #[test]
    fn what_was_flushed_is_kept_and_of_the_rest_some() {
        assert_eq!(kept(Kind::Prefix, 1).len(), 11);
        let mut sizes = Vec::new();
        for seed in 0..20 {
            let kept = kept(Kind::Subset, seed);
            assert!([0, 1, 2, 5].iter().all(|n| kept.contains(&(*n, 4 * SECTOR))), "{kept:?}");
            sizes.push(kept.len());
        }
        assert!(sizes.iter().any(|s| *s < 9) && sizes.iter().any(|s| *s > 6), "{sizes:?}");
    }

    #[test]
    fn what_was_flushed_is_never_torn() {
        let log = log();
        for seed in 0..20 {
            let kept = Cut { kind: Kind::Torn, seed, requests: 4, at: 0 }.kept(&log);
            assert!(kept.len() == 3 && kept.iter().all(|(_, size)| *size == 4 * SECTOR), "{kept:?}");
        }
    }

    #[test]
    fn only_the_last_write_is_torn() {
        for seed in 0..20 {
            let kept = kept(Kind::Torn, seed);
            let whole = kept.iter().filter(|(_, size)| *size == 4 * SECTOR).count();
            assert_eq!(whole, 10, "{kept:?}");
        }
    }
}
