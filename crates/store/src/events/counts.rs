//! How often values occur, over many segments, of fields with many values: summed by a hash of the value, so that only the few shown are ever read.

use super::split::{Split, broken};
use crate::Result;
use model::query::{Facet, FacetCount, Field};
use std::{
    collections::HashMap,
    hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
};
use tantivy::columnar::StrColumn;

/// Hashes kept in memory, 8 bytes each; segments beyond are hashed anew for each question.
const MAX_KEPT: usize = 8_000_000;
static KEPT: AtomicUsize = AtomicUsize::new(0);
/// Drawn at the start: nobody outside can make two values look alike.
static HASH: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// The hashes of a segment's values of one field, in the order of its dictionary.
pub(super) struct Hashes {
    of: Vec<u64>,
    kept: bool,
}

impl Hashes {
    pub fn of(column: &StrColumn) -> Result<Self> {
        let mut of = Vec::with_capacity(column.num_terms());
        let mut values = column.dictionary().stream().map_err(broken)?;
        while values.advance() {
            of.push(HASH.hash_one(values.key()));
        }
        let kept = KEPT.fetch_add(of.len(), Ordering::Relaxed) + of.len() <= MAX_KEPT;
        if !kept {
            KEPT.fetch_sub(of.len(), Ordering::Relaxed);
        }
        Ok(Self { of, kept })
    }

    pub fn may_be_kept(&self) -> bool {
        self.kept
    }
}

impl Drop for Hashes {
    fn drop(&mut self) {
        if self.kept {
            KEPT.fetch_sub(self.of.len(), Ordering::Relaxed);
        }
    }
}

/// Its input is a hash already.
#[derive(Default)]
pub(super) struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        // Only numbers are hashed here.
        bytes.iter().for_each(|b| self.0 = self.0.rotate_left(8) ^ u64::from(*b));
    }
    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

/// A value seen: how often, and where it is written.
#[derive(Clone, Copy)]
struct Seen {
    count: u64,
    column: usize,
    ord: u64,
}

/// Sums of one field's values. Fields with few values are summed by their text, the others by hash.
#[derive(Default)]
pub(super) struct Counts {
    pub texts: HashMap<String, u64>,
    seen: HashMap<u64, Seen, BuildHasherDefault<Same>>,
    columns: Vec<StrColumn>,
}

impl Counts {
    pub fn add_text(&mut self, value: &str, count: u64) {
        match self.texts.get_mut(value) {
            Some(sum) => *sum += count,
            None => drop(self.texts.insert(value.to_owned(), count)),
        }
    }

    /// Adds the counts of a segment's values, one for each of its dictionary.
    pub fn add_column(&mut self, split: &Split, segment: tantivy::index::SegmentId, field: Field, column: StrColumn, counts: &[u64]) -> Result<()> {
        let hashes = split.hashes(segment, field, &column)?;
        let at = self.columns.len();
        self.columns.push(column);
        for ((ord, hash), count) in (0u64..).zip(&hashes.of).zip(counts).filter(|(_, n)| **n > 0) {
            self.seen.entry(*hash).or_insert(Seen { count: 0, column: at, ord }).count += count;
        }
        Ok(())
    }

    /// The most frequent values over all `parts`, equal ones by value.
    pub fn facet(field: Field, parts: &[&Counts], limit: usize) -> Result<Facet> {
        let mut values: Vec<FacetCount> = Vec::new();
        let mut texts: HashMap<&str, u64> = HashMap::new();
        for (value, count) in parts.iter().flat_map(|p| &p.texts) {
            *texts.entry(value.as_str()).or_default() += count;
        }
        let mut all: u64 = texts.values().sum();
        values.extend(texts.into_iter().map(|(value, count)| FacetCount { value: value.to_owned(), count }));

        let mut seen: HashMap<u64, (usize, Seen), BuildHasherDefault<Same>> = HashMap::default();
        for (part, counts) in parts.iter().enumerate() {
            for (hash, found) in &counts.seen {
                seen.entry(*hash).and_modify(|(_, s)| s.count += found.count).or_insert((part, *found));
            }
        }
        all += seen.values().map(|(_, s)| s.count).sum::<u64>();
        let mut seen: Vec<(usize, Seen)> = seen.into_values().collect();
        // Equally frequent ones at the edge are told apart by their values: all of them are read.
        if let Some(last) = limit.checked_sub(1).filter(|last| *last < seen.len()) {
            let (_, (_, edge), _) = seen.select_nth_unstable_by(last, |(_, a), (_, b)| b.count.cmp(&a.count));
            let least = edge.count;
            seen.retain(|(_, s)| s.count >= least);
        }
        for (part, seen) in seen {
            let mut value = String::new();
            parts[part].columns[seen.column].ord_to_str(seen.ord, &mut value).map_err(broken)?;
            values.push(FacetCount { value, count: seen.count });
        }
        values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        values.truncate(limit);
        let other = all - values.iter().map(|v| v.count).sum::<u64>();
        Ok(Facet { field, values, other })
    }
}
