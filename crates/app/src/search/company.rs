//! A company of two departments that must not see each other, for tests: events of both in a real ledger and its index.

use crate::{
    App, Caller, Entry,
    testing::{self, House, START},
};
use ledger::{Appender, Delivery, Numbered};
use model::{
    Actor, ActorKind, Alert, AlertStatus, Class, Department, Event, EventTime, HOUR, MINUTE, Member, Network, Part, Person, Position, Role, Severity, Source,
    SourceState, SubjectRef, Target, Validity,
    class::act,
    directory::Employment,
    event::{Counts, Identity},
    position::ACTIVITY,
    query::IndexEntry,
};
use serde::Serialize;
use serde_json::Map;
use store::records::{Alerts, Departments, Members, Persons, Sources};
use uuid::Uuid;

pub(crate) const SOURCE: Uuid = Uuid::from_u128(0x50);
pub(crate) const NORTH: Uuid = Uuid::from_u128(0xA1);
pub(crate) const SOUTH: Uuid = Uuid::from_u128(0xB1);
pub(crate) const ANN: Uuid = Uuid::from_u128(0xA2);
pub(crate) const BOB: Uuid = Uuid::from_u128(0xB2);
pub(crate) const NORTH_ALERT: Uuid = Uuid::from_u128(0xA3);
pub(crate) const SOUTH_ALERT: Uuid = Uuid::from_u128(0xB3);
pub(crate) const NORTHERN: usize = 12;
pub(crate) const SOUTHERN: usize = 8;

pub(crate) struct Company {
    pub house: House,
    pub app: App,
    /// Those of the north, then those of the south.
    pub entries: Vec<IndexEntry>,
}

pub(crate) async fn companies() -> Vec<Company> {
    let mut companies = Vec::new();
    for house in testing::houses().await {
        let app = house.app.clone();
        directory(&app).await;
        let entries = events(&app).await;
        let company = Company { house, app, entries };
        company.alert(NORTH_ALERT, &company.entries[0]).await;
        company.alert(SOUTH_ALERT, &company.entries[NORTHERN]).await;
        companies.push(company);
    }
    companies
}

impl Company {
    pub async fn member(&self, role: Role, departments: &[Uuid], person: Option<Uuid>) -> Caller {
        let id = Uuid::now_v7();
        let member = Member {
            kind: model::MemberKind::Person,
            id,
            email: format!("{id}@veritrail.example"),
            name: format!("Reader {}", role.name()),
            role,
            departments: departments.to_vec(),
            person,
            until: None,
            active: true,
            created: START,
        };
        self.app.records.add_member(&member, "none").await.unwrap();
        Caller { member, address: None, request: Uuid::now_v7(), entry: Entry::Host }
    }

    /// Everybody who reads events of the north alone.
    pub async fn northerners(&self) -> Vec<Caller> {
        let mut callers = Vec::new();
        for role in [Role::DepartmentLead, Role::ExternalAuditor, Role::AccessOwner] {
            callers.push(self.member(role, &[NORTH], None).await);
        }
        callers
    }

    pub fn southern(&self) -> &[IndexEntry] {
        &self.entries[NORTHERN..]
    }

    /// Panics where an answer holds anything that only the south's events say.
    pub fn silent_of_the_south(&self, answer: &impl Serialize) {
        self.silent(&serde_json::to_string(answer).unwrap());
    }

    pub fn silent(&self, text: &str) {
        let text = text.to_lowercase();
        let ids = self.southern().iter().flat_map(|e| [e.clear.actor_subject, e.clear.target_subject]).flatten();
        let ids = ids.chain([SOUTH, BOB, SOUTH_ALERT]).map(|id| id.to_string());
        let positions = self.southern().iter().map(|e| e.position.to_string());
        for marker in ids.chain(positions).chain(["south", "bob", "198.51.100"].map(str::to_owned)) {
            assert!(!text.contains(&marker), "{marker} in {text}");
        }
    }

    async fn alert(&self, id: Uuid, of: &IndexEntry) {
        let alert = Alert {
            id,
            rule: "large_export".into(),
            severity: Severity::High,
            status: AlertStatus::New,
            actor: of.clear.actor_subject,
            source: SOURCE,
            department: of.department,
            person: of.person,
            first: of.clear.time.micros,
            last: of.clear.time.micros,
            opened: START,
            findings: 1,
            assignee: None,
            verdict: None,
            verdict_by: None,
            verdict_at: None,
            verdict_note: None,
        };
        self.app.records.add_alert(&alert).await.unwrap();
    }
}

async fn directory(app: &App) {
    let source = Source {
        id: SOURCE,
        name: "crm".into(),
        connector: "generic".into(),
        title: "The CRM".into(),
        settings: Map::new(),
        state: SourceState::Active,
        created: START,
    };
    app.records.add_source(&source).await.unwrap();
    for (department, name, person, who) in [(NORTH, "North", ANN, "Ann Archer"), (SOUTH, "South", BOB, "Bob Baker")] {
        app.records.add_department(&Department { id: department, name: name.into(), parent: None }).await.unwrap();
        let email = Some(format!("{}@{}.example", who.split(' ').next().unwrap().to_lowercase(), name.to_lowercase()));
        let someone = Person { id: person, employee_id: who.into(), name: who.into(), email, title: Some("Sales".into()), zone: None, erased: None };
        app.records.put_person(&someone).await.unwrap();
        let employment = Employment { person, department, manager: None, validity: Validity::ALWAYS };
        app.records.replace_employments(person, &[employment]).await.unwrap();
    }
}

fn event(n: usize, north: bool) -> Event {
    let (stream, who, email, name) =
        if north { ("north_log", "ann", "ann@north.example", "Ann Archer") } else { ("south_log", "bob", "bob@south.example", "Bob Baker") };
    let at = START - HOUR + i64::try_from(n).unwrap() * MINUTE;
    let mut event = Event::new(SOURCE, stream, "generic/1", stream, Class::WebResources, act::EXPORT, EventTime::utc(at));
    event.identity = Identity::Vendor(format!("{stream}-{n}"));
    event.received = START;
    event.counts = Counts { rows: Some(10), ..Counts::default() };
    event.actor = Some(Actor {
        subject: SubjectRef::account(SOURCE, who),
        kind: ActorKind::Human,
        username: Some(who.into()),
        name: Some(name.into()),
        email: Some(email.into()),
        application: None,
    });
    event.network = Some(Network { address: Some(if north { "192.0.2.7" } else { "198.51.100.7" }.into()), ..Network::default() });
    event.target = Some(Target {
        subject: SubjectRef::record(SOURCE, format!("report/{stream}")),
        object_type: if north { "north_report" } else { "south_report" }.into(),
        // Labels are written by people of the CRM, formulas included.
        label: Some(if north { "=Northern(deals)" } else { "=Southern(deals)" }.into()),
    });
    event.raw = format!(r#"{{"n":{n},"by":"{who}","note":"{stream}"}}"#);
    event
}

/// Appends, reads back and indexes as the follower does.
async fn events(app: &App) -> Vec<IndexEntry> {
    let appender = Appender::start(app.trail.clone(), app.keyring.clone(), ACTIVITY);
    // The times of the two departments lie among each other.
    let (north, south): (Vec<usize>, Vec<usize>) = (0..NORTHERN + SOUTHERN).partition(|n| n % 5 < 3);
    for (numbers, north) in [(north, true), (south, false)] {
        let mut delivery = Delivery::new(SOURCE, if north { "north_log" } else { "south_log" }, START);
        delivery.events = numbers.into_iter().map(|n| Numbered { event: event(n, north), occurrence: 0, ordinal: 0 }).collect();
        appender.append(delivery).await.unwrap();
    }
    let (indexes, stored): (Vec<u64>, Vec<_>) = app.reader.read(0, usize::MAX).await.unwrap().into_iter().unzip();
    let opened = ledger::open_all(&app.keyring, ACTIVITY, &stored).await.unwrap();
    let mut entries = Vec::new();
    for ((index, mut stored), opened) in indexes.into_iter().zip(stored).zip(opened) {
        let tokens = ledger::tokens(&app.keyring, &opened);
        stored.parts.retain(|p| p.part != Part::Raw);
        let mut record = Vec::new();
        stored.encode(&mut record);
        let (person, department) = if opened.clear.stream == "north_log" { (ANN, NORTH) } else { (BOB, SOUTH) };
        entries.push(IndexEntry {
            position: Position { ledger: ACTIVITY.into(), generation: 0, index },
            clear: opened.clear,
            record,
            person: Some(person),
            department: Some(department),
            address: opened.network.and_then(|n| n.address),
            session: None,
            tokens,
        });
    }
    app.events.add(entries.clone()).await.unwrap();
    app.events.commit(entries.len() as u64).await.unwrap();
    assert_eq!(entries.len(), NORTHERN + SOUTHERN);
    entries
}
