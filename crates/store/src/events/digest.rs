//! Events in a few words each: for holding the view against the trail without holding either in memory.

use model::{
    Position,
    query::{Field, IndexEntry},
    time::day,
};
use std::{
    hash::{BuildHasher, RandomState},
    ops::Range,
    sync::LazyLock,
};

/// Drawn at the start: what one process makes is held only against what the same process makes.
static HASH: LazyLock<RandomState> = LazyLock::new(RandomState::new);
/// Values longer than this are in the column of their field and not in its list of terms (tantivy's longest term).
const LONGEST_TERM: usize = u16::MAX as usize - 5;

/// Neighbouring indexes summed up together.
pub const SUMMED: u64 = 1_024;

/// What the view holds of one event, hashed. Person and department are left out: the directory may be corrected at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digest {
    /// The day it lies in, counted from the epoch.
    pub day: i64,
    /// Position, time, rows and the fields it is filtered and counted by.
    pub columns: u64,
    /// Tokens and session.
    pub words: u64,
    /// The stored record.
    pub record: u64,
}

/// The fields of a digest.
pub(super) const FIELDS: [Field; 10] = [
    Field::Source,
    Field::Stream,
    Field::VendorType,
    Field::Class,
    Field::Activity,
    Field::Outcome,
    Field::Actor,
    Field::ObjectType,
    Field::Target,
    Field::Address,
];

/// The columns of an event as they are read, or as they should be.
#[derive(Hash)]
pub(super) struct Columns<'a> {
    /// The time's column, and the time stored for answers.
    pub times: (i64, i64),
    pub ledger: &'a str,
    pub generation: u64,
    /// As stored for answers.
    pub index: u64,
    pub rows: Option<u64>,
    /// Sum over [`value`] of what the columns hold.
    pub counted: u64,
    /// The same of what the lists of terms hold.
    pub listed: u64,
}

impl Columns<'_> {
    pub fn hashed(&self) -> u64 {
        HASH.hash_one(self)
    }
}

/// A value of a field.
pub(super) fn value(field: Field, text: &[u8]) -> u64 {
    HASH.hash_one((field, text))
}

/// A token, as its list of terms writes it.
pub(super) fn token(big_endian: &[u8]) -> u64 {
    HASH.hash_one((0_u8, big_endian))
}

pub(super) fn session(text: &[u8]) -> u64 {
    HASH.hash_one((1_u8, text))
}

pub(super) fn record(bytes: &[u8]) -> u64 {
    HASH.hash_one(bytes)
}

impl Digest {
    /// Of an event as the follower hands it to the view.
    pub fn of(entry: &IndexEntry) -> Self {
        let Position { ledger, generation, index } = &entry.position;
        let time = entry.clear.time.micros;
        let (mut counted, mut listed) = (0_u64, 0_u64);
        for field in FIELDS {
            let Some(text) = entry.value(field) else { continue };
            let hash = value(field, text.as_bytes());
            counted = counted.wrapping_add(hash);
            if text.len() <= LONGEST_TERM {
                listed = listed.wrapping_add(hash);
            }
        }
        let mut tokens = entry.tokens.clone();
        tokens.sort_unstable();
        tokens.dedup();
        let mut words = tokens.iter().fold(0_u64, |sum, t| sum.wrapping_add(token(&t.to_be_bytes())));
        if let Some(text) = entry.session.as_ref().filter(|text| text.len() <= LONGEST_TERM) {
            words = words.wrapping_add(session(text.as_bytes()));
        }
        let columns =
            Columns { times: (time, time), ledger, generation: u64::from(*generation), index: *index, rows: entry.clear.rows, counted, listed }.hashed();
        Self { day: day(time), columns, words, record: record(&entry.record) }
    }
}

/// Sums of digests over [`SUMMED`] neighbouring indexes each: 16 bytes per sum. Equal where the same events were added equally often.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums(Vec<Sum>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    count: u64,
    digests: u64,
}

impl Sums {
    pub fn add(&mut self, index: u64, digest: &Digest) {
        let sum = self.at((index / SUMMED) as usize);
        sum.count += 1;
        sum.digests = sum.digests.wrapping_add(HASH.hash_one((index, digest)));
    }

    pub fn merge(&mut self, other: &Self) {
        for (at, theirs) in other.0.iter().enumerate() {
            let sum = self.at(at);
            sum.count += theirs.count;
            sum.digests = sum.digests.wrapping_add(theirs.digests);
        }
    }

    /// Events added.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|sum| sum.count).sum()
    }

    /// The indexes among which something is added to one and not, or not equally often, to the other.
    pub fn differing(&self, other: &Self) -> Vec<Range<u64>> {
        let of = |sums: &Self, at: usize| sums.0.get(at).copied().unwrap_or_default();
        let unlike = (0..self.0.len().max(other.0.len())).filter(|at| of(self, *at) != of(other, *at));
        unlike.map(|at| at as u64 * SUMMED..(at as u64 + 1) * SUMMED).collect()
    }

    fn at(&mut self, at: usize) -> &mut Sum {
        if self.0.len() <= at {
            self.0.resize(at + 1, Sum::default());
        }
        &mut self.0[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(n: u64) -> Digest {
        Digest { day: 0, columns: n, words: 0, record: 0 }
    }

    #[test]
    fn sums_tell_where_two_sides_differ_and_not_in_what_order_they_were_made() {
        let (mut here, mut there, mut part) = (Sums::default(), Sums::default(), Sums::default());
        (0..5_000).for_each(|n| here.add(n, &digest(n)));
        (0..2_000).rev().for_each(|n| there.add(n, &digest(n)));
        (2_000..5_000).for_each(|n| part.add(n, &digest(n)));
        there.merge(&part);
        let differing = |here: &Sums, there: &Sums| here.differing(there).iter().map(|range| (range.start, range.end)).collect::<Vec<_>>();
        assert_eq!((differing(&here, &there), here.count()), (vec![], 5_000));
        there.add(1_500, &digest(1_500));
        assert_eq!(differing(&here, &there), [(1_024, 2_048)], "twice");
        here.add(1_500, &digest(1_501));
        assert_eq!(differing(&here, &there), [(1_024, 2_048)], "another");
        here.add(9_000, &digest(0));
        assert_eq!(differing(&here, &there), [(1_024, 2_048), (8_192, 9_216)], "one that only one side has");
    }
}
