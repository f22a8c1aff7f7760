//! Walking everything a split holds: columns, lists of terms and stored records, for [`super::Digest`].

use super::{
    digest::{self, Digest, FIELDS},
    split::{Columns, Split, broken},
};
use crate::Result;
use std::ops::Range;
use tantivy::{
    DocSet, SegmentReader, TERMINATED, TantivyDocument,
    schema::{self, IndexRecordOption, Value},
};

/// Tells the digests of the split's events with indexes within the ranges, which are in order and apart. Memory: 32 bytes per event of one segment.
pub(super) fn walk(split: &Split, columns: &Columns, within: &[Range<u64>], found: &mut dyn FnMut(u64, Digest)) -> Result<()> {
    for reader in split.searcher().segment_readers() {
        let indexes = reader.fast_fields().u64("index").map_err(broken)?;
        let (first, last) = (indexes.min_value(), indexes.max_value());
        if within.iter().any(|range| range.start <= last && first < range.end) {
            segment(split.day, reader, columns, within, found)?;
        }
    }
    Ok(())
}

fn segment(day: i64, reader: &SegmentReader, c: &Columns, within: &[Range<u64>], found: &mut dyn FnMut(u64, Digest)) -> Result<()> {
    let nothing = || vec![0_u64; reader.max_doc() as usize];
    let (mut counted, mut listed, mut words) = (nothing(), nothing(), nothing());
    for field in FIELDS {
        add_terms(reader, c.facet(field), &mut listed, |term| digest::value(field, term))?;
        let Some(column) = reader.fast_fields().str(field.name()).map_err(broken)? else { continue };
        let mut hashes = Vec::with_capacity(column.num_terms());
        let mut values = column.dictionary().stream().map_err(broken)?;
        while values.advance() {
            hashes.push(digest::value(field, values.key()));
        }
        for (doc, sum) in (0_u32..).zip(&mut counted) {
            // All of them: a second value would be one too many.
            for ord in column.ords().values_for_doc(doc) {
                *sum = sum.wrapping_add(hashes.get(ord as usize).copied().unwrap_or_default());
            }
        }
    }
    add_terms(reader, c.tokens, &mut words, digest::token)?;
    add_terms(reader, c.session, &mut words, digest::session)?;
    let fast = reader.fast_fields();
    let (indexes, times) = (fast.u64("index").map_err(broken)?, fast.i64("time").map_err(broken)?);
    let rows = fast.column_opt::<u64>("rows").map_err(broken)?;
    let store = reader.get_store_reader(1).map_err(broken)?;
    for (doc, stored) in reader.doc_ids_alive().zip(store.iter::<TantivyDocument>(reader.alive_bitset())) {
        let stored = stored.map_err(broken)?;
        let index = indexes.first(doc).unwrap_or(u64::MAX);
        let at = within.partition_point(|range| range.end <= index);
        if within.get(at).is_none_or(|range| !range.contains(&index)) {
            continue;
        }
        let number = |field| stored.get_first(field).and_then(|v| v.as_u64()).unwrap_or(u64::MAX);
        let columns = digest::Columns {
            times: (times.first(doc).unwrap_or(i64::MIN), stored.get_first(c.time).and_then(|v| v.as_i64()).unwrap_or(i64::MIN)),
            ledger: stored.get_first(c.ledger).and_then(|v| v.as_str()).unwrap_or_default(),
            generation: number(c.generation),
            index: number(c.index),
            rows: rows.as_ref().and_then(|rows| rows.first(doc)),
            counted: counted[doc as usize],
            listed: listed[doc as usize],
        };
        let record = digest::record(stored.get_first(c.record).and_then(|v| v.as_bytes()).unwrap_or_default());
        found(index, Digest { day, columns: columns.hashed(), words: words[doc as usize], record });
    }
    Ok(())
}

/// Adds the hash of every term of a field to the sums of the events it is listed for.
fn add_terms(reader: &SegmentReader, field: schema::Field, sums: &mut [u64], hash: impl Fn(&[u8]) -> u64) -> Result<()> {
    let inverted = reader.inverted_index(field).map_err(broken)?;
    let mut terms = inverted.terms().stream().map_err(broken)?;
    while terms.advance() {
        let hash = hash(terms.key());
        let mut docs = inverted.read_postings_from_terminfo(terms.value(), IndexRecordOption::Basic).map_err(broken)?;
        let mut doc = docs.doc();
        while doc != TERMINATED {
            if let Some(sum) = sums.get_mut(doc as usize) {
                *sum = sum.wrapping_add(hash);
            }
            doc = docs.advance();
        }
    }
    Ok(())
}
