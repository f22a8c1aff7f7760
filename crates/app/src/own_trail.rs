//! What members did in Veritrail, as auditors read it.

use crate::{
    App, AppError, Caller, Operation, Result,
    digests::administering,
    events::{Asked, cursor},
    view::Named,
};
use ledger::Opened;
use model::{Micros, Position, StoredEvent, position::SELF, time::rfc3339};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use store::records::{Members, SelfEvents, SelfQuery};
use utoipa::ToSchema;
use uuid::Uuid;

pub use repair::{Condition, Repaired, RowFault};

mod repair;

/// One thing a member did, or tried.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OwnAct {
    pub position: String,
    pub time: String,
    pub member: Option<Named>,
    pub operation: String,
    #[schema(schema_with = crate::view::words::outcome)]
    pub outcome: String,
    pub target: String,
    #[schema(value_type = HashMap<String, Value>)]
    pub detail: Map<String, Value>,
    pub sentence: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OwnTrail {
    pub items: Vec<OwnAct>,
    pub next: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Continue {
    generation: u32,
    position: u64,
}

impl App {
    /// Newest first. `query` may name `member`, `operation`, `acts=administrators`, `cursor` and `limit`.
    pub async fn own_trail(&self, caller: &Caller, query: &str) -> Result<OwnTrail> {
        let asked = Asked::parse(query, &["member", "operation", "acts"])?;
        self.read(caller, Operation::SelfList, (), json!({ "query": asked.canonical })).await?;
        let member = asked.further.get("member").map(|text| Uuid::try_parse(text)).transpose();
        let member = member.map_err(|_| AppError::invalid("member", "a member is named by his id"))?;
        let roles = match asked.further.get("acts").map(String::as_str) {
            None => Vec::new(),
            Some("administrators") => administering(),
            Some(_) => return Err(AppError::invalid("acts", "write 'administrators', or leave it out")),
        };
        let bound = [b"self".as_slice(), asked.canonical.as_bytes()];
        let before = asked.cursor.as_deref().map(|text| cursor::open::<Continue>(&self.keyring, &bound, text)).transpose()?;
        let limit = asked.limit as u64;
        let query = SelfQuery {
            member,
            roles,
            operation: asked.further.get("operation").cloned(),
            before: before.map(|b| (b.generation, b.position)),
            limit: limit + 1,
        };
        let mut rows = self.records.self_events(&query).await?;
        let more = rows.len() as u64 > limit;
        rows.truncate(asked.limit);
        let last = rows.last().filter(|_| more).map(|row| Continue { generation: row.generation, position: row.position });
        let next = last.map(|at| cursor::seal(&self.keyring, &bound, &at)).transpose()?;
        let names: HashMap<Uuid, String> = self.records.members().await?.into_iter().map(|m| (m.id, m.name)).collect();
        let stored = rows.iter().map(|row| StoredEvent::decode(&row.sealed).map(|(stored, _)| stored));
        let stored: Vec<StoredEvent> = stored.collect::<Result<_, _>>().map_err(|e| AppError::Internal(format!("an own record is damaged: {e}")))?;
        let opened = ledger::open_all(&self.keyring, SELF, &stored).await?;
        let items = rows.into_iter().zip(opened).map(|(row, opened)| {
            let position = Position { ledger: SELF.to_owned(), generation: row.generation, index: row.position };
            let member = row.member.map(|id| Named::new(id, names.get(&id).cloned().unwrap_or_else(|| "a member no longer there".into())));
            let sentence = sentence(member.as_ref(), &row.operation, row.outcome == "failure", &opened);
            OwnAct {
                position: position.to_string(),
                time: time(row.time),
                member,
                operation: row.operation,
                outcome: row.outcome,
                target: row.target,
                detail: opened.detail,
                sentence,
            }
        });
        Ok(OwnTrail { items: items.collect(), next })
    }
}

fn time(micros: Micros) -> String {
    rfc3339(micros)
}

/// "Dana Kim searched events", "The host added a member".
fn sentence(member: Option<&Named>, operation: &str, failed: bool, opened: &Opened) -> String {
    let who = member.map_or("Someone at the host or not signed in", |m| m.name.as_str());
    let what = match operation {
        "session.create" => "signed in",
        "session.begin" => "gave the right password; the second factor was asked for",
        "session.confirm" => "showed once more who he is",
        "session.refused" => "came with a session after the access had ended",
        "session.delete" => "signed out",
        "password.forgotten" => "asked for a link to choose another password",
        "password.reset" => "chose another password through a link",
        "own.account" => "looked at the own account",
        "own.factors" => "changed the own password, passkeys or second factor",
        "own.tokens" => "changed own API tokens",
        "own.sign_out" => "ended own sessions",
        "first_run.complete" => "became the first administrator",
        "invitation.accept" => "accepted an invitation",
        "members.create" => "added a member",
        "members.invite" => "invited a member",
        "members.update" => "changed a member",
        "members.sessions" => "looked at a member's sessions",
        "members.sign_out" => "ended a member's sessions",
        "members.reset" => "gave a member another password and took the second factors away",
        "members.factors" => "took a member's second factor away",
        "overview.read" => "looked at the overview",
        "events.search" => "searched events",
        "events.read" => "opened an event",
        "events.prove" => "asked for an event's proof",
        "events.live" => "watched events live",
        "own.events" => "looked at own activity",
        "alerts.list" => "looked at the alerts",
        "alerts.read" => "opened an alert",
        "alerts.update" => "changed an alert",
        "alerts.judge" => "judged an alert",
        "sources.create" => "added a source",
        "sources.update" => "changed a source",
        "sources.check" => "checked a source",
        "sources.keys" => "changed a source's keys",
        "sources.upload" => "uploaded records",
        "quarantine.list" => "looked at quarantine",
        "quarantine.replay" => "replayed a quarantined record",
        "exports.create" => "exported events",
        "evidence.create" => "had a pack of evidence made",
        "ledgers.renew" => "declared a loss and opened a new generation of a ledger",
        "backup.make" => "made a backup",
        "backup.restore" => "put a backup back",
        "erasures.list" => "looked at the erasures",
        "erasures.preview" => "looked at what an erasure would take away",
        "erasures.create" => "had values erased",
        "erasures.finish" => return "An erasure was completed".to_owned(),
        "holds.list" => "looked at the legal holds",
        "holds.create" => "placed a legal hold",
        "holds.release" => "released a legal hold",
        "keys.rotate" => "put another key-encryption key in force",
        "keys.retire" => "destroyed a key-encryption key out of use",
        "keys.seal" => "sealed the key files under another passphrase",
        "ledgers.rotate" => "made another signing key for a ledger",
        "events.reveal" => revealing(&opened.detail),
        "masking.list" => "looked at the classes of fields",
        "masking.update" => "changed how closely a field is kept",
        "reveals.list" => "looked at the reveals",
        "reveals.decide" if opened.detail.get("approve") == Some(&Value::Bool(true)) => "approved a reveal",
        "reveals.decide" => "declined a reveal",
        "self.list" => "read this trail",
        "directory.import" => "imported the directory",
        "departments.list" => "looked at the departments",
        "search.everything" => "searched people, records and pages",
        "persons.list" => "looked at the people",
        "persons.read" => "opened a person",
        "subjects.read" => "opened an account or a record",
        "rules.list" => "looked at the rules",
        "connectors.list" => "looked at what can be connected",
        "sources.list" => "looked at the sources",
        "sources.read" => "opened a source",
        "service_accounts.list" => "looked at the service accounts",
        "service_accounts.create" => "made a service account",
        "service_accounts.update" => "changed a service account",
        "service_accounts.tokens" => "changed a service account's tokens",
        "members.provision" => "brought members up to the directory's state",
        "searches.list" => "looked at the kept searches",
        "searches.create" => "kept a search",
        "searches.update" => "changed a kept search",
        "searches.deliver" => "had a kept search delivered",
        "digests.list" => "read the digests of administrators' acts",
        "digests.send" => return "The digest of administrators' acts was made".to_owned(),
        "self.repair" => return "The rows of this page were put right from the ledger, or reads that waited were written, at the host".to_owned(),
        "auditing.configured" => return "The configuration of auditing is another than before".to_owned(),
        "jobs.list" => "looked at own jobs",
        "jobs.read" => "opened a job",
        "jobs.cancel" => "cancelled a job",
        "jobs.file" => "took the file of a job away",
        "ledgers.list" => "looked at the state of the ledgers",
        "roles.read" => "looked at who may do what",
        "members.list" => "looked at the members",
        "settings.read" => "read the settings",
        "retention.read" => "looked at retention",
        "retention.run" => "started a run of retention",
        "retention.plan" => return "A dry run of retention was done".to_owned(),
        "retention.finish" => return "Retention dropped what was due".to_owned(),
        "index.read" => "looked at the state of the searchable view",
        "index.rebuild" => "had the searchable view built anew, or stopped that",
        other => return format!("{who} used {other}{}", if failed { ", without success" } else { "" }),
    };
    let reason = opened.clear.reason.as_deref().map(|r| format!(" ({})", r.replace('_', " "))).unwrap_or_default();
    if failed { format!("{who} tried: {what}, without success{reason}") } else { format!("{who} {what}") }
}

/// Asking for masked values, being granted them, and each time they were shown are one operation.
fn revealing(detail: &Map<String, Value>) -> &'static str {
    match detail.get("state").and_then(Value::as_str) {
        _ if detail.contains_key("shown") => "was shown revealed values of an event",
        Some("asked") => "asked a second member to reveal masked values of an event",
        _ => "revealed masked values of an event",
    }
}
