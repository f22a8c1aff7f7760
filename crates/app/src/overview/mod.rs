//! The first page: how much happened, what is open, how the sources and ledgers are.

use crate::{
    App, AppError, Caller, Operation,
    alerts::AlertView,
    events::{Asked, Histogram, Viewer, render_many, resolve_for, view::ActorView},
    sources::SourceHealth,
};
use model::{
    AlertStatus, Scope, Severity,
    query::{EventQuery, Field, Filter},
};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use store::records::{AlertQuery, Alerts};
use utoipa::ToSchema;

const TOP_ACTORS: usize = 8;
/// Events of one actor whose rows are summed.
const SUMMED: usize = 2_000;
const NEWEST_ALERTS: usize = 5;

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct TopActor {
    pub actor: ActorView,
    pub events: u64,
    /// Rows of the newest events of this actor in the time shown.
    pub rows: u64,
}

/// Without the ledgers, which `api` adds.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Overview {
    pub events_total: u64,
    pub histogram: Histogram,
    pub alerts_open: BTreeMap<&'static str, u64>,
    /// The newest that are not closed.
    pub alerts: Vec<AlertView>,
    pub sources: Vec<SourceHealth>,
    pub top_actors: Vec<TopActor>,
}

impl App {
    /// `?from=&until=`; the last 24 hours unless said otherwise. Everything in it is within the reader's scope; sources are shown whole
    /// to those who see everything.
    pub async fn overview(&self, caller: &Caller, query: &str) -> Result<Overview, AppError> {
        let query = if query.contains("from=") { query.to_owned() } else { format!("from=-24h&{query}") };
        let asked = Asked::parse(&query, &[])?;
        let scope = self.read(caller, Operation::OverviewRead, (), json!({ "query": asked.canonical })).await?;
        let viewer = Viewer::new(caller.member.role, scope);
        let mut query = resolve_for(self, &viewer, &asked).await?;
        query.until = query.until.or(Some(self.now() + model::SECOND));
        let mut alerts_open: BTreeMap<&'static str, u64> = Severity::ALL.into_iter().map(|s| (s.name(), 0)).collect();
        for (severity, count) in self.records.count_open_alerts(&viewer.scope).await? {
            alerts_open.insert(severity.name(), count);
        }
        let mut newest = Vec::new();
        for status in [AlertStatus::New, AlertStatus::InProgress] {
            newest
                .extend(self.records.alerts(&viewer.scope, &AlertQuery { status: Some(status), limit: NEWEST_ALERTS as u64, ..AlertQuery::default() }).await?);
        }
        newest.sort_by_key(|alert| std::cmp::Reverse((alert.opened, alert.id)));
        newest.truncate(NEWEST_ALERTS);
        let whole = viewer.scope == Scope::everything();
        Ok(Overview {
            events_total: self.events.count(&viewer.scope, &query).await?,
            histogram: self.bars(&viewer.scope, query.clone(), None).await?,
            alerts_open,
            alerts: self.render_alerts(&viewer, &newest).await?,
            sources: if whole { self.source_health().await? } else { Vec::new() },
            top_actors: self.top_actors(&viewer, &query).await?,
        })
    }

    async fn top_actors(&self, viewer: &Viewer, query: &EventQuery) -> Result<Vec<TopActor>, AppError> {
        let facet = self.events.facets(&viewer.scope, query, &[Field::Actor], TOP_ACTORS).await?.pop();
        let mut top = Vec::new();
        for counted in facet.into_iter().flat_map(|f| f.values) {
            let mut of_actor = query.clone();
            of_actor.filters.push(Filter { field: Field::Actor, values: vec![counted.value], exclude: false });
            let newest = self.events.search(&viewer.scope, &of_actor, None, 1).await?.hits;
            let Some(actor) = render_many(self, viewer, newest).await?.pop().and_then(|e| e.actor) else { continue };
            of_actor.min_rows = Some(1);
            let moved = self.events.search(&viewer.scope, &of_actor, None, SUMMED).await?.hits;
            let rows = moved.iter().filter_map(|hit| model::StoredEvent::decode(&hit.record).ok()?.0.clear().ok()?.rows).sum();
            top.push(TopActor { actor, events: counted.count, rows });
        }
        Ok(top)
    }
}
