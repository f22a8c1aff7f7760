//! Kept searches: a question with a name, one's own or shared. What is shared is the question; every reader's answer is within his own scope, masked
//! for him, and each run is recorded.

use crate::{App, AppError, Caller, Operation, Result, events::Asked, view::Named};
use model::{Member, Role, time::rfc3339};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashMap;
use store::{
    records::{DeliveryRow, Members, SearchRow, Searches},
    sql::Unit,
};
use utoipa::ToSchema;
use uuid::Uuid;

pub use deliver::DeliveryView;
pub use plan::{DeliveryPlan, Every};

mod deliver;
mod plan;
#[cfg(test)]
mod tests;

const MAX_NAME_CHARS: usize = 100;
const MAX_COLUMNS: usize = 30;
/// A member's own.
const MOST_SEARCHES: usize = 200;

/// Who else finds a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// Nobody.
    Private,
    /// Members of its owner's role.
    Role,
    /// Everybody who may search.
    Everyone,
}

impl Sharing {
    fn name(self) -> &'static str {
        match self {
            Sharing::Private => "private",
            Sharing::Role => "role",
            Sharing::Everyone => "everyone",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Sharing::Private, Sharing::Role, Sharing::Everyone].into_iter().find(|s| s.name() == name)
    }
}

/// A question to keep. Relative times (`from=-7d`) stay relative.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchNew {
    pub name: String,
    /// As of an event search, without cursor and limit.
    pub query: String,
    /// Columns of the table, as the page names them; none: the usual ones.
    #[serde(default)]
    pub columns: Vec<String>,
    pub sharing: Sharing,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SearchView {
    pub id: Uuid,
    pub name: String,
    pub query: String,
    pub columns: Vec<String>,
    pub sharing: Sharing,
    pub owner: Named,
    /// Whoever asks may change it.
    pub own: bool,
    pub changed: String,
    /// When its answer comes to whoever asks.
    pub delivery: Option<DeliveryView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SearchList {
    pub items: Vec<SearchView>,
}

/// What of a search is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    name: String,
    query: String,
    columns: Vec<String>,
}

impl App {
    /// The member's own, and those shared with him.
    pub async fn searches(&self, caller: &Caller) -> Result<SearchList> {
        self.read(caller, Operation::SearchesList, (), Value::Null).await?;
        let members: HashMap<Uuid, Member> = self.records.members().await?.into_iter().map(|m| (m.id, m)).collect();
        let deliveries = self.records.deliveries_of(caller.member.id).await?;
        let mut items = Vec::new();
        for row in self.records.searches_for(caller.member.id).await? {
            if self.finds(caller, &row, members.get(&row.owner).map(|m| m.role)) {
                let delivery = deliveries.iter().find(|d| d.search == row.id);
                items.push(self.search_view(row, &members, delivery, caller)?);
            }
        }
        items.sort_by_key(|item| item.name.to_lowercase());
        Ok(SearchList { items })
    }

    pub async fn create_search(&self, caller: &Caller, new: SearchNew) -> Result<SearchView> {
        let (id, now) = (Uuid::now_v7(), self.now());
        let work = async |unit: &Unit| {
            let (sharing, kept) = checked(new.clone())?;
            let own = unit.searches_for(caller.member.id).await?.into_iter().filter(|s| s.owner == caller.member.id).count();
            if own >= MOST_SEARCHES {
                return Err(AppError::Conflict(format!("you keep {MOST_SEARCHES} searches; remove one first")));
            }
            let row = SearchRow {
                id,
                owner: caller.member.id,
                sharing: sharing.name().to_owned(),
                sealed: self.sealed_search(id, &kept)?,
                created: now,
                changed: now,
            };
            unit.add_search(&row).await?;
            Ok(row)
        };
        let row = self.change(caller, Operation::SearchesCreate, ("search", id), told(None, &new), work).await?;
        self.own_view(row, caller)
    }

    /// Only its owner changes a search.
    pub async fn update_search(&self, caller: &Caller, id: Uuid, new: SearchNew) -> Result<SearchView> {
        let before = self.records.search(id).await?.filter(|s| s.owner == caller.member.id);
        let before = before.map(|row| Ok::<_, AppError>((row.sharing.clone(), self.opened_search(&row)?))).transpose()?;
        let work = async |unit: &Unit| {
            let (sharing, kept) = checked(new.clone())?;
            let row = mine(unit, caller, id).await?;
            let row = SearchRow { sharing: sharing.name().to_owned(), sealed: self.sealed_search(id, &kept)?, changed: self.now(), ..row };
            unit.change_search(&row).await?;
            Ok(row)
        };
        let row = self.change(caller, Operation::SearchesUpdate, ("search", id), told(before.as_ref(), &new), work).await?;
        self.own_view(row, caller)
    }

    pub async fn remove_search(&self, caller: &Caller, id: Uuid) -> Result<()> {
        let work = async |unit: &Unit| {
            mine(unit, caller, id).await?;
            Ok(unit.drop_search(id).await?)
        };
        self.change(caller, Operation::SearchesUpdate, ("search", id), json!({ "removed": true }), work).await
    }

    /// Whether the member may know of this search, whose owner has that role.
    fn finds(&self, caller: &Caller, row: &SearchRow, owner: Option<Role>) -> bool {
        row.owner == caller.member.id
            || match Sharing::from_name(&row.sharing) {
                Some(Sharing::Everyone) => true,
                Some(Sharing::Role) => owner == Some(caller.member.role),
                Some(Sharing::Private) | None => false,
            }
    }

    fn own_view(&self, row: SearchRow, caller: &Caller) -> Result<SearchView> {
        self.search_view(row, &HashMap::from([(caller.member.id, caller.member.clone())]), None, caller)
    }

    fn search_view(&self, row: SearchRow, members: &HashMap<Uuid, Member>, delivery: Option<&DeliveryRow>, caller: &Caller) -> Result<SearchView> {
        let Kept { name, query, columns } = self.opened_search(&row)?;
        Ok(SearchView {
            id: row.id,
            name,
            query,
            columns,
            sharing: Sharing::from_name(&row.sharing).unwrap_or(Sharing::Private),
            owner: Named::new(row.owner, members.get(&row.owner).map_or("a member no longer there", |m| m.name.as_str())),
            own: row.owner == caller.member.id,
            changed: rfc3339(row.changed),
            delivery: delivery.map(DeliveryView::of).transpose()?,
        })
    }

    fn sealed_search(&self, id: Uuid, kept: &Kept) -> Result<Vec<u8>> {
        let plain = serde_json::to_vec(kept).map_err(|e| AppError::Internal(format!("a search cannot be written down: {e}")))?;
        Ok(self.keyring.seal_for_source(Uuid::nil(), &purpose(id), &plain)?)
    }

    fn opened_search(&self, row: &SearchRow) -> Result<Kept> {
        let plain = self.keyring.open_for_source(Uuid::nil(), &purpose(row.id), &row.sealed)?;
        serde_json::from_slice(&plain).map_err(|e| AppError::Internal(format!("the search {} cannot be read: {e}", row.id)))
    }
}

async fn mine(unit: &Unit, caller: &Caller, id: Uuid) -> Result<SearchRow> {
    let row = unit.search(id).await?.filter(|s| s.owner == caller.member.id);
    row.ok_or_else(|| AppError::not_found("search of yours with this id"))
}

fn checked(new: SearchNew) -> Result<(Sharing, Kept)> {
    let name = new.name.trim().to_owned();
    if !(1..=MAX_NAME_CHARS).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(AppError::invalid("name", format!("a search's name has 1 to {MAX_NAME_CHARS} characters")));
    }
    let asked = Asked::parse(&new.query, &[])?;
    if asked.cursor.is_some() {
        return Err(AppError::invalid("query", "a kept search begins at its newest event; leave the cursor out"));
    }
    let plain = |column: &String| !column.is_empty() && column.len() <= 40 && column.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if new.columns.len() > MAX_COLUMNS || !new.columns.iter().all(plain) {
        return Err(AppError::invalid("columns", "name columns as the page does: time, actor, object_type"));
    }
    Ok((new.sharing, Kept { name, query: new.query.trim_start_matches('?').to_owned(), columns: new.columns }))
}

/// What the trail says of a change.
fn told(before: Option<&(String, Kept)>, new: &SearchNew) -> Value {
    let after = json!({ "name": new.name, "query": new.query, "columns": new.columns, "sharing": new.sharing });
    match before {
        Some((sharing, kept)) => {
            json!({ "before": { "name": kept.name, "query": kept.query, "columns": kept.columns, "sharing": sharing }, "after": after })
        }
        None => after,
    }
}

fn purpose(id: Uuid) -> String {
    format!("veritrail/1 search {id}")
}
