//! The editor of classes: which fields there are, which class each has and why, and giving one another.

use super::{
    classes::Origin,
    sight::{connector, maskable},
    view::{FieldClassChange, FieldClassList, FieldClassView, MaskedConnector, MaskingView},
};
use crate::{App, AppError, Caller, FieldProblem, Operation, Result, alerts::named};
use model::{
    ClassedField, FieldClass, Scope, Source,
    query::{EventQuery, Field, Filter, Hit},
    time::rfc3339,
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use store::{
    records::{FieldClasses, Sources},
    sql::Unit,
};

/// Object types of a source that are looked for.
const MOST_OBJECT_TYPES: usize = 200;
/// The newest events of an object type whose fields are looked at.
const LOOKED_AT: usize = 30;
const MOST_NAME_CHARS: usize = 200;

impl App {
    /// What can be classed: connectors in use, and the object types their events name.
    pub async fn masking(&self, caller: &Caller) -> Result<MaskingView> {
        self.read(caller, Operation::MaskingList, (), json!({})).await?;
        let decided = self.records.field_classes().await?;
        let mut by_connector: BTreeMap<String, Vec<Source>> = BTreeMap::new();
        for source in self.records.sources().await? {
            by_connector.entry(source.connector.clone()).or_default().push(source);
        }
        let mut connectors = Vec::with_capacity(by_connector.len());
        for (connector, sources) in by_connector {
            let own = |d: &&ClassedField| d.connector == connector;
            let mut object_types: BTreeSet<String> = self.masking.classes.object_types(&connector).map(str::to_owned).collect();
            object_types.extend(decided.iter().filter(own).map(|d| d.object_type.clone()));
            object_types.insert(String::new());
            let query = EventQuery { filters: vec![of_sources(&sources)], ..EventQuery::default() };
            let facets = self.events.facets(&Scope::everything(), &query, &[Field::ObjectType], MOST_OBJECT_TYPES).await?;
            object_types.extend(facets.into_iter().flat_map(|f| f.values).map(|v| v.value));
            connectors.push(MaskedConnector {
                titles: sources.into_iter().map(|s| s.title).collect(),
                object_types: object_types.into_iter().collect(),
                classed: decided.iter().filter(own).count() as u64,
                connector,
            });
        }
        Ok(MaskingView { connectors })
    }

    /// The fields of an object type: those its newest events hold, those the shipped classes name, and those a member classed. Names alone.
    pub async fn masking_fields(&self, caller: &Caller, connector: &str, object_type: &str) -> Result<FieldClassList> {
        let detail = json!({ "connector": connector, "object_type": object_type });
        self.read(caller, Operation::MaskingList, (), detail).await?;
        let object_type = object_type.to_lowercase();
        let decided = self.records.field_classes().await?;
        let decided: BTreeMap<String, ClassedField> =
            decided.into_iter().filter(|d| d.connector == connector && d.object_type == object_type).map(|d| (d.field.clone(), d)).collect();
        let mut fields = self.masking.classes.fields(connector, &object_type);
        fields.extend(decided.keys().cloned());
        fields.extend(self.fields_seen(connector, &object_type).await?);
        let (names, rulings) = (self.member_names().await?, self.rulings().await?);
        let items = fields.into_iter().map(|field| {
            let (class, origin) = rulings.class(connector, &object_type, &field);
            let (shipped, _) = self.masking.classes.class(connector, &object_type, &field);
            let by = decided.get(&field);
            FieldClassView {
                class: class.name(),
                origin: origin.name(),
                shipped: shipped.name(),
                member: by.map(|d| named(&names, d.member)),
                changed: by.map(|d| rfc3339(d.changed)),
                field,
            }
        });
        Ok(FieldClassList { items: items.collect() })
    }

    /// Names of fields in the newest events, in lower case.
    async fn fields_seen(&self, of: &str, object_type: &str) -> Result<BTreeSet<String>> {
        let sources: Vec<Source> = self.records.sources().await?.into_iter().filter(|s| s.connector == of).collect();
        if sources.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut filters = vec![of_sources(&sources)];
        if !object_type.is_empty() {
            filters.push(Filter { field: Field::ObjectType, values: vec![object_type.to_owned()], exclude: false });
        }
        let query = EventQuery { filters, ..EventQuery::default() };
        let hits: Vec<Hit> = self.events.search(&Scope::everything(), &query, None, LOOKED_AT).await?.hits;
        let rulings = self.rulings().await?;
        let mut fields = BTreeSet::new();
        for hit in &hits {
            let opened = self.open_whole(hit).await?;
            if connector(&opened.clear) != of || opened.clear.object_type.as_deref().unwrap_or_default() != object_type {
                continue;
            }
            let names = maskable(&rulings, &opened).into_iter().map(|one| one.name);
            fields.extend(names.map(|name| name.split_once('.').map_or(name.as_str(), |(_, field)| field).to_lowercase()));
        }
        Ok(fields)
    }

    /// Gives a field a class, or takes back the one a member gave it. From then on every reader sees by it.
    pub async fn change_field_class(&self, caller: &Caller, change: FieldClassChange) -> Result<FieldClassView> {
        self.allowed(caller, Operation::MaskingUpdate, ()).await?;
        let class = checked(&change)?;
        let (connector, object_type, field) = (change.connector, change.object_type.to_lowercase(), change.field.to_lowercase());
        let before = self.records.field_class(&connector, &object_type, &field).await?;
        let (shipped, origin) = self.masking.classes.class(&connector, &object_type, &field);
        let detail = json!({
            "connector": connector, "object_type": object_type, "field": field,
            "before": before.map_or(shipped, |b| b.class).name(), "after": class.unwrap_or(shipped).name(),
        });
        let now = self.now();
        self.change(caller, Operation::MaskingUpdate, (), detail, async |unit: &Unit| match class {
            Some(class) => {
                let member = caller.member.id;
                let classed =
                    ClassedField { connector: connector.clone(), object_type: object_type.clone(), field: field.clone(), class, member, changed: now };
                Ok(unit.put_field_class(&classed).await?)
            }
            None => Ok(unit.drop_field_class(&connector, &object_type, &field).await.map(drop)?),
        })
        .await?;
        let names = self.member_names().await?;
        Ok(FieldClassView {
            class: class.unwrap_or(shipped).name(),
            origin: if class.is_some() { Origin::Member } else { origin }.name(),
            shipped: shipped.name(),
            member: class.map(|_| named(&names, caller.member.id)),
            changed: class.map(|_| rfc3339(now)),
            field,
        })
    }
}

fn of_sources(sources: &[Source]) -> Filter {
    Filter { field: Field::Source, values: sources.iter().map(|s| s.id.to_string()).collect(), exclude: false }
}

fn checked(change: &FieldClassChange) -> Result<Option<FieldClass>> {
    let mut problems = Vec::new();
    for (name, text, may_be_empty) in [("connector", &change.connector, false), ("object_type", &change.object_type, true), ("field", &change.field, false)] {
        if (text.is_empty() && !may_be_empty) || text.chars().count() > MOST_NAME_CHARS || text.contains(char::is_control) {
            problems.push(FieldProblem::new(name, format!("{} to {MOST_NAME_CHARS} characters", usize::from(!may_be_empty))));
        }
    }
    let class = change.class.as_deref().map(FieldClass::from_name);
    if class == Some(None) {
        problems.push(FieldProblem::new("class", format!("one of {}", FieldClass::ALL.map(FieldClass::name).join(", "))));
    }
    if problems.is_empty() { Ok(class.flatten()) } else { Err(AppError::Invalid(problems)) }
}
