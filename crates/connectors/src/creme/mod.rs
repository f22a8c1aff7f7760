//! Creme CRM 2.8: its history, reads and accounts from its database, sign-ins, report exports and refusals from its access log.

mod access_log;
mod accounts;
mod attribution;
mod check;
mod database;
mod historyline;
mod log_file;
pub mod manifest;
mod normalise;
mod reads;
mod rows;
#[cfg(test)]
mod tests;

pub use manifest::MANIFEST;

use crate::{
    CheckReport, Connector, ConnectorError, Context, FileHint, Manifest, Page, RawRecord, Records, Settings, State,
    input::{self, Item},
};
use async_trait::async_trait;
use attribution::Login;
use database::{Column, Database};
use manifest::{ACCESS_LOG, ACCOUNTS, HISTORYLINE, IMPRINT, LAST_VIEWED};
use model::{Event, Micros, Refusal, time};
use normalise::Judged;
use serde_json::{Value, json};
use std::{io::BufRead, path::PathBuf};

pub struct Creme;

#[async_trait]
impl Connector for Creme {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    async fn check(&self, settings: &Settings) -> Result<CheckReport, ConnectorError> {
        check::check(settings).await
    }

    async fn read(&self, settings: &Settings, stream: &str, cursor: &Value, state: &State, limit: usize) -> Result<Page, ConnectorError> {
        let now = jiff::Timestamp::now().as_microsecond();
        if stream == ACCESS_LOG {
            return read_log(settings, cursor, limit, now).await;
        }
        if !MANIFEST.streams.iter().any(|s| s.name == stream) {
            return Err(ConnectorError::NoStream(stream.to_owned()));
        }
        let mut database = Database::open(settings).await?;
        let page = match stream {
            HISTORYLINE => rows::read(&mut database, &rows::HISTORY, cursor, limit, now).await,
            IMPRINT => rows::read(&mut database, &rows::IMPRINTS, cursor, limit, now).await,
            LAST_VIEWED => reads::read(&mut database, cursor, limit, now).await,
            _ => accounts::read(&mut database, cursor, state, limit, now).await,
        };
        database.close().await;
        page
    }

    fn normalise(&self, context: &Context, stream: &str, state: &mut State, record: &RawRecord) -> Result<Vec<Event>, Refusal> {
        match normalise::normalise(context, stream, state, record)? {
            Judged::Events(events) => Ok(events),
            Judged::Ignored(why) => {
                tracing::debug!(stream, origin = record.origin, why, "a record is no event of its own");
                Ok(Vec::new())
            }
        }
    }

    fn split<'a>(&self, _: &Settings, hint: &FileHint, input: Box<dyn BufRead + Send + 'a>) -> Result<Records<'a>, ConnectorError> {
        let (stream, kind) = what_is(hint);
        let of = move |stated: String| if stated.is_empty() { stream.to_owned() } else { stated };
        Ok(Box::new(input::by_name(hint, input).map(move |item| {
            item.map(|item| match item {
                Item::Record { stream, mut record } => {
                    record.kind = kind.to_owned();
                    Item::Record { stream: of(stream), record }
                }
                Item::Refused { stream, bytes, size_bytes, origin, refusal } => Item::Refused { stream: of(stream), bytes, size_bytes, origin, refusal },
            })
        })))
    }
}

/// Stream and table of a file by its name: tables are exported under their own names, everything else is taken as a log.
fn what_is(hint: &FileHint) -> (&'static str, &'static str) {
    const TABLES: [(&str, &str); 6] = [
        ("creme_core_historyline", HISTORYLINE),
        ("creme_core_imprint", IMPRINT),
        ("creme_core_lastviewedentity", LAST_VIEWED),
        ("creme_core_cremeuser_roles", ACCOUNTS),
        ("creme_core_cremeuser", ACCOUNTS),
        ("django_content_type", HISTORYLINE),
    ];
    let name = hint.name.rsplit('/').next().unwrap_or_default();
    TABLES.into_iter().find(|(table, _)| name.starts_with(table)).map_or((ACCESS_LOG, ""), |(table, stream)| (stream, table))
}

/// New lines of the access log; sign-ins with the accounts that may be theirs.
async fn read_log(settings: &Settings, cursor: &Value, limit: usize, now: Micros) -> Result<Page, ConnectorError> {
    let Some(path) = settings.text("access_log").map(PathBuf::from) else {
        return Ok(Page { cursor: cursor.clone(), ..Page::default() });
    };
    let path = settings.reach().file("access_log", &path)?;
    let cursor = cursor.clone();
    let mut page = tokio::task::spawn_blocking(move || log_file::read(&path, &cursor, limit, now))
        .await
        .map_err(|e| ConnectorError::Protocol(format!("reading the access log was interrupted: {e}")))??;
    let mut lines = Vec::new();
    for (at, record) in page.records.iter().enumerate() {
        let line: Value = serde_json::from_str(&record.text).unwrap_or_default();
        if let Some(time) = line["line"].as_str().and_then(access_log::accepted_login) {
            lines.push((at, line, time));
        }
    }
    let Some(earliest) = lines.iter().map(|(.., time)| *time).min() else { return Ok(page) };
    let logins = match last_logins(settings, earliest - attribution::LONG_BEFORE).await {
        Ok(logins) => logins,
        Err(error) => {
            // The lines are worth more than their users: they go on without.
            tracing::warn!(%error, "sign-ins are read without their users: Creme's accounts cannot be asked");
            return Ok(page);
        }
    };
    let times: Vec<Micros> = lines.iter().map(|(.., time)| *time).collect();
    for (n, (at, mut line, _)) in lines.into_iter().enumerate() {
        let close = &times[n..][..attribution::close_together(&times[n..])];
        let near: Vec<&Login> = logins.iter().filter(|l| close.iter().any(|time| attribution::possible(*time, l.micros))).collect();
        line["logins"] = json!(near);
        line["next"] = json!(close[1..]);
        page.records[at].text = line.to_string();
    }
    Ok(page)
}

async fn last_logins(settings: &Settings, since: Micros) -> Result<Vec<Login>, ConnectorError> {
    const COLUMNS: &[Column] = &[Column::Int("user"), Column::Text("username"), Column::Text("last_login")];
    let mut database = Database::open(settings).await?;
    let sql = format!(
        "SELECT CAST(id AS TEXT), username, CAST(last_login AS TEXT) FROM creme_core_cremeuser WHERE last_login >= {} ORDER BY last_login LIMIT 10000",
        database.time_parameter()
    );
    let rows = database.rows(&sql, Some(&database.time_text(since)), COLUMNS).await;
    database.close().await;
    let login = |row: &serde_json::Map<String, Value>| {
        let micros = time::parse(row["last_login"].as_str()?)?.micros;
        Some(Login { user: row["user"].as_i64()?, username: row["username"].as_str()?.to_owned(), micros })
    };
    Ok(rows?.iter().filter_map(login).collect())
}
