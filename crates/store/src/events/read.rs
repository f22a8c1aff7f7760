//! One split's answers: newest first, counts, facets, bars.

use super::{
    compile::{Plan, Trim},
    counts::Counts,
    split::{Columns, Split, broken},
    tally::{self, Tally},
};
use crate::{Result, StoreError};
use model::{
    HOUR, Position,
    query::{After, Bucket, Field, Hit},
};
use std::{collections::BTreeMap, sync::Arc};
use tantivy::{
    DocAddress, DocId, Searcher, SegmentReader, TantivyDocument,
    query::{EnableScoring, Query, Weight},
    schema::Value,
};
use uuid::Uuid;

/// Where an event is found, before it is read.
#[derive(Clone, Copy)]
pub(super) struct Found {
    pub time: i64,
    pub index: u64,
    address: DocAddress,
}

impl Found {
    fn key(&self) -> (i64, u64) {
        (self.time, self.index)
    }
}

/// A split's matching events by [`newest`], and the view of it they are to be read from.
pub(super) struct Newest {
    searcher: Searcher,
    pub found: Vec<Found>,
}

/// A list that keeps the newest `limit`: cheaper than a heap where events come in the order of time.
struct Best {
    limit: usize,
    found: Vec<Found>,
    /// Older than this is not among them.
    least: Option<(i64, u64)>,
}

impl Best {
    fn put(&mut self, found: Found) {
        self.found.push(found);
        if self.found.len() >= 2 * self.limit.max(64) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if self.limit == 0 {
            self.found.clear();
        } else if self.found.len() > self.limit {
            self.found.select_nth_unstable_by(self.limit - 1, |a, b| b.key().cmp(&a.key()));
            self.found.truncate(self.limit);
            self.least = self.found.last().map(Found::key);
        }
    }
}

/// Runs a query over one segment, block by block.
fn walk(weight: &dyn Weight, reader: &SegmentReader, mut block: impl FnMut(&[DocId])) -> Result<()> {
    weight.for_each_no_score(reader, &mut |docs| block(docs)).map_err(broken)
}

fn weight(searcher: &Searcher, query: &dyn Query) -> Result<Box<dyn Weight>> {
    query.weight(EnableScoring::disabled_from_searcher(searcher)).map_err(broken)
}

/// The `limit` newest by (time, index), strictly older than `after`, newest first.
pub(super) fn newest(split: &Split, columns: &Columns, plan: &Plan, after: Option<After>, limit: usize) -> Result<Newest> {
    let searcher = split.searcher();
    let query = plan.query(columns, plan.trim(split));
    let weight = weight(&searcher, &*query)?;
    let mut best = Best { limit, found: Vec::new(), least: None };
    let (mut times, mut failed) = (Vec::new(), None);
    for (ordinal, reader) in (0u32..).zip(searcher.segment_readers()) {
        // Most segments hold nothing of a rare value: their columns are not even opened.
        let mut opened = None;
        walk(&*weight, reader, |docs| {
            if opened.is_none() {
                match (reader.fast_fields().i64("time"), reader.fast_fields().u64("index")) {
                    (Ok(time), Ok(index)) => opened = Some((time, index)),
                    (Err(e), _) | (_, Err(e)) => failed = Some(broken(e)),
                }
            }
            let Some((time, index)) = &opened else { return };
            times.clear();
            times.resize(docs.len(), None);
            time.first_vals(docs, &mut times);
            for (doc, time) in docs.iter().zip(&times) {
                let time = time.unwrap_or(0);
                if best.least.is_some_and(|least| time < least.0) {
                    continue;
                }
                let key = (time, index.first(*doc).unwrap_or(0));
                if best.least.is_none_or(|least| key > least) && after.is_none_or(|a| key < (a.time, a.index)) {
                    best.put(Found { time, index: key.1, address: DocAddress::new(ordinal, *doc) });
                }
            }
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
    }
    best.cut();
    best.found.sort_unstable_by_key(|found| std::cmp::Reverse(found.key()));
    Ok(Newest { searcher, found: best.found })
}

impl Newest {
    /// Reads an event found.
    pub fn hit(&self, c: &Columns, found: &Found) -> Result<Hit> {
        let doc: TantivyDocument = self.searcher.doc(found.address).map_err(broken)?;
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
}

/// The tallies of all segments where they answer this plan; hours they hold as a whole, and what is left to be read.
fn tallied(split: &Split, searcher: &Searcher, plan: &Plan, trim: Trim) -> Result<Option<(Vec<Arc<Tally>>, std::ops::Range<i64>, Vec<Trim>)>> {
    if trim.head.is_some() || !plan.has_filters_only() || !tally::knows(&plan.conditions) {
        return Ok(None);
    }
    let Some(tallies) = split.tallies(searcher)? else { return Ok(None) };
    let (hours, edges) = trim.hours(split.day);
    Ok(Some((tallies, hours, edges)))
}

pub(super) fn count(split: &Split, columns: &Columns, plan: &Plan) -> Result<u64> {
    let searcher = split.searcher();
    let trim = plan.trim(split);
    let read = |trim: Trim| plan.query(columns, trim).count(&searcher).map(|n| n as u64).map_err(broken);
    match tallied(split, &searcher, plan, trim)? {
        Some((tallies, hours, edges)) => {
            let whole = tallies.iter().map(|t| t.count(&plan.conditions, hours.clone())).sum::<u64>();
            edges.into_iter().try_fold(whole, |sum, edge| Ok(sum + read(edge)?))
        }
        None => read(trim),
    }
}

/// Adds how often each value of each field occurs to `totals`, one of each.
pub(super) fn facets(split: &Split, columns: &Columns, plan: &Plan, fields: &[Field], totals: &mut [Counts]) -> Result<()> {
    let searcher = split.searcher();
    let trim = plan.trim(split);
    let every: Vec<(usize, Field)> = fields.iter().copied().enumerate().collect();
    match tallied(split, &searcher, plan, trim)? {
        Some((tallies, hours, edges)) => {
            tallies.iter().for_each(|t| t.facets(&plan.conditions, hours.clone(), fields, totals));
            let (known, others): (Vec<_>, Vec<_>) = every.into_iter().partition(|(_, field)| tally::place(*field).is_some());
            for edge in edges {
                read_facets(split, &searcher, columns, plan, edge, &known, totals)?;
            }
            read_facets(split, &searcher, columns, plan, trim, &others, totals)
        }
        None => read_facets(split, &searcher, columns, plan, trim, &every, totals),
    }
}

/// The counts of some of the fields, by their places in `totals`, from the segments themselves.
fn read_facets(split: &Split, searcher: &Searcher, columns: &Columns, plan: &Plan, trim: Trim, fields: &[(usize, Field)], totals: &mut [Counts]) -> Result<()> {
    if fields.is_empty() {
        return Ok(());
    }
    let weight = weight(searcher, &*plan.query(columns, trim))?;
    for reader in searcher.segment_readers() {
        let mut counted = Vec::with_capacity(fields.len());
        for (at, field) in fields {
            let column = reader.fast_fields().str(field.name()).map_err(broken)?;
            counted.extend(column.map(|column| (*at, *field, vec![0u64; column.num_terms()], column)));
        }
        let mut ords = Vec::new();
        walk(&*weight, reader, |docs| {
            for (_, _, counts, column) in &mut counted {
                ords.clear();
                ords.resize(docs.len(), None);
                // One value of a field per event.
                column.ords().first_vals(docs, &mut ords);
                ords.iter().flatten().for_each(|ord| counts[*ord as usize] += 1);
            }
        })?;
        for (at, field, counts, column) in counted {
            if counts.iter().all(|n| *n == 0) {
                continue;
            }
            if tally::place(field).is_none() {
                totals[at].add_column(split, reader.segment_id(), field, column, &counts)?;
                continue;
            }
            for (ord, count) in (0u64..).zip(&counts).filter(|(_, n)| **n > 0) {
                let mut value = String::new();
                column.ord_to_str(ord, &mut value).map_err(broken)?;
                totals[at].add_text(&value, *count);
            }
        }
    }
    Ok(())
}

/// Adds bars of `interval` to those there are, by their starts.
pub(super) fn histogram(split: &Split, columns: &Columns, plan: &Plan, interval: i64, bars: &mut BTreeMap<i64, Bucket>) -> Result<()> {
    let searcher = split.searcher();
    let trim = plan.trim(split);
    match tallied(split, &searcher, plan, trim)? {
        Some((tallies, hours, edges)) if interval % HOUR == 0 => {
            tallies.iter().for_each(|t| t.bars(&plan.conditions, hours.clone(), interval, |start, outcome, n| tally::add(bars, start, outcome, n)));
            edges.into_iter().try_for_each(|edge| read_bars(&searcher, columns, plan, edge, interval, bars))
        }
        _ => read_bars(&searcher, columns, plan, trim, interval, bars),
    }
}

fn read_bars(searcher: &Searcher, columns: &Columns, plan: &Plan, trim: Trim, interval: i64, bars: &mut BTreeMap<i64, Bucket>) -> Result<()> {
    let weight = weight(searcher, &*plan.query(columns, trim))?;
    for reader in searcher.segment_readers() {
        let time = reader.fast_fields().i64("time").map_err(broken)?;
        let Some(column) = reader.fast_fields().str(Field::Outcome.name()).map_err(broken)? else { continue };
        let mut outcomes = Vec::with_capacity(column.num_terms());
        for ord in 0..column.num_terms() as u64 {
            let mut name = String::new();
            column.ord_to_str(ord, &mut name).map_err(broken)?;
            outcomes.push(tally::outcome(&name));
        }
        let (mut times, mut ords) = (Vec::new(), Vec::new());
        // Events lie in the order they came in, nearly that of time: the next one mostly belongs to the same bar.
        let mut bar = Bucket { start: i64::MIN, ..Bucket::default() };
        walk(&*weight, reader, |docs| {
            times.clear();
            times.resize(docs.len(), None);
            ords.clear();
            ords.resize(docs.len(), None);
            time.first_vals(docs, &mut times);
            column.ords().first_vals(docs, &mut ords);
            for (time, ord) in times.iter().zip(&ords) {
                let time = time.unwrap_or(0);
                if time < bar.start || time.saturating_sub(bar.start) >= interval {
                    put(bars, bar);
                    bar = Bucket { start: time.div_euclid(interval).saturating_mul(interval), ..Bucket::default() };
                }
                bar.add(ord.and_then(|o| outcomes.get(o as usize).copied()).unwrap_or_default(), 1);
            }
        })?;
        put(bars, bar);
    }
    Ok(())
}

/// Adds a bar to those there are.
pub(super) fn put(bars: &mut BTreeMap<i64, Bucket>, bar: Bucket) {
    if bar.success + bar.failure + bar.unknown > 0 {
        let sum = bars.entry(bar.start).or_insert(Bucket { start: bar.start, ..Bucket::default() });
        sum.success += bar.success;
        sum.failure += bar.failure;
        sum.unknown += bar.unknown;
    }
}
