//! Finding, reading and proving events. Every read takes the reader's scope to the index and masks by his role.

pub use query::{Asked, When};
pub use render::{Sight, Viewer, hit_of, render_detail, render_many};
pub use view::{EventCount, EventDetail, EventPage, EventView, Facets, Histogram, ProofView, SourceRef};

mod bars;
pub(crate) mod cursor;
mod facets;
pub(crate) mod labels;
pub mod live;
mod proof;
mod query;
pub(crate) mod render;
mod resolve;
pub mod sentence;
#[cfg(test)]
mod tests;
pub mod view;

use crate::{App, AppError, Caller, FieldProblem, Operation};
use model::{
    DAY, Micros, Position, Scope,
    query::{After, EventQuery},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Instant;

/// What a cursor of a search carries: where the page ended, and what relative times meant on the first page.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Continue {
    after: After,
    from: Option<Micros>,
    until: Option<Micros>,
}

/// Names the kept search that is being run, for the trail.
const KEPT: &str = "search";

impl App {
    /// A page of events, newest first. `query` is the raw query string.
    pub async fn search_events(&self, caller: &Caller, query: &str) -> Result<EventPage, AppError> {
        let asked = Asked::parse(query, &[KEPT])?;
        self.looking(caller, &asked, async |viewer| self.event_page(&viewer, &asked).await).await
    }

    /// The member's own events: those of the person he is.
    pub async fn own_events(&self, caller: &Caller, query: &str) -> Result<EventPage, AppError> {
        let asked = Asked::parse(query, &[])?;
        let scope = caller.member.person.map_or_else(Scope::nothing, Scope::person);
        let viewer = Viewer { scope, sight: Sight::ALL };
        self.reading(caller, Operation::OwnEvents, (), json!({ "query": asked.canonical }), async |_| self.event_page(&viewer, &asked).await).await
    }

    /// A page for a reader already authorised.
    pub async fn event_page(&self, viewer: &Viewer, asked: &Asked) -> Result<EventPage, AppError> {
        let started = Instant::now();
        let mut query = resolve::resolve(self, viewer, asked, self.now()).await?;
        let scope = serde_json::to_vec(&viewer.scope).map_err(|e| AppError::Internal(e.to_string()))?;
        let bound = [b"events".as_slice(), asked.canonical.as_bytes(), &scope];
        let mut after = None;
        if let Some(text) = &asked.cursor {
            let at: Continue = cursor::open(&self.keyring, &bound, text)?;
            (query.from, query.until, after) = (at.from, at.until, Some(at.after));
        }
        let page = self.events.search(&viewer.scope, &query, after, asked.limit).await?;
        let next = page.next.map(|after| Continue { after, from: query.from, until: query.until });
        let next = next.map(|next| cursor::seal(&self.keyring, &bound, &next)).transpose()?;
        let items = render_many(self, viewer, page.hits).await?;
        Ok(EventPage { items, next, took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX) })
    }

    pub async fn count_events(&self, caller: &Caller, query: &str) -> Result<EventCount, AppError> {
        let asked = Asked::parse(query, &[])?;
        let count = async |viewer: Viewer| {
            let query = resolve::resolve(self, &viewer, &asked, self.now()).await?;
            Ok::<_, AppError>(EventCount { count: self.events.count(&viewer.scope, &query).await? })
        };
        self.looking(caller, &asked, count).await
    }

    /// Bars of the events asked for; `interval_secs` may be named.
    pub async fn event_histogram(&self, caller: &Caller, query: &str) -> Result<Histogram, AppError> {
        let asked = Asked::parse(query, &["interval_secs"])?;
        let bars = async |viewer: Viewer| {
            let resolved = resolve::resolve(self, &viewer, &asked, self.now()).await?;
            let interval = asked.further.get("interval_secs").map(|text| query::number::<i64>(text)).transpose();
            let interval = interval.map_err(|detail| AppError::Invalid(vec![FieldProblem::new("interval_secs", detail)]))?;
            self.bars(&viewer.scope, resolved, interval).await
        };
        self.looking(caller, &asked, bars).await
    }

    /// Bars for a question already resolved. A side of the time that is open ends where the events do.
    pub(crate) async fn bars(&self, scope: &Scope, mut query: EventQuery, interval_secs: Option<i64>) -> Result<Histogram, AppError> {
        let (mut days, now) = (Vec::new(), self.now());
        if query.from.is_none() || query.until.is_none() {
            days = self.events.histogram(scope, &query, DAY).await?;
            query.from = query.from.or(days.first().map(|b| b.start)).or(Some(now - DAY));
            query.until = query.until.or(days.last().map(|b| (b.start + DAY).min(now.max(b.start + 1))));
        }
        let (from, until) = (query.from.unwrap_or_default(), query.until.unwrap_or_else(|| self.now()));
        let interval = match interval_secs {
            Some(asked) => bars::check_interval(asked, from, until).map_err(|d| AppError::Invalid(vec![FieldProblem::new("interval_secs", d)]))?,
            None => bars::interval_secs(from, until),
        };
        // Bars of days were just found, unless the last day's end was cut off.
        let found = interval * model::SECOND == DAY && days.last().is_some_and(|b| b.start + DAY <= until);
        let buckets = if found { days } else { self.events.histogram(scope, &query, interval * model::SECOND).await? };
        Ok(bars::fill(buckets, from, until, interval))
    }

    /// One event with everything the reader may see of it.
    pub async fn event(&self, caller: &Caller, position: &str) -> Result<EventDetail, AppError> {
        let position = read_position(position)?;
        let scope = self.read(caller, Operation::EventsRead, &position, json!({})).await?;
        let viewer = Viewer::new(caller.member.role, scope);
        let hit = self.events.get(&viewer.scope, &position).await?;
        let hit = hit.ok_or_else(|| AppError::NotFound { what: format!("event {position}") })?;
        let reveals = self.own_reveals(caller.member.id, &position).await?;
        let (detail, shown_by) = render_detail(self, &viewer, hit.clone(), &reveals).await?;
        if shown_by.is_empty() {
            return Ok(detail);
        }
        // Revealed values leave only once it is recorded that they do; without that the event is as masked as for everybody else.
        match self.read(caller, Operation::EventsReveal, &position, json!({ "shown": shown_by })).await {
            Ok(_) => Ok(detail),
            Err(AppError::SelfLedger(_) | AppError::Forbidden { .. }) => Ok(render_detail(self, &viewer, hit, &[]).await?.0),
            Err(other) => Err(other),
        }
    }

    /// Authorises a search and runs it for its reader while it is being recorded.
    async fn looking<T>(&self, caller: &Caller, asked: &Asked, work: impl AsyncFnOnce(Viewer) -> Result<T, AppError>) -> Result<T, AppError> {
        let role = caller.member.role;
        let detail = json!({ "query": asked.canonical });
        self.reading(caller, Operation::EventsSearch, (), detail, async |scope| work(Viewer::new(role, scope)).await).await
    }

    /// Authorises an event query and makes the reader of it.
    async fn viewer(&self, caller: &Caller, operation: Operation, canonical: &str) -> Result<Viewer, AppError> {
        let scope = self.read(caller, operation, (), json!({ "query": canonical })).await?;
        Ok(Viewer::new(caller.member.role, scope))
    }

    /// The reader of live events and of what else passes by.
    pub async fn live_viewer(&self, caller: &Caller, query: &str) -> Result<(Viewer, EventQuery), AppError> {
        let asked = Asked::parse(query, &[])?;
        let viewer = self.viewer(caller, Operation::EventsLive, &asked.canonical).await?;
        let query = resolve::resolve(self, &viewer, &asked, self.now()).await?;
        Ok((viewer, query))
    }
}

/// Resolves a question for a reader, relative times counted from now.
pub(crate) async fn resolve_for(app: &App, viewer: &Viewer, asked: &Asked) -> Result<EventQuery, AppError> {
    resolve::resolve(app, viewer, asked, app.now()).await
}

pub(crate) fn read_position(text: &str) -> Result<Position, AppError> {
    text.parse().map_err(|detail| AppError::Invalid(vec![FieldProblem::new("position", detail)]))
}
