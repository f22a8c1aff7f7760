//! The searchable view on disk: one tantivy index (a split) per day of event time, and a cursor file beside them.
//!
//! Layout under the root: `format`, `days/<days since the epoch>/`, `cursor` (the follower's next index, decimal), and while the view is built anew the next
//! one under `beside/` (see [`switch`]). A split's commit carries the first index it does not hold, so replaying from an older cursor adds nothing twice.
//! Everything here can be rebuilt from the trail.

use super::{
    Digest, Events, Old, Sums,
    compile::{Plan, Window},
    counts::Counts,
    parallel, read,
    shared::Shared,
    split::broken,
    switch::{self, remove},
    walk::walk,
    write::{Writers, within},
};
use crate::{Result, StoreError};
use async_trait::async_trait;
use model::{
    Position, Scope,
    query::{After, Bucket, EventQuery, Facet, Field, Hit, IndexEntry, Page},
    time::day,
};
use std::{
    collections::BTreeMap,
    ops::Range,
    path::Path,
    sync::{Arc, PoisonError},
};
use uuid::Uuid;

/// The index of one ledger, under a directory of its own. Cheap to clone.
#[derive(Clone)]
pub struct Splits(Arc<Shared>);

impl Splits {
    /// Opens the splits under `root`, creating the directory if there is none. Errors: `Unavailable`, `Damaged`.
    pub async fn open(root: impl AsRef<Path>) -> Result<Self> {
        let root = root.as_ref().to_owned();
        tokio::task::spawn_blocking(move || Shared::open(root)).await.map_err(broken)?.map(Self::of)
    }

    /// Makes the roll-ups of all splits, which the first questions after a start would have to make, and removes files that an earlier process left
    /// over. It may be called at any time.
    pub fn warm(&self) -> Result<()> {
        let all = self.0.within(Window { from: None, until: None });
        parallel::each(&all, |split| split.tallies(&split.searcher()).map(drop))?;
        for split in all {
            let writers = self.0.writers();
            if !writers.holds(split.day) {
                split.sweep()?;
            }
        }
        Ok(())
    }

    pub(super) fn of(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    pub(super) fn shared(self) -> Arc<Shared> {
        self.0
    }

    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce(&Shared) -> Result<T> + Send + 'static) -> Result<T> {
        let shared = self.0.clone();
        tokio::task::spawn_blocking(move || work(&shared)).await.map_err(broken)?
    }
}

#[async_trait]
impl Events for Splits {
    async fn add(&self, entries: Vec<IndexEntry>) -> Result<()> {
        self.blocking(move |s| {
            let mut writers = s.writers();
            for entry in &entries {
                let day = day(entry.clear.time.micros);
                writers.add(day, entry, &s.columns, || s.split(day))?;
            }
            Ok(())
        })
        .await
    }

    async fn commit(&self, next: u64) -> Result<()> {
        self.blocking(move |s| {
            let mut writers = s.writers();
            for day in writers.commit()? {
                s.split(day)?.reload()?;
            }
            for day in writers.closed() {
                s.split(day)?.sweep()?;
            }
            s.put_cursor(next)
        })
        .await
    }

    async fn resume(&self) -> Result<u64> {
        self.blocking(|s| {
            let mut writers = s.writers();
            writers.forgive();
            if switch::is_decided(&s.root) {
                // A switch failed half-way.
                *writers = Writers::default();
                let _still = switch::lock(&s.root)?;
                s.take_over()?;
            }
            Ok(s.head())
        })
        .await
    }

    async fn clear(&self) -> Result<()> {
        self.blocking(|s| {
            let mut writers = s.writers();
            *writers = Writers::default();
            // The cursor first: an index that is empty with a cursor that is not would never be filled again.
            s.put_cursor(0)?;
            s.days.write().unwrap_or_else(PoisonError::into_inner).clear();
            let (days, dropped) = (s.root.join("days"), s.root.join("dropped"));
            std::fs::rename(&days, &dropped).and_then(|()| std::fs::create_dir(&days)).and_then(|()| std::fs::remove_dir_all(&dropped)).map_err(broken)
        })
        .await
    }

    async fn replace(&self, old: Old, entries: Vec<IndexEntry>) -> Result<()> {
        self.blocking(move |s| {
            let at = day(old.times.start);
            if entries.iter().any(|e| day(e.clear.time.micros) != at) || day(old.times.end - 1) != at {
                return Err(StoreError::Internal("events of several days are replaced one day after the other".into()));
            }
            let split = s.split(at)?;
            let mut writers = s.writers();
            writers.replace(&split, &old, &entries, &s.columns)?;
            split.reload()?;
            // Readers let go of the files of what was replaced only now.
            split.sweep()
        })
        .await
    }

    async fn remove(&self, indexes: &[Range<u64>]) -> Result<()> {
        let indexes = indexes.to_vec();
        self.blocking(move |s| {
            let mut writers = s.writers();
            for split in s.of_days(&s.all_days()) {
                // Of what is committed; an open writer of the day holds nothing that is not.
                split.reload()?;
                let searcher = split.searcher();
                let mut found = 0;
                for query in within(&indexes, &s.columns) {
                    found += query.count(&searcher).map_err(broken)?;
                }
                if found == 0 {
                    continue;
                }
                let left = writers.remove(&split, &indexes, &s.columns)?;
                split.reload()?;
                if left > 0 {
                    // Readers let go of the files of what was removed only now.
                    split.sweep()?;
                } else {
                    s.days.write().unwrap_or_else(PoisonError::into_inner).remove(&split.day);
                    remove(std::fs::remove_dir_all(s.root.join("days").join(split.day.to_string())))?;
                }
            }
            Ok(())
        })
        .await
    }

    async fn beside(&self, name: Option<Uuid>) -> Result<Option<Arc<dyn Events>>> {
        let beside = self.blocking(move |s| s.beside(name)).await?;
        Ok(beside.map(|splits| Arc::new(splits) as Arc<dyn Events>))
    }

    async fn switch(&self) -> Result<()> {
        self.blocking(|s| s.switch()).await
    }

    async fn drop_beside(&self) -> Result<()> {
        self.blocking(|s| s.drop_beside()).await
    }

    async fn days(&self) -> Result<Vec<i64>> {
        Ok(self.0.all_days())
    }

    async fn sums(&self, days: &[i64], below: u64) -> Result<Sums> {
        let days = days.to_vec();
        self.blocking(move |s| {
            let splits = s.of_days(&days);
            let every = 0..below;
            let parts = parallel::sums(&splits, |sums: &mut Sums, _, split| {
                walk(split, &s.columns, std::slice::from_ref(&every), &mut |index, digest| sums.add(index, &digest))
            })?;
            let mut sums = Sums::default();
            parts.iter().for_each(|part| sums.merge(part));
            Ok(sums)
        })
        .await
    }

    async fn digests(&self, within: &[Range<u64>], limit: usize) -> Result<Vec<(u64, Digest)>> {
        let within = within.to_vec();
        self.blocking(move |s| {
            let mut found = Vec::new();
            for split in s.of_days(&s.all_days()) {
                walk(&split, &s.columns, &within, &mut |index, digest| {
                    if found.len() < limit {
                        found.push((index, digest));
                    }
                })?;
            }
            found.sort_by_key(|(index, _)| *index);
            Ok(found)
        })
        .await
    }

    async fn search(&self, scope: &Scope, query: &EventQuery, after: Option<After>, limit: usize) -> Result<Page> {
        let (scope, query) = (scope.clone(), query.clone());
        self.blocking(move |s| {
            let head = after.map_or_else(|| s.head(), |a| a.head.min(s.head()));
            let mut plan = Plan::new(&scope, &query, head);
            if let Some(a) = after {
                plan = plan.before(a.time.saturating_add(1));
            }
            // One more than asked tells whether there is a next page.
            let mut hits = s.newest(&plan, after, limit + 1)?;
            let more = hits.len() > limit;
            hits.truncate(limit);
            let next = hits.last().filter(|_| more).map(|h| After { time: h.time, index: h.position.index, head });
            Ok(Page { hits, next })
        })
        .await
    }

    async fn count(&self, scope: &Scope, query: &EventQuery) -> Result<u64> {
        let plan = Plan::new(scope, query, self.0.head());
        self.blocking(move |s| {
            let counts = parallel::each(&s.within(plan.window), |split| read::count(split, &s.columns, &plan))?;
            Ok(counts.into_iter().sum())
        })
        .await
    }

    async fn facets(&self, scope: &Scope, query: &EventQuery, fields: &[Field], limit: usize) -> Result<Vec<Facet>> {
        let (plan, fields) = (Plan::new(scope, query, self.0.head()), fields.to_vec());
        self.blocking(move |s| {
            let totals = parallel::sums(&s.within(plan.window), |totals: &mut Vec<Counts>, _, split| {
                totals.resize_with(fields.len(), Counts::default);
                read::facets(split, &s.columns, &plan, &fields, totals)
            })?;
            let part = |n: usize| totals.iter().filter_map(|t| t.get(n)).collect::<Vec<_>>();
            fields.iter().enumerate().map(|(n, field)| Counts::facet(*field, &part(n), limit)).collect()
        })
        .await
    }

    async fn histogram(&self, scope: &Scope, query: &EventQuery, interval: i64) -> Result<Vec<Bucket>> {
        if interval <= 0 {
            return Err(StoreError::Internal(format!("a histogram's interval must be positive, not {interval}")));
        }
        let plan = Plan::new(scope, query, self.0.head());
        self.blocking(move |s| {
            let sums =
                parallel::sums(&s.within(plan.window), |bars: &mut BTreeMap<i64, Bucket>, _, split| read::histogram(split, &s.columns, &plan, interval, bars))?;
            let mut bars = BTreeMap::new();
            sums.into_iter().flat_map(BTreeMap::into_values).for_each(|bar| read::put(&mut bars, bar));
            Ok(bars.into_values().collect())
        })
        .await
    }

    async fn get(&self, scope: &Scope, position: &Position) -> Result<Option<Hit>> {
        let (plan, position) = (Plan::at(scope, position.index, self.0.head()), position.clone());
        self.blocking(move |s| Ok(s.newest(&plan, None, 1)?.pop().filter(|hit| hit.position == position))).await
    }
}
