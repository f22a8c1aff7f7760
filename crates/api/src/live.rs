//! Server-sent events: what happens, as it happens, to each reader what he may see.

use crate::{
    Server,
    openapi::EventQueryParams,
    problem::{Problem, Result},
    signed::Signed,
};
use app::{
    Operation,
    events::{Viewer, hit_of, live::matches, render_many},
};
use axum::{
    extract::{RawQuery, State},
    response::sse::{Event, KeepAlive, Sse},
};
use futures::Stream;
use model::query::{EventQuery, IndexEntry};
use serde::Serialize;
use serde_json::json;
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::sync::broadcast::{self, error::RecvError, error::TryRecvError};
use tokio_stream::wrappers::ReceiverStream;
use uuid::Uuid;

/// Events sent to one reader at once; more in one beat are counted as missed, and the page reads them by search.
const PER_BEAT: usize = 50;
const BEAT: Duration = Duration::from_millis(250);
/// Messages that wait for a slow reader.
const QUEUE: usize = 64;
/// A session is looked at again this often: who lost his access stops seeing.
const RECHECK: Duration = Duration::from_secs(10);

/// Where the followers say what is new.
#[derive(Clone)]
pub struct Live {
    /// Events as they become searchable.
    pub entries: broadcast::Sender<Arc<IndexEntry>>,
    /// Alerts opened or changed.
    pub alerts: broadcast::Sender<Uuid>,
}

/// `event` (an event in scope that matches the question), `alert`, `checkpoint` (both ledgers, each second), `lagged` (`{missed}`).
#[utoipa::path(get, path = "/live", tag = "events", operation_id = "events.live", params(EventQueryParams), responses((status = 200, content_type = "text/event-stream", body = String), (status = "default", body = Problem)))]
pub async fn stream(
    State(server): State<Server>,
    Signed(caller): Signed,
    RawQuery(query): RawQuery,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let (viewer, query) = server.app.live_viewer(&caller, &query.unwrap_or_default()).await?;
    let (out, messages) = tokio::sync::mpsc::channel(QUEUE);
    let entries = server.live.entries.subscribe();
    let alerts = server.live.alerts.subscribe();
    let alerted = server.app.scope_of(&caller, Operation::AlertsList).await.is_ok();
    tokio::spawn(async move {
        let mut reader = Reader { server, caller, viewer, query, entries, alerts, alerted, out };
        // Ends when the reader is gone or may no longer see.
        let _ended = reader.run().await;
    });
    Ok(Sse::new(ReceiverStream::new(messages)).keep_alive(KeepAlive::default()))
}

struct Gone;

struct Reader {
    server: Server,
    caller: app::Caller,
    viewer: Viewer,
    query: EventQuery,
    entries: broadcast::Receiver<Arc<IndexEntry>>,
    alerts: broadcast::Receiver<Uuid>,
    alerted: bool,
    out: tokio::sync::mpsc::Sender<Result<Event, Infallible>>,
}

impl Reader {
    async fn run(&mut self) -> Result<(), Gone> {
        let mut beat = tokio::time::interval(BEAT);
        let mut recheck = tokio::time::interval(RECHECK);
        let mut checkpoint = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                _ = beat.tick() => self.events().await?,
                _ = checkpoint.tick() => self.checkpoint().await?,
                _ = recheck.tick() => {
                    self.caller = self.server.app.still_in(&self.caller).await.map_err(|_| Gone)?.ok_or(Gone)?;
                    let scope = self.server.app.scope_of(&self.caller, Operation::EventsLive).await.map_err(|_| Gone)?;
                    self.viewer.scope = scope;
                }
                id = self.alerts.recv(), if self.alerted => match id {
                    Ok(id) => self.alert(id).await?,
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return Err(Gone),
                },
                () = self.out.closed() => return Err(Gone),
            }
        }
    }

    async fn events(&mut self) -> Result<(), Gone> {
        let (mut hits, mut missed) = (Vec::new(), 0);
        loop {
            match self.entries.try_recv() {
                Ok(entry) if self.viewer.admits(&entry) && matches(&self.query, &entry) => {
                    if hits.len() < PER_BEAT {
                        hits.push(hit_of(&entry))
                    } else {
                        missed += 1
                    }
                }
                Ok(_) => {}
                Err(TryRecvError::Lagged(n)) => missed += n,
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Closed) => return Err(Gone),
            }
        }
        if !hits.is_empty() {
            match render_many(&self.server.app, &self.viewer, hits).await {
                Ok(views) => {
                    for view in views {
                        self.send("event", &view).await?;
                    }
                }
                Err(error) => tracing::warn!(%error, "live events could not be rendered"),
            }
        }
        if missed > 0 { self.send("lagged", &json!({ "missed": missed })).await } else { Ok(()) }
    }

    async fn alert(&mut self, id: Uuid) -> Result<(), Gone> {
        match self.server.app.live_alert(&self.viewer, id).await {
            Ok(Some(alert)) => self.send("alert", &alert).await,
            Ok(None) => Ok(()),
            Err(error) => {
                tracing::warn!(%error, "a live alert could not be rendered");
                Ok(())
            }
        }
    }

    async fn checkpoint(&mut self) -> Result<(), Gone> {
        match self.server.app.ledger_states().await {
            Ok(states) => self.send("checkpoint", &json!({ "items": states })).await,
            Err(_) => Ok(()),
        }
    }

    async fn send(&self, name: &str, data: &impl Serialize) -> Result<(), Gone> {
        let event = Event::default().event(name).json_data(data).map_err(|_| Gone)?;
        self.out.send(Ok(event)).await.map_err(|_| Gone)
    }
}
