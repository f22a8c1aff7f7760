//! A roll-up of one segment: how many events each combination of the fields with few values has in each hour.
//!
//! Counts, facets and bars that ask for nothing else are answered from it in microseconds. It is made from the segment when first needed and kept in
//! memory while the segment lives; a segment with too many combinations has none and is read instead.

use super::{counts::Counts, split::broken};
use crate::Result;
use model::{
    HOUR, Micros, Outcome,
    query::{Bucket, Field, Filter},
};
use std::{collections::HashMap, ops::Range};
use tantivy::{SegmentReader, columnar::StrColumn};

/// The fields with few values. People see events by source and department, so scopes of both are answered from here too.
pub(super) const FIELDS: [Field; 8] =
    [Field::Source, Field::Stream, Field::VendorType, Field::Class, Field::Activity, Field::Outcome, Field::Department, Field::ObjectType];
/// Combinations kept of one segment, 24 bytes each.
const MAX_ROWS: usize = 20_000;
const BLOCK: u32 = 512;
/// Stands for "the event has no value".
const NONE: u16 = u16::MAX;

type Key = (i32, [u16; FIELDS.len()]);

pub(super) struct Tally {
    /// Of each field, in the order of the segment's dictionary.
    values: [Vec<String>; FIELDS.len()],
    rows: Vec<(Key, u32)>,
}

pub(super) fn place(field: Field) -> Option<usize> {
    FIELDS.iter().position(|f| *f == field)
}

/// Whether conditions and facets can be answered from tallies.
pub(super) fn knows(conditions: &[Filter]) -> bool {
    conditions.iter().all(|c| place(c.field).is_some())
}

impl Tally {
    pub fn of(reader: &SegmentReader) -> Result<Option<Self>> {
        let columns: Vec<Option<StrColumn>> = FIELDS.iter().map(|f| reader.fast_fields().str(f.name())).collect::<tantivy::Result<_>>().map_err(broken)?;
        // A deleted event would still be counted.
        if reader.has_deletes() || columns.iter().flatten().any(|c| c.num_terms() >= usize::from(NONE)) {
            return Ok(None);
        }
        let time = reader.fast_fields().i64("time").map_err(broken)?;
        let mut counts: HashMap<Key, u32> = HashMap::new();
        let mut docs = Vec::with_capacity(BLOCK as usize);
        for first in (0..reader.max_doc()).step_by(BLOCK as usize) {
            docs.clear();
            docs.extend(first..reader.max_doc().min(first + BLOCK));
            let mut keys: Vec<Key> = vec![(0, [NONE; FIELDS.len()]); docs.len()];
            let mut times = vec![None; docs.len()];
            time.first_vals(&docs, &mut times);
            keys.iter_mut().zip(&times).for_each(|(key, time)| key.0 = time.unwrap_or(0).div_euclid(HOUR) as i32);
            for (at, column) in columns.iter().enumerate() {
                let Some(column) = column else { continue };
                let mut ords = vec![None; docs.len()];
                column.ords().first_vals(&docs, &mut ords);
                keys.iter_mut().zip(&ords).for_each(|(key, ord)| key.1[at] = ord.map_or(NONE, |o| o as u16));
            }
            for key in keys {
                *counts.entry(key).or_default() += 1;
            }
            if counts.len() > MAX_ROWS {
                return Ok(None);
            }
        }
        let mut values: [Vec<String>; FIELDS.len()] = Default::default();
        for (values, column) in values.iter_mut().zip(&columns) {
            let Some(column) = column else { continue };
            for ord in 0..column.num_terms() as u64 {
                let mut value = String::new();
                column.ord_to_str(ord, &mut value).map_err(broken)?;
                values.push(value);
            }
        }
        Ok(Some(Self { values, rows: counts.into_iter().collect() }))
    }

    /// Rows within hours since the epoch that fulfil all conditions, which must be of [`FIELDS`].
    fn matching(&self, conditions: &[Filter], hours: Range<i64>) -> impl Iterator<Item = &(Key, u32)> {
        let wanted: Vec<(usize, Vec<bool>)> = conditions
            .iter()
            .filter_map(|condition| {
                let at = place(condition.field)?;
                let mut wanted: Vec<bool> = self.values[at].iter().map(|v| condition.values.contains(v) != condition.exclude).collect();
                // Events without a value have none of the excluded ones.
                wanted.push(condition.exclude);
                Some((at, wanted))
            })
            .collect();
        let fulfils = move |ords: &[u16]| wanted.iter().all(|(at, wanted)| wanted[usize::from(ords[*at]).min(wanted.len() - 1)]);
        self.rows.iter().filter(move |((hour, ords), _)| hours.contains(&i64::from(*hour)) && fulfils(ords))
    }

    pub fn count(&self, conditions: &[Filter], hours: Range<i64>) -> u64 {
        self.matching(conditions, hours).map(|(_, n)| u64::from(*n)).sum()
    }

    /// Adds the counts of these fields' values to `totals`, one of each; fields that are not of [`FIELDS`] are passed over.
    pub fn facets(&self, conditions: &[Filter], hours: Range<i64>, fields: &[Field], totals: &mut [Counts]) {
        let places: Vec<Option<usize>> = fields.iter().map(|f| place(*f)).collect();
        let mut counts: Vec<Vec<u64>> = places.iter().map(|at| vec![0; at.map_or(0, |at| self.values[at].len())]).collect();
        for ((_, ords), n) in self.matching(conditions, hours) {
            for (at, counts) in places.iter().zip(&mut counts) {
                let Some(at) = at else { continue };
                if let Some(count) = counts.get_mut(usize::from(ords[*at])) {
                    *count += u64::from(*n);
                }
            }
        }
        for ((at, counts), total) in places.iter().zip(counts).zip(totals) {
            let Some(at) = at else { continue };
            for (value, count) in self.values[*at].iter().zip(counts).filter(|(_, n)| *n > 0) {
                total.add_text(value, count);
            }
        }
    }

    /// Adds bars of `interval`, which must be whole hours.
    pub fn bars(&self, conditions: &[Filter], hours: Range<i64>, interval: Micros, mut add: impl FnMut(Micros, Outcome, u64)) {
        let outcomes: Vec<Outcome> = place(Field::Outcome).map(|at| self.values[at].iter().map(|v| outcome(v)).collect()).unwrap_or_default();
        let at = place(Field::Outcome).unwrap_or_default();
        for ((hour, ords), n) in self.matching(conditions, hours) {
            let start = (i64::from(*hour) * HOUR).div_euclid(interval) * interval;
            add(start, outcomes.get(usize::from(ords[at])).copied().unwrap_or_default(), u64::from(*n));
        }
    }
}

/// The outcome with this name.
pub(super) fn outcome(name: &str) -> Outcome {
    [Outcome::Success, Outcome::Failure].into_iter().find(|o| o.name() == name).unwrap_or(Outcome::Unknown)
}

/// Adds to the bar that starts at `start`.
pub(super) fn add(bars: &mut std::collections::BTreeMap<i64, Bucket>, start: Micros, outcome: Outcome, count: u64) {
    bars.entry(start).or_insert(Bucket { start, ..Bucket::default() }).add(outcome, count);
}
