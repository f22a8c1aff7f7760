//! What all clones of an index share: the open splits, their writers, the cursor, and the view that is built beside.

use super::{
    compile::{Plan, Window},
    parallel,
    read::{self, Found, Newest},
    split::{Columns, FORMAT, Split, broken},
    splits::Splits,
    switch::{self, BESIDE, remove},
    write::Writers,
};
use crate::{Result, StoreError};
use model::{
    query::{After, Hit},
    time::day,
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};
use uuid::Uuid;

pub(super) struct Shared {
    pub root: PathBuf,
    pub columns: Columns,
    pub days: RwLock<BTreeMap<i64, Arc<Split>>>,
    /// As in the cursor file. Reads leave out what is not below it, so a page never shows half a commit.
    pub next: AtomicU64,
    pub writers: Mutex<Writers>,
    /// The view that is being built beside this one, once it was asked for.
    pub beside: Mutex<Option<Splits>>,
}

impl Shared {
    pub fn open(root: PathBuf) -> Result<Self> {
        std::fs::create_dir_all(&root).map_err(broken)?;
        let columns = Columns::new();
        let _still = switch::lock(&root)?;
        if switch::is_decided(&root) {
            switch::complete(&root)?;
            switch::clean(&root)?;
        }
        remove(std::fs::remove_dir_all(root.join("dropped")))?;
        let format = root.join("format");
        if std::fs::read_to_string(&format).ok().as_deref() != Some(FORMAT) {
            // The cursor first: an index that is empty with a cursor that is not would never be filled again.
            remove(std::fs::remove_file(root.join("cursor")))?;
            remove(std::fs::remove_dir_all(root.join("days")))?;
            std::fs::write(&format, FORMAT).map_err(broken)?;
        }
        std::fs::create_dir_all(root.join("days")).map_err(broken)?;
        let (next, days) = read_root(&root, &columns)?;
        let (days, next, writers) = (RwLock::new(days), AtomicU64::new(next), Mutex::new(Writers::default()));
        Ok(Self { root, columns, days, next, writers, beside: Mutex::default() })
    }

    pub fn beside(&self, name: Option<Uuid>) -> Result<Option<Splits>> {
        let mut beside = self.beside.lock().unwrap_or_else(PoisonError::into_inner);
        let (path, named) = (self.root.join(BESIDE), self.root.join(BESIDE).join("name"));
        let begun = std::fs::read_to_string(&named).ok();
        let Some(name) = name.map(|name| name.to_string()).or_else(|| begun.clone()) else { return Ok(None) };
        if begun.as_ref() != Some(&name) {
            *beside = None;
            remove(std::fs::remove_dir_all(&path))?;
            std::fs::create_dir_all(&path).and_then(|()| std::fs::write(&named, &name)).map_err(broken)?;
        }
        if beside.is_none() {
            *beside = Some(Splits::of(Self::open(path)?));
        }
        Ok(beside.clone())
    }

    pub fn drop_beside(&self) -> Result<()> {
        let mut beside = self.beside.lock().unwrap_or_else(PoisonError::into_inner);
        *beside = None;
        remove(std::fs::remove_dir_all(self.root.join(BESIDE)))
    }

    pub fn switch(&self) -> Result<()> {
        let mut beside = self.beside.lock().unwrap_or_else(PoisonError::into_inner);
        let built = beside.take().ok_or_else(|| StoreError::Internal("no view was built beside this one".into()))?.shared();
        let closed = built.writers().close()?;
        for day in closed {
            let split = built.split(day)?;
            split.reload()?;
            split.sweep()?;
        }
        // Of an empty trail there is none yet.
        built.put_cursor(built.head())?;
        drop(built);
        let mut writers = self.writers();
        *writers = Writers::default();
        let _still = switch::lock(&self.root)?;
        switch::decide(&self.root)?;
        self.take_over()
    }

    /// Opens what was decided to be the view. Whoever calls it holds the writers, none of which is open, and the lock.
    pub fn take_over(&self) -> Result<()> {
        switch::complete(&self.root)?;
        let (next, days) = read_root(&self.root, &self.columns)?;
        // What the first questions would have to wait for.
        let all: Vec<Arc<Split>> = days.values().cloned().collect();
        parallel::each(&all, |split| split.tallies(&split.searcher()).map(drop))?;
        // The splits first: a reader with the old head leaves out what is above it.
        *self.days.write().unwrap_or_else(PoisonError::into_inner) = days;
        self.next.store(next, Ordering::Release);
        switch::clean(&self.root)
    }

    pub fn of_days(&self, days: &[i64]) -> Vec<Arc<Split>> {
        let all = self.days.read().unwrap_or_else(PoisonError::into_inner);
        days.iter().filter_map(|day| all.get(day).cloned()).collect()
    }

    pub fn all_days(&self) -> Vec<i64> {
        self.days.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    pub fn writers(&self) -> MutexGuard<'_, Writers> {
        self.writers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn split(&self, day: i64) -> Result<Arc<Split>> {
        if let Some(split) = self.days.read().unwrap_or_else(PoisonError::into_inner).get(&day) {
            return Ok(split.clone());
        }
        let parent = self.root.join("days");
        let path = parent.join(day.to_string());
        std::fs::create_dir_all(&path).map_err(broken)?;
        std::fs::File::open(&parent).and_then(|d| d.sync_all()).map_err(broken)?;
        let split = Arc::new(Split::open(&path, day, &self.columns)?);
        self.days.write().unwrap_or_else(PoisonError::into_inner).insert(day, split.clone());
        Ok(split)
    }

    /// Splits that can hold events of the window, newest first.
    pub fn within(&self, window: Window) -> Vec<Arc<Split>> {
        let days = self.days.read().unwrap_or_else(PoisonError::into_inner);
        let (from, until) = (window.from.map_or(i64::MIN, day), window.until.map_or(i64::MAX, day));
        days.iter().rev().filter(|(d, _)| (from..=until).contains(*d)).map(|(_, s)| s.clone()).collect()
    }

    /// The `limit` newest events of the plan, newest first: the newest day first, then ever more days at once, until there are enough.
    pub fn newest(&self, plan: &Plan, after: Option<After>, limit: usize) -> Result<Vec<Hit>> {
        let splits = self.within(plan.window);
        let (mut found, mut next, mut days): (Vec<(Arc<Newest>, Found)>, usize, usize) = (Vec::new(), 0, 1);
        while next < splits.len() && found.len() < limit {
            let wave = &splits[next..splits.len().min(next + days)];
            for newest in parallel::each(wave, |split| read::newest(split, &self.columns, plan, after, limit))? {
                let newest = Arc::new(newest);
                found.extend(newest.found.iter().map(|f| (newest.clone(), *f)));
            }
            (next, days) = (next + wave.len(), days * 2);
        }
        found.truncate(limit);
        parallel::each(&found, |(newest, found)| newest.hit(&self.columns, found))
    }

    pub fn put_cursor(&self, next: u64) -> Result<()> {
        use std::io::Write;
        let fresh = self.root.join("cursor.new");
        let write = || {
            let mut file = std::fs::File::create(&fresh)?;
            file.write_all(next.to_string().as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&fresh, self.root.join("cursor"))?;
            std::fs::File::open(&self.root)?.sync_all()
        };
        write().map_err(broken)?;
        self.next.store(next, Ordering::Release);
        Ok(())
    }

    pub fn head(&self) -> u64 {
        self.next.load(Ordering::Acquire)
    }
}

/// The cursor and the splits under a root. The cursor first: splits that are opened after it hold at least what it says.
fn read_root(root: &Path, columns: &Columns) -> Result<(u64, BTreeMap<i64, Arc<Split>>)> {
    let next = match std::fs::read_to_string(root.join("cursor")) {
        Ok(text) => text.trim().parse().map_err(|_| StoreError::Damaged { what: "cursor of the event index".into(), why: format!("'{text}'") })?,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => 0,
        Err(e) => return Err(broken(e)),
    };
    let mut days = BTreeMap::new();
    for entry in std::fs::read_dir(root.join("days")).map_err(broken)? {
        let path = entry.map_err(broken)?.path();
        if let Some(day) = path.file_name().and_then(|n| n.to_str()).and_then(|n| n.parse().ok()) {
            days.insert(day, Arc::new(Split::open(&path, day, columns)?));
        }
    }
    Ok((next, days))
}
