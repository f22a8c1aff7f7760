//! Running a compiled query over splits: newest first, counts, facets, bars. Splits are append-only, so no document is ever deleted.

use super::split::{Columns, Split, broken};
use crate::{Result, StoreError};
use model::{
    Outcome, Position,
    query::{After, Bucket, Facet, FacetCount, Field, Hit},
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashMap},
    sync::Arc,
};
use tantivy::{
    DocAddress, DocId, Searcher, SegmentReader, TantivyDocument,
    collector::Count,
    query::{EnableScoring, Query},
    schema::Value,
};
use uuid::Uuid;

/// Calls `segment` with each segment and the documents of it that match, block by block through `each`.
fn walk(
    searcher: &Searcher,
    query: &dyn Query,
    mut segment: impl FnMut(u32, &SegmentReader, &mut dyn FnMut(&mut dyn FnMut(DocId)) -> Result<()>) -> Result<()>,
) -> Result<()> {
    let weight = query.weight(EnableScoring::disabled_from_searcher(searcher)).map_err(broken)?;
    for (ordinal, reader) in (0u32..).zip(searcher.segment_readers()) {
        let mut run = |each: &mut dyn FnMut(DocId)| weight.for_each_no_score(reader, &mut |docs| docs.iter().for_each(|d| each(*d))).map_err(broken);
        segment(ordinal, reader, &mut run)?;
    }
    Ok(())
}

/// The `limit` newest by (time, index), strictly older than `after`.
pub(super) fn newest(split: &Split, columns: &Columns, query: &dyn Query, after: Option<After>, limit: usize) -> Result<Vec<Hit>> {
    let searcher = split.searcher();
    let mut best = BinaryHeap::with_capacity(limit.min(10_000) + 1);
    walk(&searcher, query, |ordinal, reader, run| {
        let time = reader.fast_fields().i64("time").map_err(broken)?;
        let index = reader.fast_fields().u64("index").map_err(broken)?;
        run(&mut |doc| {
            let key = (time.first(doc).unwrap_or(0), index.first(doc).unwrap_or(0));
            if after.is_none_or(|a| key < (a.time, a.index)) {
                best.push(Reverse((key, ordinal, doc)));
                if best.len() > limit {
                    best.pop();
                }
            }
        })
    })?;
    best.into_sorted_vec().into_iter().map(|Reverse((_, ordinal, doc))| hit(&searcher, columns, DocAddress::new(ordinal, doc))).collect()
}

fn hit(searcher: &Searcher, c: &Columns, address: DocAddress) -> Result<Hit> {
    let doc: TantivyDocument = searcher.doc(address).map_err(broken)?;
    let damaged = |what: &str| StoreError::Damaged { what: "split of the event index".into(), why: format!("an event has no {what}") };
    let id = |field| doc.get_first(c.facet(field)).and_then(|v| v.as_str().and_then(|s| Uuid::parse_str(s).ok()));
    let number = |field, name| doc.get_first(field).and_then(|v| v.as_u64()).ok_or_else(|| damaged(name));
    Ok(Hit {
        position: Position {
            ledger: doc.get_first(c.ledger).and_then(|v| v.as_str().map(str::to_owned)).ok_or_else(|| damaged("ledger"))?,
            generation: u32::try_from(number(c.generation, "generation")?).map_err(|_| damaged("generation"))?,
            index: number(c.index, "index")?,
        },
        time: doc.get_first(c.time).and_then(|v| v.as_i64()).ok_or_else(|| damaged("time"))?,
        record: doc.get_first(c.record).and_then(|v| v.as_bytes().map(<[u8]>::to_vec)).ok_or_else(|| damaged("record"))?,
        person: id(Field::Person),
        department: id(Field::Department),
    })
}

pub(super) fn count(split: &Split, query: &dyn Query) -> Result<u64> {
    split.searcher().search(query, &Count).map(|n| n as u64).map_err(broken)
}

/// Exact counts over all splits; a field's most frequent values first, equal ones by value.
pub(super) fn facets(splits: &[Arc<Split>], query: &dyn Query, fields: &[Field], limit: usize) -> Result<Vec<Facet>> {
    let mut totals: Vec<HashMap<String, u64>> = vec![HashMap::new(); fields.len()];
    for split in splits {
        walk(&split.searcher(), query, |_, reader, run| {
            let mut columns = Vec::with_capacity(fields.len());
            for field in fields {
                let column = reader.fast_fields().str(field.name()).map_err(broken)?;
                columns.push(column.map(|c| (vec![0u64; c.num_terms()], c)));
            }
            run(&mut |doc| {
                for (counts, column) in columns.iter_mut().flatten() {
                    for ord in column.term_ords(doc) {
                        counts[ord as usize] += 1;
                    }
                }
            })?;
            for (total, column) in totals.iter_mut().zip(&columns) {
                let Some((counts, column)) = column else { continue };
                for (ord, count) in (0u64..).zip(counts).filter(|(_, n)| **n > 0) {
                    let mut value = String::new();
                    column.ord_to_str(ord, &mut value).map_err(broken)?;
                    *total.entry(value).or_default() += count;
                }
            }
            Ok(())
        })?;
    }
    let facet = |(field, total): (&Field, HashMap<String, u64>)| {
        let mut values: Vec<_> = total.into_iter().map(|(value, count)| FacetCount { value, count }).collect();
        values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        let other = values.iter().skip(limit).map(|v| v.count).sum();
        values.truncate(limit);
        Facet { field: *field, values, other }
    };
    Ok(fields.iter().zip(totals).map(facet).collect())
}

pub(super) fn histogram(splits: &[Arc<Split>], query: &dyn Query, interval: i64) -> Result<Vec<Bucket>> {
    let mut bars: BTreeMap<i64, Bucket> = BTreeMap::new();
    for split in splits {
        walk(&split.searcher(), query, |_, reader, run| {
            let time = reader.fast_fields().i64("time").map_err(broken)?;
            let Some(column) = reader.fast_fields().str(Field::Outcome.name()).map_err(broken)? else { return Ok(()) };
            let mut outcomes = Vec::with_capacity(column.num_terms());
            for ord in 0..column.num_terms() as u64 {
                let mut name = String::new();
                column.ord_to_str(ord, &mut name).map_err(broken)?;
                let known = [Outcome::Success, Outcome::Failure].into_iter().find(|o| o.name() == name);
                outcomes.push(known.unwrap_or(Outcome::Unknown));
            }
            run(&mut |doc| {
                let start = time.first(doc).unwrap_or(0).div_euclid(interval).saturating_mul(interval);
                let outcome = column.term_ords(doc).next().and_then(|o| outcomes.get(o as usize).copied()).unwrap_or_default();
                bars.entry(start).or_insert(Bucket { start, ..Bucket::default() }).add(outcome, 1);
            })
        })?;
    }
    Ok(bars.into_values().collect())
}
