//! From hits to what one reader sees: parts opened in bulk, labels looked up in bulk, personal values masked by the reader's role.

use super::{
    labels::Labels,
    sentence::{Words, sentence},
    view::{ActivityView, ActorView, ClassView, EventDetail, EventView, MASK, SourceRef, TargetView},
};
use crate::{App, AppError, masking::sight::Eyes};
use ledger::Opened;
use model::{Actor, ActorKind, Event, Reveal, Role, Scope, StoredEvent, TimeConfidence, position::ACTIVITY, query::Hit, query::IndexEntry, time::rfc3339};
use serde_json::Value;
use uuid::Uuid;

/// Which personal values a role sees of the events in its scope. Raw records and changed values are masked by the classes of their fields
/// ([`crate::masking`]), and wholly for those who may not see what was acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sight {
    /// Names of who acted.
    pub actors: bool,
    /// Labels of what was acted on: often customers.
    pub targets: bool,
    /// Addresses, sessions, user agents.
    pub network: bool,
}

impl Sight {
    pub const NONE: Sight = Sight { actors: false, targets: false, network: false };
    pub const ALL: Sight = Sight { actors: true, targets: true, network: true };

    pub fn of(role: Role) -> Self {
        match role {
            Role::Analyst | Role::Auditor | Role::ExternalAuditor | Role::PrivacyOfficer | Role::Employee => Sight::ALL,
            Role::DepartmentLead => Sight { actors: true, ..Sight::NONE },
            Role::Administrator | Role::AccessOwner => Sight::NONE,
        }
    }
}

/// A reader of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    pub scope: Scope,
    pub sight: Sight,
}

impl Viewer {
    pub fn new(role: Role, scope: Scope) -> Self {
        Self { scope, sight: Sight::of(role) }
    }

    /// Whether this reader may see a new event: the rule the index enforces in its queries, for events that pass by.
    pub fn admits(&self, entry: &IndexEntry) -> bool {
        self.scope.admits(entry.clear.source, entry.clear.time.micros, entry.department, entry.person)
    }
}

/// An event that passes by, as the index would answer it.
pub fn hit_of(entry: &IndexEntry) -> Hit {
    Hit { position: entry.position.clone(), time: entry.clear.time.micros, record: entry.record.clone(), person: entry.person, department: entry.department }
}

/// Renders hits for one reader, in their order. The hits must be within his scope: the index answers no others.
pub async fn render_many(app: &App, viewer: &Viewer, hits: Vec<Hit>) -> Result<Vec<EventView>, AppError> {
    let opened = open_hits(app, &hits).await?;
    let labels = Labels::of(app, &hits).await?;
    Ok(hits.iter().zip(&opened).map(|(hit, opened)| view(viewer.sight, &labels, hit, opened)).collect())
}

/// One event with everything this reader may see of it. `reveals` are his own, of this event; those that show something are named beside it.
pub async fn render_detail(app: &App, viewer: &Viewer, hit: Hit, reveals: &[Reveal]) -> Result<(EventDetail, Vec<Uuid>), AppError> {
    let hits = [hit];
    let labels = Labels::of(app, &hits).await?;
    let opened = open_hits(app, &hits).await?.pop();
    let ([hit], Some(opened)) = (hits, opened) else { return Err(AppError::Internal("one record opened to none".into())) };
    let event = view(viewer.sight, &labels, &hit, &opened);
    let rulings = app.rulings().await?;
    let eyes = Eyes { sight: viewer.sight, rulings: &rulings, reveals, now: app.now() };
    // Who sees nothing of the record needs none of it read.
    let seen = if viewer.sight.targets { eyes.see(&app.open_whole(&hit).await?) } else { eyes.see(&opened) };
    let (mut shown, mut masked_fields) = masked(viewer.sight, &opened);
    shown.changes = seen.event_changes;
    shown.raw.clone_from(&seen.raw);
    masked_fields.extend(seen.masked);
    let Value::Object(ocsf) = shown.to_ocsf() else { return Err(AppError::Internal("an event's OCSF form is no object".into())) };
    let detail = EventDetail {
        event,
        ocsf,
        changes: seen.changes,
        raw: seen.raw,
        raw_fields: seen.raw_fields,
        raw_state: seen.raw_state,
        raw_until: seen.raw_until.map(rfc3339),
        reveals: app.render_reveals(reveals.to_vec()).await?,
        schema_version: opened.clear.schema_version,
        normaliser: opened.clear.normaliser.clone(),
        corrects: opened.clear.corrects.as_ref().map(ToString::to_string),
        masked_fields,
    };
    Ok((detail, seen.shown_by))
}

/// Decodes and opens the records of hits, keys fetched in bulk.
pub(crate) async fn open_hits(app: &App, hits: &[Hit]) -> Result<Vec<Opened>, AppError> {
    let damaged = |hit: &Hit, why: String| AppError::Internal(format!("the index's record of {} cannot be read: {why}; rebuild the index", hit.position));
    let stored = hits.iter().map(|hit| StoredEvent::decode(&hit.record).map(|(stored, _)| stored).map_err(|e| damaged(hit, e.to_string())));
    let stored: Vec<StoredEvent> = stored.collect::<Result<_, _>>()?;
    Ok(ledger::open_all(&app.keyring, ACTIVITY, &stored).await?)
}

/// What people call an actor: the person he is, then the names his source gives.
pub(crate) fn actor_label(labels: &Labels, hit: &Hit, actor: &Actor) -> String {
    let person = hit.person.and_then(|id| labels.person(id)).map(|named| named.name);
    person.or_else(|| actor.name.clone()).or_else(|| actor.username.clone()).or_else(|| actor.email.clone()).unwrap_or_else(|| actor.subject.vendor_id.clone())
}

fn view(sight: Sight, labels: &Labels, hit: &Hit, opened: &Opened) -> EventView {
    let clear = &opened.clear;
    let actor_name = opened.actor.as_ref().map(|a| actor_label(labels, hit, a));
    let actor_seen = actor_name.clone().filter(|_| sight.actors);
    let target_name = opened.target.as_ref().map(|t| t.label.clone().unwrap_or_else(|| t.subject.vendor_id.clone()));
    let target_seen = target_name.filter(|_| sight.targets);
    let words = Words {
        actor: actor_seen.as_deref(),
        application: opened.actor.as_ref().and_then(|a| a.application.as_deref()).filter(|_| sight.actors),
        target: target_seen.as_deref(),
        erased: opened.erased.contains(&model::Part::Actor),
    };
    let erased_or_masked = |part, seen: Option<String>| match seen {
        Some(label) => label,
        None if opened.erased.contains(&part) => "erased".to_owned(),
        None => MASK.to_owned(),
    };
    let network = opened.network.as_ref().filter(|_| sight.network);
    EventView {
        position: hit.position.to_string(),
        time: rfc3339(clear.time.micros),
        offset_minutes: clear.time.offset_minutes,
        time_confidence: confidence(clear.time.confidence),
        received: rfc3339(clear.received),
        sentence: sentence(clear, &words),
        source: labels.source(clear.source),
        stream: clear.stream.clone(),
        vendor_type: clear.vendor_type.clone(),
        class: ClassView { uid: clear.class_uid.uid(), name: clear.class_uid.name(), caption: clear.class_uid.caption() },
        activity: ActivityView {
            id: clear.activity_id.0,
            caption: clear.activity_id.caption(clear.class_uid),
            type_uid: clear.activity_id.type_uid(clear.class_uid),
        },
        outcome: clear.outcome.name(),
        reason: clear.reason.clone(),
        actor: clear.actor_subject.map(|subject| ActorView {
            subject,
            kind: kind(clear.actor_kind).to_owned(),
            label: erased_or_masked(model::Part::Actor, actor_seen.clone()),
            person: hit.person.filter(|_| sight.actors).and_then(|id| labels.person(id)),
            department: hit.department.and_then(|id| labels.department(id)),
        }),
        target: clear.target_subject.map(|subject| TargetView {
            subject,
            object_type: clear.object_type.clone().unwrap_or_default(),
            label: erased_or_masked(model::Part::Target, target_seen.clone()),
        }),
        address: network.and_then(|n| n.address.clone()),
        session: network.and_then(|n| n.session.clone()),
        user_agent: network.and_then(|n| n.user_agent.clone()),
        rows: clear.rows,
        bytes: clear.bytes,
        changes_count: opened.changes.len() as u64,
        erased: !opened.erased.is_empty(),
    }
}

/// The event without its changes and its raw record, every value the reader may not see replaced, and the names of those fields.
fn masked(sight: Sight, opened: &Opened) -> (Event, Vec<String>) {
    let mut fields = Vec::new();
    let mut hide = |seen: bool, field: &str, value: &mut Option<String>| {
        if !seen && value.is_some() {
            *value = Some(MASK.to_owned());
            fields.push(field.to_owned());
        }
    };
    let mut event = opened.event();
    // Details of the vendor stay sealed with the raw record.
    event.detail = serde_json::Map::new();
    event.actor = opened.actor.clone().map(|mut actor| {
        hide(sight.actors, "actor.username", &mut actor.username);
        hide(sight.actors, "actor.name", &mut actor.name);
        hide(sight.actors, "actor.email", &mut actor.email);
        hide(sight.actors, "actor.application", &mut actor.application);
        let mut id = Some(actor.subject.vendor_id.clone());
        hide(sight.actors, "actor.id", &mut id);
        actor.subject.vendor_id = id.unwrap_or_default();
        actor
    });
    event.network = opened.network.clone().map(|mut network| {
        hide(sight.network, "address", &mut network.address);
        hide(sight.network, "user_agent", &mut network.user_agent);
        hide(sight.network, "session", &mut network.session);
        hide(sight.network, "country", &mut network.country);
        hide(sight.network, "city", &mut network.city);
        network
    });
    event.target = opened.target.clone().map(|mut target| {
        hide(sight.targets, "target.label", &mut target.label);
        let mut id = Some(target.subject.vendor_id.clone());
        hide(sight.targets, "target.id", &mut id);
        target.subject.vendor_id = id.unwrap_or_default();
        target
    });
    // Changes and the raw record are masked by their fields' classes.
    event.changes = Vec::new();
    event.raw = MASK.to_owned();
    (event, fields)
}

pub(crate) fn kind(kind: ActorKind) -> &'static str {
    match kind {
        ActorKind::Unknown => "unknown",
        ActorKind::Human => "human",
        ActorKind::Application => "application",
        ActorKind::System => "system",
    }
}

fn confidence(confidence: TimeConfidence) -> &'static str {
    match confidence {
        TimeConfidence::Exact => "exact",
        TimeConfidence::Coarse => "coarse",
        TimeConfidence::Observed => "observed",
        TimeConfidence::Received => "received",
    }
}

/// How a source that is no longer configured is shown; the nil id is no source, but Veritrail itself.
pub(crate) fn unknown_source(id: uuid::Uuid) -> SourceRef {
    if id.is_nil() {
        return SourceRef { id, name: "veritrail".to_owned(), title: "Veritrail itself".to_owned() };
    }
    SourceRef { id, name: id.to_string(), title: "A source no longer configured".to_owned() }
}
