//! Copies of the databases: what one holds at one moment, as an SQLite file of the same tables, and such a file put back into either kind.
//!
//! A copy is read within one transaction, so that everything in it belongs together; writers go on meanwhile. It is put back within one transaction too.

use crate::{
    Result, StoreError, keys, records,
    sql::{Database, Handle, Migration, Unit, column, placeholders},
    trail::{self, Head},
};
use model::position::{ACTIVITY, SELF};
use sea_orm::{QueryResult, Value};
use std::path::Path;

/// Values per statement: below SQLite's 32,766 and PostgreSQL's 65,535.
const VALUES: usize = 8_000;
const MOST_ROWS: usize = 500;
/// Batches of the tail are up to 32 MB each.
const LARGE_ROWS: usize = 4;
/// The tables that hold several ledgers, each in rows of its own, begin like this.
const OF_LEDGERS: &str = "trail_";

/// What is copied together: what one of the databases holds, even where several share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Everything relational, and the ledger `self`.
    Records,
    /// The ledger `activity`.
    Trail,
    Keys,
}

impl Part {
    pub const ALL: [Part; 3] = [Part::Records, Part::Trail, Part::Keys];

    pub fn name(self) -> &'static str {
        match self {
            Part::Records => "records",
            Part::Trail => "trail",
            Part::Keys => "keys",
        }
    }

    fn migrations(self) -> Vec<&'static [Migration]> {
        match self {
            Part::Records => records::PARTS.iter().copied().chain([trail::MIGRATIONS]).collect(),
            Part::Trail => vec![trail::MIGRATIONS],
            Part::Keys => vec![keys::MIGRATIONS],
        }
    }

    /// Its tables, each after those it refers to.
    fn tables(self) -> Vec<&'static str> {
        self.migrations().into_iter().flatten().flat_map(|migration| migration.statements.iter().filter_map(created)).collect()
    }

    fn ledger(self) -> &'static str {
        if self == Part::Records { SELF } else { ACTIVITY }
    }

    /// Which rows of a table are this part's: a condition, and the value it asks for.
    fn rows_of(self, table: &str) -> Option<Value> {
        table.starts_with(OF_LEDGERS).then(|| self.ledger().into())
    }
}

/// Hears how many rows were copied since it was last called.
pub type Told<'a> = &'a mut (dyn FnMut(u64) + Send);

/// Copies a part into a new file. The head of the ledger in it, as of the copy's moment.
///
/// # Errors
/// `Conflict` when the file is there.
pub async fn save(from: &Database, part: Part, file: &Path, told: Told<'_>) -> Result<Option<Head>> {
    if file.exists() {
        return Err(StoreError::Conflict(format!("'{}' is there already; a copy is not written over", file.display())));
    }
    let copy = Database::new_file(file).await?;
    for migrations in part.migrations() {
        copy.migrate(migrations).await?;
    }
    let (snapshot, unit) = (from.snapshot().await?, copy.begin().await?);
    snapshot.may_rest().await?;
    empty(&unit, part).await?;
    rows(&snapshot, &unit, &unit, part, told).await?;
    let head = match part {
        Part::Keys => None,
        _ => trail::head_in(&unit, part.ledger()).await?,
    };
    unit.commit().await?;
    snapshot.rollback().await?;
    copy.close().await?;
    Ok(head)
}

/// Puts the copy of a part in the place of what `to` holds of it. `to` is what it was after an error.
pub async fn put_back(file: &Path, part: Part, to: &Database, told: Told<'_>) -> Result<()> {
    let copy = Database::unchanging(file).await?;
    let (snapshot, unit) = (copy.snapshot().await?, to.begin().await?);
    unit.may_rest().await?;
    empty(&unit, part).await?;
    rows(&snapshot, &unit, &snapshot, part, told).await?;
    if part != Part::Keys {
        // Whoever held the lease when the copy was made does not hold it here.
        unit.execute("UPDATE trail_heads SET holder = '', lease_until = 0 WHERE ledger = $1", vec![part.ledger().into()]).await?;
    }
    unit.commit().await?;
    snapshot.rollback().await?;
    copy.close().await
}

/// Makes the tables of a part where they are missing; whether nothing was ever kept in them.
pub async fn is_unused(database: &Database, part: Part) -> Result<bool> {
    for migrations in part.migrations() {
        database.migrate(migrations).await?;
    }
    for table in part.tables() {
        // These begin with a row.
        let begun = match table {
            "trail_heads" => " AND (size > 0 OR generation > 0)",
            "wrapped_under" => " AND kek IS NOT NULL",
            _ => "",
        };
        let of = part.rows_of(table);
        let condition = if of.is_some() { "ledger = $1" } else { "1 = 1" };
        if !database.rows(&format!("SELECT 1 AS one FROM {table} WHERE {condition}{begun} LIMIT 1"), of.into_iter().collect()).await?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The table that a statement makes, if it makes one.
fn created(statement: &&'static str) -> Option<&'static str> {
    statement.strip_prefix("CREATE TABLE ")?.split([' ', '(']).next()
}

async fn empty(unit: &Unit, part: Part) -> Result<()> {
    for table in part.tables().into_iter().rev() {
        match part.rows_of(table) {
            Some(ledger) => unit.execute(&format!("DELETE FROM {table} WHERE ledger = $1"), vec![ledger]).await?,
            None => unit.execute(&format!("DELETE FROM {table}"), vec![]).await?,
        };
    }
    Ok(())
}

/// `shape` is whichever of the two is the SQLite file: its tables say what columns there are.
async fn rows(from: &Unit, to: &Unit, shape: &Unit, part: Part, told: Told<'_>) -> Result<()> {
    for name in part.tables() {
        // A copy by an earlier release lacks the newest tables.
        if let Some(table) = Table::read(shape, name, part.rows_of(name)).await? {
            table.copy(from, to, told).await?;
        }
    }
    Ok(())
}

/// How a column's values are carried over. The two databases share these kinds and no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Integer,
    Text,
    Bytes,
}

struct Column {
    name: String,
    kind: Kind,
    /// Place in the primary key, from 1 on; 0: not part of it.
    key: i64,
}

impl Column {
    fn read(row: &QueryResult) -> Result<Self> {
        let declared: String = column(row, "declared")?;
        let kind = match declared.as_str() {
            "TEXT" => Kind::Text,
            "BLOB" => Kind::Bytes,
            "BIGINT" | "INTEGER" => Kind::Integer,
            other => return Err(StoreError::Internal(format!("columns of type {other} are not copied"))),
        };
        Ok(Self { name: column(row, "name")?, kind, key: column(row, "key_place")? })
    }

    /// As it is selected: PostgreSQL has integers of several widths.
    fn selected(&self) -> String {
        match self.kind {
            Kind::Integer => format!("CAST(\"{0}\" AS BIGINT) AS \"{0}\"", self.name),
            Kind::Text | Kind::Bytes => self.quoted(),
        }
    }

    fn quoted(&self) -> String {
        format!("\"{}\"", self.name)
    }

    fn value(&self, row: &QueryResult) -> Result<Value> {
        Ok(match self.kind {
            Kind::Integer => column::<Option<i64>>(row, &self.name)?.into(),
            Kind::Text => column::<Option<String>>(row, &self.name)?.into(),
            Kind::Bytes => column::<Option<Vec<u8>>>(row, &self.name)?.into(),
        })
    }
}

struct Table {
    name: &'static str,
    columns: Vec<Column>,
    /// The ledger whose rows are meant, where the table holds several.
    ledger: Option<Value>,
}

impl Table {
    async fn read(shape: &Unit, name: &'static str, ledger: Option<Value>) -> Result<Option<Self>> {
        let sql = "SELECT name, type AS declared, CAST(pk AS BIGINT) AS key_place FROM pragma_table_info($1) ORDER BY cid";
        let columns = shape.rows(sql, vec![name.into()]).await?.iter().map(Column::read).collect::<Result<Vec<_>>>()?;
        Ok((!columns.is_empty()).then_some(Self { name, columns, ledger }))
    }

    fn page_rows(&self) -> usize {
        if self.name == "trail_batches" { LARGE_ROWS } else { MOST_ROWS.min(VALUES / self.columns.len()) }
    }

    /// The columns that order its rows: the primary key, and all of them where there is none.
    fn order(&self) -> (Vec<&Column>, bool) {
        let mut keys: Vec<&Column> = self.columns.iter().filter(|c| c.key > 0).collect();
        keys.sort_by_key(|c| c.key);
        if keys.is_empty() { (self.columns.iter().collect(), false) } else { (keys, true) }
    }

    async fn copy(&self, from: &Unit, to: &Unit, told: Told<'_>) -> Result<()> {
        let (order, keyed) = self.order();
        let names = |columns: &[&Column]| columns.iter().map(|c| c.quoted()).collect::<Vec<_>>().join(", ");
        let selected = self.columns.iter().map(Column::selected).collect::<Vec<_>>().join(", ");
        let inserted = names(&self.columns.iter().collect::<Vec<_>>());
        let (limit, ordered) = (self.page_rows(), names(&order));
        let (mut last, mut done): (Option<Vec<Value>>, usize) = (None, 0);
        loop {
            let mut values: Vec<Value> = self.ledger.iter().cloned().collect();
            let mut conditions: Vec<String> = self.ledger.iter().map(|_| "ledger = $1".to_owned()).collect();
            if let Some(last) = last.take() {
                let places = (1..=last.len()).map(|n| format!("${}", values.len() + n)).collect::<Vec<_>>().join(", ");
                conditions.push(format!("({ordered}) > ({places})"));
                values.extend(last);
            }
            let condition = if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
            // Without a key the rows are counted off: within one transaction their order stays.
            let skipped = if keyed { String::new() } else { format!(" OFFSET {done}") };
            let page = from.rows(&format!("SELECT {selected} FROM {}{condition} ORDER BY {ordered} LIMIT {limit}{skipped}", self.name), values).await?;
            let Some(end) = page.last() else { return Ok(()) };
            if keyed {
                last = Some(order.iter().map(|c| c.value(end)).collect::<Result<_>>()?);
            }
            let values = page.iter().flat_map(|row| self.columns.iter().map(move |c| c.value(row))).collect::<Result<Vec<_>>>()?;
            let insert = format!("INSERT INTO {} ({inserted}) VALUES {}", self.name, placeholders(page.len(), self.columns.len()));
            to.execute(&insert, values).await?;
            told(page.len() as u64);
            done += page.len();
            if page.len() < limit {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_in_one_part() {
        let records = Part::Records.tables();
        for table in ["members", "employments", "sessions", "source_secrets", "alert_findings", "holds", "self_events", "trail_heads", "trail_generations"] {
            assert!(records.contains(&table), "{table} in {records:?}");
        }
        let place = |table: &str| records.iter().position(|t| *t == table);
        assert!(place("sources") < place("source_secrets") && place("alerts") < place("alert_findings"));
        assert_eq!(Part::Trail.tables(), ["trail_heads", "trail_batches", "trail_fingerprints", "trail_streams", "trail_quarantine", "trail_generations"]);
        assert_eq!(Part::Keys.tables(), ["subject_keys", "secrets", "wrapped_under"]);
        let one = |n: usize| Column { name: format!("c{n}"), kind: Kind::Text, key: 0 };
        let table = Table { name: "t", columns: (0..40).map(one).collect(), ledger: None };
        assert_eq!((table.page_rows(), table.order().0.len(), table.order().1), (200, 40, false));
    }
}
