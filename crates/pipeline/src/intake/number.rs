//! Occurrence numbers: what tells two equal records from one record sent twice (DESIGN.md, "Duplicates").
//!
//! A record without an id is known by its bytes and by how many equal ones came before it within its file, or within the source's second. Files are
//! counted from their beginning, so the same file gives the same numbers. Pushes are counted across bodies, and a body seen before keeps the numbers
//! it got, so that a sender may repeat one. Polled pages carry the last second's counts in the stream's state.

use crate::IntakeError;
use lru::LruCache;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap},
    hash::{DefaultHasher, Hash, Hasher},
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;

/// Different records without id in one file; about 150 MB of counts.
const MAX_IN_FILE: usize = 4_000_000;
/// Records remembered over all pushes, and bodies remembered to know a repetition.
const MAX_PUSHED: NonZeroUsize = NonZeroUsize::new(200_000).expect("is not zero");
const MAX_BODIES: NonZeroUsize = NonZeroUsize::new(2_000).expect("is not zero");
/// Different records in one second of a polled stream.
const MAX_IN_SECOND: usize = 10_000;

/// Names equal records: their stream, second and bytes. Two that collide only share a counter.
pub(super) fn key(parts: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

/// Who counts.
pub(crate) enum Numbering {
    File { name: String, counts: HashMap<u64, u64> },
    Push(Push),
    Poll(Poll),
}

impl Numbering {
    pub fn file(name: &str) -> Self {
        Self::File { name: name.to_owned(), counts: HashMap::new() }
    }

    /// The number of the next record with these bytes; `second` is its event time's, where it has one.
    pub fn next(&mut self, stream: &str, text: &str, second: Option<i64>) -> Result<u64, IntakeError> {
        match self {
            Self::File { name, counts } => {
                if counts.len() >= MAX_IN_FILE {
                    return Err(IntakeError::TooManyWithoutId { name: name.clone(), limit: MAX_IN_FILE });
                }
                Ok(bump(counts.entry(key((stream, text))).or_default()))
            }
            Self::Push(push) => Ok(push.next(stream, text, second)),
            Self::Poll(poll) => Ok(poll.next(text, second)),
        }
    }
}

fn bump(count: &mut u64) -> u64 {
    *count += 1;
    *count - 1
}

/// What all pushes share.
#[derive(Clone)]
pub(crate) struct Pushes(Arc<Mutex<Shared>>);

struct Shared {
    counts: LruCache<u64, u64>,
    bodies: LruCache<u64, Body>,
}

/// The numbers a body got: only those above zero, by the place of the record among those without id.
#[derive(Clone, Default)]
struct Body {
    numbered: usize,
    above_zero: BTreeMap<usize, u64>,
}

impl Pushes {
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Shared { counts: LruCache::new(MAX_PUSHED), bodies: LruCache::new(MAX_BODIES) })))
    }

    pub fn body(&self, source: Uuid, stream: &str, bytes: &[u8]) -> Numbering {
        Numbering::Push(Push { pushes: self.clone(), source, body: key((source, stream, bytes)), at: 0 })
    }
}

/// One body's numbering.
pub(crate) struct Push {
    pushes: Pushes,
    source: Uuid,
    body: u64,
    at: usize,
}

impl Push {
    fn next(&mut self, stream: &str, text: &str, second: Option<i64>) -> u64 {
        let mut shared = self.pushes.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Shared { counts, bodies } = &mut *shared;
        let body = bodies.get_or_insert_mut(self.body, Body::default);
        let at = self.at;
        self.at += 1;
        if at < body.numbered {
            return body.above_zero.get(&at).copied().unwrap_or(0);
        }
        let number = bump(counts.get_or_insert_mut(key((self.source, stream, second, text)), || 0));
        body.numbered = at + 1;
        if number > 0 {
            body.above_zero.insert(at, number);
        }
        number
    }
}

/// Counts of the newest second of a polled stream; commits with its cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tail {
    second: i64,
    counts: BTreeMap<String, u64>,
}

impl Tail {
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}

/// One page's numbering.
#[derive(Default)]
pub(crate) struct Poll {
    before: Tail,
    counts: HashMap<(Option<i64>, u64), u64>,
    newest: Option<i64>,
}

impl Poll {
    pub fn new(before: Tail) -> Self {
        Self { before, ..Self::default() }
    }

    fn next(&mut self, text: &str, second: Option<i64>) -> u64 {
        let hash = key(text);
        self.newest = self.newest.max(second);
        let before = &self.before;
        let start = || if second == Some(before.second) { before.counts.get(&hash.to_string()).copied().unwrap_or(0) } else { 0 };
        bump(self.counts.entry((second, hash)).or_insert_with(start))
    }

    /// The counts the next page starts from.
    pub fn tail(self) -> Tail {
        let Some(second) = self.newest.filter(|newest| self.before.is_empty() || *newest >= self.before.second) else { return self.before };
        let mut counts = if second == self.before.second { self.before.counts } else { BTreeMap::new() };
        counts.extend(self.counts.into_iter().filter(|((s, _), _)| *s == Some(second)).map(|((_, hash), n)| (hash.to_string(), n)).take(MAX_IN_SECOND));
        Tail { second, counts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(numbering: &mut Numbering, texts: &str, expect: &[u64]) {
        let got: Vec<u64> = texts.chars().map(|c| numbering.next("s", &c.to_string(), Some(1)).unwrap()).collect();
        assert_eq!(got, expect, "{texts}");
    }

    #[test]
    fn a_file_is_counted_from_its_beginning() {
        check(&mut Numbering::file("f"), "abaa", &[0, 0, 1, 2]);
        check(&mut Numbering::file("f"), "abaa", &[0, 0, 1, 2]);
    }

    #[test]
    fn bodies_count_on_and_a_repeated_body_keeps_its_numbers() {
        let pushes = Pushes::new();
        let body = |bytes: &[u8]| pushes.body(Uuid::nil(), "s", bytes);
        check(&mut body(b"one"), "ab", &[0, 0]);
        check(&mut body(b"two"), "bcb", &[1, 0, 2]);
        check(&mut body(b"one"), "ab", &[0, 0]);
        check(&mut body(b"two"), "bcb", &[1, 0, 2]);
        check(&mut body(b"three"), "b", &[3]);
    }

    #[test]
    fn a_page_goes_on_within_the_second_the_last_one_ended_in() {
        let page = |before: Tail, records: &[(&str, i64)]| {
            let mut poll = Poll::new(before);
            let numbers: Vec<u64> = records.iter().map(|(text, second)| poll.next(text, Some(*second))).collect();
            (numbers, poll.tail())
        };
        let (numbers, tail) = page(Tail::default(), &[("a", 1), ("a", 2), ("a", 2)]);
        assert_eq!(numbers, [0, 0, 1]);
        let (numbers, tail) = page(tail, &[("a", 2), ("b", 2)]);
        assert_eq!(numbers, [2, 0]);
        let (numbers, tail) = page(tail, &[("a", 2), ("b", 3)]);
        assert_eq!(numbers, [3, 0]);
        assert_eq!(page(tail, &[("b", 3), ("a", 3)]).0, [1, 0]);
    }
}
