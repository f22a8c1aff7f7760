//! Tables that only grow by id (history lines, imprints): read after the last id, and once more where ids were skipped.
//!
//! PostgreSQL gives an id before the transaction commits, so a lower id can appear after a higher one. Skipped ids are
//! asked for again until they are too old to still be under way.

use super::{
    database::{Column, Database},
    manifest::{HISTORYLINE, IMPRINT},
};
use crate::{ConnectorError, Page, RawRecord};
use model::{MINUTE, Micros, time};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How long a skipped id is asked for; a transaction of Creme's is one request.
const GAP_AGE: Micros = 10 * MINUTE;
/// Ranges of skipped ids kept; the oldest go first.
const MAX_GAPS: usize = 64;

/// How a table that grows by id is read. `{where}` and `{limit}` are filled in.
pub(super) struct Table {
    stream: &'static str,
    name: &'static str,
    sql: &'static str,
    columns: &'static [Column],
}

pub(super) static HISTORY: Table = Table {
    stream: HISTORYLINE,
    name: "creme_core_historyline",
    sql: "SELECT CAST(t.id AS TEXT), CAST(t.entity_id AS TEXT), CAST(t.entity_ctype_id AS TEXT), c.model, CAST(t.entity_owner_id AS TEXT), t.username, \
          CAST(u.id AS TEXT), CAST(t.date AS TEXT), CAST(t.type AS TEXT), t.value, CAST(t.by_wf_engine AS TEXT) \
          FROM creme_core_historyline t LEFT JOIN django_content_type c ON c.id = t.entity_ctype_id LEFT JOIN creme_core_cremeuser u ON u.username = t.username",
    columns: &[
        Column::Int("id"),
        Column::Int("entity_id"),
        Column::Int("entity_ctype_id"),
        Column::Text("model"),
        Column::Int("entity_owner_id"),
        Column::Text("username"),
        Column::Int("user_id"),
        Column::Text("date"),
        Column::Int("type"),
        Column::Text("value"),
        Column::Flag("by_wf_engine"),
    ],
};

pub(super) static IMPRINTS: Table = Table {
    stream: IMPRINT,
    name: "creme_core_imprint",
    sql: "SELECT CAST(t.id AS TEXT), CAST(t.date AS TEXT), CAST(t.entity_ctype_id AS TEXT), c.model, CAST(t.entity_id AS TEXT), \
          e.header_filter_search_field, CAST(t.user_id AS TEXT), u.username \
          FROM creme_core_imprint t LEFT JOIN django_content_type c ON c.id = t.entity_ctype_id \
          LEFT JOIN creme_core_cremeentity e ON e.id = t.entity_id LEFT JOIN creme_core_cremeuser u ON u.id = t.user_id",
    columns: &[
        Column::Int("id"),
        Column::Text("date"),
        Column::Int("entity_ctype_id"),
        Column::Text("model"),
        Column::Int("entity_id"),
        Column::Text("label"),
        Column::Int("user_id"),
        Column::Text("username"),
    ],
};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Cursor {
    /// The highest id read.
    id: i64,
    /// Skipped ids: from, to (both included), and when they were first missed.
    #[serde(default)]
    gaps: Vec<(i64, i64, Micros)>,
}

/// Reads a page. `now` is the reader's clock: it only decides how long skipped ids are waited for.
pub(super) async fn read(database: &mut Database, table: &Table, cursor: &Value, limit: usize, now: Micros) -> Result<Page, ConnectorError> {
    let first = cursor.is_null();
    let mut at: Cursor = if first { Cursor::default() } else { serde_json::from_value(cursor.clone()).map_err(bad_cursor)? };
    at.gaps.retain(|(.., missed)| now - missed < GAP_AGE);
    let mut records = Vec::new();
    if !at.gaps.is_empty() {
        let ranges: Vec<String> = at.gaps.iter().map(|(from, to, _)| format!("t.id BETWEEN {from} AND {to}")).collect();
        for row in select(database, table, &ranges.join(" OR "), limit).await? {
            at.gaps = without(&at.gaps, id_of(&row)?);
            records.push(record(table, row)?);
        }
    }
    let rows = select(database, table, &format!("t.id > {}", at.id), limit).await?;
    let more = rows.len() >= limit;
    if rows.is_empty() && !first {
        // Fewer ids than were read: Creme's database was put back to an earlier state, and ids are given out again.
        let highest = database.one(&format!("SELECT CAST(MAX(id) AS TEXT) FROM {}", table.name)).await?;
        at.id = at.id.min(highest.and_then(|id| id.parse().ok()).unwrap_or(0));
    }
    for row in rows {
        let id = id_of(&row)?;
        let recent = row["date"].as_str().and_then(time::parse).is_some_and(|t| now - t.micros < GAP_AGE);
        if recent && id > at.id + 1 && !(first && at.id == 0) {
            at.gaps.push((at.id + 1, id - 1, now));
        }
        at.id = id;
        records.push(record(table, row)?);
    }
    let surplus = at.gaps.len().saturating_sub(MAX_GAPS);
    at.gaps.drain(..surplus);
    Ok(Page { records, refused: Vec::new(), cursor: serde_json::to_value(at).map_err(bad_cursor)?, more })
}

async fn select(database: &mut Database, table: &Table, condition: &str, limit: usize) -> Result<Vec<Map<String, Value>>, ConnectorError> {
    database.rows(&format!("{} WHERE {condition} ORDER BY t.id LIMIT {limit}", table.sql), None, table.columns).await
}

fn id_of(row: &Map<String, Value>) -> Result<i64, ConnectorError> {
    row["id"].as_i64().ok_or_else(|| ConnectorError::Protocol("a row of Creme's database has no id".into()))
}

fn record(table: &Table, row: Map<String, Value>) -> Result<RawRecord, ConnectorError> {
    let origin = format!("{} {}", table.stream, id_of(&row)?);
    Ok(RawRecord { text: Value::Object(row).to_string(), origin, kind: table.name.to_owned() })
}

pub(super) fn bad_cursor(error: serde_json::Error) -> ConnectorError {
    ConnectorError::Protocol(format!("the stream's cursor cannot be read: {error}"))
}

fn without(gaps: &[(i64, i64, Micros)], id: i64) -> Vec<(i64, i64, Micros)> {
    let split = |&(from, to, missed): &(i64, i64, Micros)| {
        let parts = if (from..=to).contains(&id) { [(from, id - 1, missed), (id + 1, to, missed)] } else { [(from, to, missed), (1, 0, missed)] };
        parts.into_iter().filter(|(from, to, _)| from <= to)
    };
    gaps.iter().flat_map(split).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_found_id_leaves_the_rest_of_its_gap() {
        assert_eq!(without(&[(3, 6, 1), (9, 9, 2)], 4), [(3, 3, 1), (5, 6, 1), (9, 9, 2)]);
        assert_eq!(without(&[(3, 6, 1), (9, 9, 2)], 9), [(3, 6, 1)]);
    }
}
