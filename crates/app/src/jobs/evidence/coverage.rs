//! How far the period is covered: what every stream delivered in it, and what of that could not be read.

use crate::{
    App, AppError, Result,
    events::{SourceRef, Viewer},
};
use model::{
    DAY, HOUR, MINUTE, Micros, Reach, SECOND, Scope, StoredEvent,
    query::{EventQuery, Field, Filter, Hit},
    source::StreamHealth,
    time::rfc3339,
};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use store::records::Sources;
use uuid::Uuid;

/// Records or quarantined items read at a time.
const PAGE: usize = 500;
/// Quarantined items looked at; beyond, those of the period are not counted.
const MOST_QUARANTINED: usize = 100_000;

/// One stream of one source.
#[derive(Debug, Serialize)]
pub(super) struct Coverage {
    source: SourceRef,
    stream: String,
    /// Records of this stream in the pack.
    records_in_pack: u64,
    /// Events inside the period that the asker may see, whatever else was asked for.
    events_in_period: u64,
    /// The first of these by event time, and the last.
    first: Option<Came>,
    last: Option<Came>,
    /// Records received inside the period that could not be read; `null`: too many wait to be counted.
    quarantined_in_period: Option<u64>,
    /// Since the source was connected.
    quarantined_ever: u64,
    /// Records that came again and were not kept twice, since the source was connected.
    duplicates_ever: u64,
}

/// When an event happened, and when it was received.
#[derive(Debug, Serialize)]
struct Came {
    time: String,
    received: String,
}

impl Coverage {
    /// Of every stream that the question does not leave out. Who may not see everything hears of those alone that he sees events of.
    pub async fn of(app: &App, viewer: &Viewer, query: &EventQuery, in_pack: &BTreeMap<(Uuid, String), u64>) -> Result<Vec<Self>> {
        let scope = &viewer.scope;
        let period = EventQuery { from: query.from.max(scope.from), until: earlier(query.until, scope.until), ..EventQuery::default() };
        let sources: HashMap<Uuid, SourceRef> =
            app.records.sources().await?.into_iter().map(|s| (s.id, SourceRef { id: s.id, name: s.name, title: s.title })).collect();
        let quarantined = quarantined(app, &period).await?;
        let mut all = Vec::new();
        for health in app.trail.counts().await?.into_iter().filter(|health| asked(scope, query, health)) {
            let filter = |field, value: &str| Filter { field, values: vec![value.to_owned()], exclude: false };
            let filters = vec![filter(Field::Source, &health.source.to_string()), filter(Field::Stream, &health.stream)];
            let of_stream = EventQuery { filters, ..period.clone() };
            let key = (health.source, health.stream);
            let events_in_period = app.events.count(scope, &of_stream).await?;
            if events_in_period == 0 && scope.reach != Reach::Everything {
                continue;
            }
            all.push(Self {
                source: sources.get(&key.0).cloned().unwrap_or_else(|| crate::events::render::unknown_source(key.0)),
                records_in_pack: in_pack.get(&key).copied().unwrap_or(0),
                events_in_period,
                first: oldest(app, scope, of_stream.clone()).await?.as_ref().map(came).transpose()?,
                last: app.events.search(scope, &of_stream, None, 1).await?.hits.first().map(came).transpose()?,
                quarantined_in_period: quarantined.as_ref().map(|all| all.get(&key).copied().unwrap_or(0)),
                quarantined_ever: health.quarantined,
                duplicates_ever: health.duplicates,
                stream: key.1,
            });
        }
        Ok(all)
    }
}

fn earlier(a: Option<Micros>, b: Option<Micros>) -> Option<Micros> {
    a.into_iter().chain(b).min()
}

/// Whether the question, and what the asker may see, let records of this stream in.
fn asked(scope: &Scope, query: &EventQuery, health: &StreamHealth) -> bool {
    let source = health.source.to_string();
    let admits = |filter: &Filter| match filter.field {
        Field::Source => filter.values.contains(&source) != filter.exclude,
        Field::Stream => filter.values.contains(&health.stream) != filter.exclude,
        _ => true,
    };
    scope.sources.as_ref().is_none_or(|s| s.contains(&health.source)) && query.filters.iter().all(admits)
}

fn came(hit: &Hit) -> Result<Came> {
    let damaged =
        |why: model::stored::StoredError| AppError::Internal(format!("the index's record of {} cannot be read: {why}; rebuild the index", hit.position));
    let clear = StoredEvent::decode(&hit.record).and_then(|(stored, _)| stored.clear()).map_err(damaged)?;
    Ok(Came { time: rfc3339(clear.time.micros), received: rfc3339(clear.received) })
}

/// The first event by event time. Searches answer the newest first, so bars, ever shorter ones, lead to it.
async fn oldest(app: &App, scope: &Scope, mut query: EventQuery) -> Result<Option<Hit>> {
    for interval in [DAY, HOUR, MINUTE, SECOND] {
        let Some(first) = app.events.histogram(scope, &query, interval).await?.first().copied() else { return Ok(None) };
        query.from = query.from.max(Some(first.start));
        query.until = earlier(query.until, Some(first.start + interval));
    }
    let (mut next, mut last) = (None, None);
    loop {
        let page = app.events.search(scope, &query, next, PAGE).await?;
        last = page.hits.into_iter().next_back().or(last);
        next = page.next;
        if next.is_none() {
            return Ok(last);
        }
    }
}

/// Records quarantined inside the period, by receive time.
async fn quarantined(app: &App, period: &EventQuery) -> Result<Option<BTreeMap<(Uuid, String), u64>>> {
    let (mut counts, mut before, mut seen) = (BTreeMap::new(), None, 0);
    loop {
        let page = app.trail.quarantined(None, before, PAGE as u64).await?;
        for item in page.iter().filter(|i| period.from.is_none_or(|from| i.received >= from) && period.until.is_none_or(|until| i.received < until)) {
            *counts.entry((item.source, item.stream.clone())).or_default() += 1;
        }
        seen += page.len();
        before = page.last().map(|item| item.id);
        if page.len() < PAGE {
            return Ok(Some(counts));
        }
        if seen >= MOST_QUARANTINED {
            return Ok(None);
        }
    }
}
