//! Erased subjects leave the searchable view: each of their events is written anew without what can no longer be opened.
//!
//! The view's own records are enough: the raw part, which the view does not hold, is sealed for all subjects of its event and ends with each.

use super::{index::entry, unsealed};
use crate::IntakeError;
use ledger::{Keyring, Tokenizer};
use model::{
    Scope, StoredEvent,
    directory::Attributed,
    query::{After, EventQuery, Field, Filter, Hit},
    time::day,
};
use std::sync::Arc;
use store::{
    StoreError,
    events::{Events, Old},
};
use uuid::Uuid;

/// Events written anew at once; a part of a day that holds more is done in several.
const AT_ONCE: usize = 20_000;
const PAGE: usize = 2_000;

/// Does it; how many events were written anew. An event in which two of the subjects meet is counted for each side.
pub(super) async fn erase(
    events: &dyn Events,
    keyring: &Arc<Keyring>,
    subjects: &[Uuid],
    progress: &(dyn Fn(u64, u64) + Send + Sync),
) -> Result<u64, IntakeError> {
    let values: Vec<String> = subjects.iter().map(Uuid::to_string).collect();
    let query = |field| EventQuery { filters: vec![Filter { field, values: values.clone(), exclude: false }], ..EventQuery::default() };
    let sides = [Field::Actor, Field::Target];
    let mut total = 0;
    for side in sides {
        total += events.count(&Scope::everything(), &query(side)).await?;
    }
    let mut done = 0;
    progress(done, total);
    for side in sides {
        let mut pieces = Pieces { events, query: query(side), after: None, ended: false, waiting: Vec::new() };
        while let Some(hits) = pieces.next().await? {
            let times = hits.iter().map(|h| h.time).min().unwrap_or(0)..hits.iter().map(|h| h.time).max().unwrap_or(0) + 1;
            let count = hits.len() as u64;
            let entries = entries(keyring, hits).await?;
            events.replace(Old { field: side, values: values.clone(), times }, entries).await?;
            done += count;
            progress(done, total.max(done));
        }
    }
    Ok(done)
}

/// The events of a question, newest first, in pieces that lie within a day and end between two event times.
struct Pieces<'a> {
    events: &'a dyn Events,
    query: EventQuery,
    after: Option<After>,
    ended: bool,
    waiting: Vec<Hit>,
}

impl Pieces<'_> {
    async fn next(&mut self) -> Result<Option<Vec<Hit>>, IntakeError> {
        loop {
            if let Some(end) = self.piece() {
                let rest = self.waiting.split_off(end);
                return Ok(Some(std::mem::replace(&mut self.waiting, rest)));
            }
            if self.ended {
                return Ok(None);
            }
            let page = self.events.search(&Scope::everything(), &self.query, self.after, PAGE).await?;
            (self.after, self.ended) = (page.next, page.next.is_none());
            self.waiting.extend(page.hits);
        }
    }

    /// Where the first piece ends, if it is known to be whole.
    fn piece(&self) -> Option<usize> {
        let first = self.waiting.first()?.time;
        let today = self.waiting.iter().take_while(|h| day(h.time) == day(first)).count();
        let next_time = |from: usize| self.waiting[from..].iter().position(|h| h.time != self.waiting[from - 1].time).map(|more| from + more);
        match today {
            n if n > AT_ONCE => next_time(AT_ONCE).filter(|end| *end <= n).or((self.ended || n < self.waiting.len()).then_some(n)),
            n if n < self.waiting.len() || self.ended => Some(n),
            _ => None,
        }
    }
}

async fn entries(keyring: &Arc<Keyring>, hits: Vec<Hit>) -> Result<Vec<model::query::IndexEntry>, IntakeError> {
    let damaged = |hit: &Hit, why: String| StoreError::Damaged { what: format!("the index's record of {}", hit.position), why };
    let stored: Vec<StoredEvent> =
        hits.iter().map(|hit| StoredEvent::decode(&hit.record).map(|(stored, _)| stored).map_err(|e| damaged(hit, e.to_string()))).collect::<Result<_, _>>()?;
    let first = hits.first().map_or(0, |h| h.position.index);
    let (stored, opened) = unsealed::open(keyring, first, stored).await?;
    let mut tokenizer = Tokenizer::new(keyring);
    // The closed parts stay, as in the trail: they say that something was there.
    let of = |((hit, stored), opened): ((Hit, StoredEvent), ledger::Opened)| {
        let whom = Attributed { person: hit.person, department: hit.department };
        entry(&mut tokenizer, hit.position, stored, opened, whom)
    };
    Ok(hits.into_iter().zip(stored).zip(opened).map(of).collect())
}
