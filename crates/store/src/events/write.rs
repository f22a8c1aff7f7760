//! The open writers: a few at a time, since each holds memory.

use super::{
    Old,
    split::{Columns, Split, broken},
};
use crate::{Result, StoreError};
use lru::LruCache;
use model::query::IndexEntry;
use std::{
    collections::BTreeSet,
    ops::{Bound, Range},
    sync::Arc,
};
use tantivy::{
    IndexWriter, TantivyDocument, Term,
    indexer::{LogMergePolicy, NoMergePolicy},
    query::{BooleanQuery, Query, RangeQuery, TermSetQuery},
};

/// Writers open at once.
const OPEN: usize = 8;
/// Bytes each may hold before it writes a segment; tantivy's least is 15 MB.
pub(super) const HEAP: usize = 20_000_000;
/// Segments of fewer events are merged without regard to their size. Every eighth commit merges: with tantivy's 10,000, a live day would write its last
/// 10,000 events anew every two seconds.
const SMALL_SEGMENT: u32 = 1_000;
/// As many segments are left alone: bringing them together costs more than it saves.
const FEW_SEGMENTS: usize = 2;
/// Events of a day that are brought into one segment; more would take too long at once.
const MAX_SETTLED: u64 = 5_000_000;

pub(super) struct Writers {
    open: LruCache<i64, Writer>,
    /// Days written to since the last commit, still open or not.
    touched: BTreeSet<i64>,
    /// Days closed since the last commit: files of theirs are left over once readers have let go of them.
    closed: BTreeSet<i64>,
    /// A write failed and what was added is gone: a commit would move the cursor past it.
    lost: bool,
}

struct Writer {
    writer: IndexWriter<TantivyDocument>,
    next: u64,
    dirty: bool,
}

impl Default for Writers {
    fn default() -> Self {
        Self { open: LruCache::unbounded(), touched: BTreeSet::new(), closed: BTreeSet::new(), lost: false }
    }
}

impl Writers {
    pub fn add(&mut self, day: i64, entry: &IndexEntry, columns: &Columns, split: impl FnOnce() -> Result<Arc<Split>>) -> Result<()> {
        self.refuse_if_lost()?;
        let added = self.try_add(day, entry, columns, split);
        self.note(added)
    }

    fn try_add(&mut self, day: i64, entry: &IndexEntry, columns: &Columns, split: impl FnOnce() -> Result<Arc<Split>>) -> Result<()> {
        if !self.open.contains(&day) {
            while self.open.len() >= OPEN {
                if let Some((day, mut oldest)) = self.open.pop_lru() {
                    oldest.commit()?;
                    oldest.settle()?;
                    self.touched.insert(day);
                    self.closed.insert(day);
                }
            }
            let split = split()?;
            let writer = split.index.writer_with_num_threads(1, HEAP).map_err(broken)?;
            let mut policy = LogMergePolicy::default();
            policy.set_min_layer_size(SMALL_SEGMENT);
            writer.set_merge_policy(Box::new(policy));
            self.open.put(day, Writer { writer, next: split.next()?, dirty: false });
        }
        let Some(writer) = self.open.get_mut(&day) else { return Ok(()) };
        if entry.position.index >= writer.next {
            writer.writer.add_document(columns.document(entry)).map_err(broken)?;
            writer.next = entry.position.index + 1;
            writer.dirty = true;
            self.touched.insert(day);
        }
        Ok(())
    }

    /// Commits what is dirty; answers the days whose readers must reload.
    pub fn commit(&mut self) -> Result<BTreeSet<i64>> {
        self.refuse_if_lost()?;
        let committed = self.open.iter_mut().try_for_each(|(_, w)| w.commit());
        self.note(committed)?;
        Ok(std::mem::take(&mut self.touched))
    }

    /// Commits and closes what is open, once its merges are done; answers the days.
    pub fn close(&mut self) -> Result<BTreeSet<i64>> {
        self.refuse_if_lost()?;
        let mut days = std::mem::take(&mut self.closed);
        while let Some((day, mut writer)) = self.open.pop_lru() {
            let closed = writer.commit().and_then(|()| writer.settle());
            self.note(closed)?;
            days.insert(day);
        }
        Ok(days)
    }

    /// Days whose leftovers may be swept now that their readers were reloaded.
    pub fn closed(&mut self) -> BTreeSet<i64> {
        std::mem::take(&mut self.closed).into_iter().filter(|day| !self.holds(*day)).collect()
    }

    /// Whether a writer of this day is open.
    pub fn holds(&self, day: i64) -> bool {
        self.open.contains(&day)
    }

    /// Puts `entries` in the place of the split's events of `old`. One commit changes them, and a merge leaves nothing of what was there.
    pub fn replace(&mut self, split: &Split, old: &Old, entries: &[IndexEntry], columns: &Columns) -> Result<()> {
        self.refuse_if_lost()?;
        let replaced = self.try_replace(split, old, entries, columns);
        self.note(replaced)
    }

    fn try_replace(&mut self, split: &Split, old: &Old, entries: &[IndexEntry], columns: &Columns) -> Result<()> {
        if let Some(mut open) = self.open.pop(&split.day) {
            open.commit()?;
            open.writer.wait_merging_threads().map_err(broken)?;
        }
        let writer: IndexWriter<TantivyDocument> = split.index.writer_with_num_threads(1, HEAP).map_err(broken)?;
        writer.set_merge_policy(Box::new(NoMergePolicy));
        let named = TermSetQuery::new(old.values.iter().map(|value| Term::from_field_text(columns.facet(old.field), value)));
        let time = |at| Term::from_field_i64(columns.time, at);
        let within = RangeQuery::new(Bound::Included(time(old.times.start)), Bound::Excluded(time(old.times.end)));
        let both: Vec<Box<dyn Query>> = vec![Box::new(named), Box::new(within)];
        writer.delete_query(Box::new(BooleanQuery::intersection(both))).map_err(broken)?;
        for entry in entries {
            writer.add_document(columns.document(entry)).map_err(broken)?;
        }
        let mut writer = Writer { writer, next: split.next()?, dirty: true };
        writer.commit()?;
        let segments = split.index.searchable_segment_ids().map_err(broken)?;
        if !segments.is_empty() {
            writer.writer.merge(&segments).wait().map_err(broken)?;
        }
        writer.writer.wait_merging_threads().map_err(broken)
    }

    /// Takes the split's events at these indexes out, as [`Writers::replace`] does; how many it still has.
    pub fn remove(&mut self, split: &Split, indexes: &[Range<u64>], columns: &Columns) -> Result<u64> {
        self.refuse_if_lost()?;
        let removed = self.try_remove(split, indexes, columns);
        if removed.is_err() {
            self.open.clear();
            self.lost = true;
        }
        removed
    }

    fn try_remove(&mut self, split: &Split, indexes: &[Range<u64>], columns: &Columns) -> Result<u64> {
        if let Some(mut open) = self.open.pop(&split.day) {
            open.commit()?;
            open.writer.wait_merging_threads().map_err(broken)?;
        }
        let writer: IndexWriter<TantivyDocument> = split.index.writer_with_num_threads(1, HEAP).map_err(broken)?;
        writer.set_merge_policy(Box::new(NoMergePolicy));
        for query in within(indexes, columns) {
            writer.delete_query(query).map_err(broken)?;
        }
        let mut writer = Writer { writer, next: split.next()?, dirty: true };
        writer.commit()?;
        let segments = split.index.searchable_segment_ids().map_err(broken)?;
        if !segments.is_empty() {
            writer.writer.merge(&segments).wait().map_err(broken)?;
        }
        let left = split.index.searchable_segment_metas().map_err(broken)?.iter().map(|s| u64::from(s.num_docs())).sum();
        writer.writer.wait_merging_threads().map_err(broken)?;
        Ok(left)
    }

    /// The follower starts over from the cursor: adding may begin again.
    pub fn forgive(&mut self) {
        self.lost = false;
    }

    fn refuse_if_lost(&self) -> Result<()> {
        if self.lost {
            return Err(StoreError::Conflict("an earlier write to the event index failed; resume from its cursor".into()));
        }
        Ok(())
    }

    fn note(&mut self, result: Result<()>) -> Result<()> {
        if result.is_err() {
            self.open.clear();
            self.lost = true;
        }
        result
    }
}

/// Events at these indexes.
pub(super) fn within(indexes: &[Range<u64>], columns: &Columns) -> Vec<Box<dyn Query>> {
    let index = |at| Term::from_field_u64(columns.index, at);
    let one = |range: &Range<u64>| Box::new(RangeQuery::new(Bound::Included(index(range.start)), Bound::Excluded(index(range.end)))) as Box<dyn Query>;
    indexes.iter().map(one).collect()
}

impl Writer {
    /// Nothing was added for a while: one segment instead of many, so that a look-up over months opens one file a day.
    fn settle(self) -> Result<()> {
        let segments = self.writer.index().searchable_segment_metas().map_err(broken)?;
        let docs: u64 = segments.iter().map(|s| u64::from(s.num_docs())).sum();
        if segments.len() > FEW_SEGMENTS && docs <= MAX_SETTLED {
            let mut writer = self.writer;
            // Where another merge holds some of them, the split stays as it is, and is whole.
            let _ = writer.merge(&segments.iter().map(|s| s.id()).collect::<Vec<_>>()).wait();
            return writer.wait_merging_threads().map_err(broken);
        }
        self.writer.wait_merging_threads().map_err(broken)
    }

    fn commit(&mut self) -> Result<()> {
        if self.dirty {
            let mut commit = self.writer.prepare_commit().map_err(broken)?;
            commit.set_payload(&self.next.to_string());
            commit.commit().map_err(broken)?;
            self.dirty = false;
        }
        Ok(())
    }
}
