//! One account, record or application, as the events within the reader's scope name it.

use super::{persons::filter, view::SubjectView};
use crate::{
    App, AppError, Caller, Operation, Result,
    events::{Viewer, render_many},
};
use model::{
    DAY, MINUTE, SECOND,
    query::{EventQuery, Field, Hit},
    time::rfc3339,
};
use serde_json::json;
use uuid::Uuid;

impl App {
    /// What is known of a subject from the events it acted in; of one that never did, from those it was acted on.
    pub async fn subject(&self, caller: &Caller, id: Uuid) -> Result<SubjectView> {
        let scope = self.read(caller, Operation::SubjectsRead, ("subject", id), json!({})).await?;
        let viewer = Viewer::new(caller.member.role, scope);
        for field in [Field::Actor, Field::Target] {
            let query = EventQuery { filters: vec![filter(field, id, false)], ..EventQuery::default() };
            if let Some(newest) = self.events.search(&viewer.scope, &query, None, 1).await?.hits.pop() {
                return self.render_subject(&viewer, id, field, query, newest).await;
            }
        }
        Err(AppError::not_found(format!("subject {id} in events")))
    }

    async fn render_subject(&self, viewer: &Viewer, id: Uuid, field: Field, query: EventQuery, newest: Hit) -> Result<SubjectView> {
        let last = newest.time;
        let event = render_many(self, viewer, vec![newest]).await?.pop();
        let event = event.ok_or_else(|| AppError::Internal("one event was rendered to none".into()))?;
        let (kind, label, object_type, person) = match (field, event.actor, event.target) {
            (Field::Actor, Some(actor), _) => (actor.kind, actor.label, None, actor.person),
            (_, _, Some(target)) => ("record".to_owned(), target.label, Some(target.object_type), None),
            _ => return Err(AppError::Internal(format!("the index finds subject {id} where its record names none; rebuild the index"))),
        };
        // The index answers newest first, so the oldest is found by ever finer bars.
        let mut first = query.clone();
        let mut begun = last;
        for interval in [DAY, MINUTE, SECOND] {
            if let Some(bar) = self.events.histogram(&viewer.scope, &first, interval).await?.first() {
                begun = bar.start;
                (first.from, first.until) = (Some(begun), Some(begun + interval));
            }
        }
        Ok(SubjectView {
            id,
            kind,
            label,
            object_type,
            source: event.source,
            person,
            first: Some(rfc3339(begun)),
            last: Some(rfc3339(last)),
            events: self.events.count(&viewer.scope, &query).await?,
        })
    }
}
