//! Creme's database, read from outside: PostgreSQL or SQLite, one connection per read, never writing.

use crate::{ConnectorError, Reach, Settings};
use model::{Micros, reach, time};
use sea_orm::sqlx::{
    self, AssertSqlSafe, ConnectOptions, Connection, Row as _,
    postgres::{PgConnectOptions, PgConnection, PgSslMode},
    sqlite::{SqliteConnectOptions, SqliteConnection},
};
use serde_json::{Map, Value};
use std::{
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

/// The setting.
const URL: &str = "database_url";
/// How long a connection may take; Creme's own database is near.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long one statement may run before the database gives up on it, in milliseconds.
const STATEMENT_TIMEOUT_MS: &str = "30000";
/// How long a read waits for a writer's lock on SQLite.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// What a column of a query is in the record's JSON. Every column is selected as text: the two databases then answer alike.
#[derive(Clone, Copy)]
pub(super) enum Column {
    Int(&'static str),
    Text(&'static str),
    Flag(&'static str),
}

/// Towards another machine the server's certificate must be good and of its name, unless the URL asks for less (`require`, `verify-ca`, `disable`).
fn verified(options: PgConnectOptions) -> PgConnectOptions {
    let host = options.get_host();
    let here = options.get_socket().is_some() || host.starts_with('/') || reach::is_here(host);
    let unsaid = matches!(options.get_ssl_mode(), PgSslMode::Prefer | PgSslMode::Allow);
    if unsaid && !here { options.ssl_mode(PgSslMode::VerifyFull) } else { options }
}

/// An open connection.
pub(super) enum Database {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

impl Database {
    /// # Errors
    /// What failed and what to do, without the URL: it holds a password.
    pub async fn open(settings: &Settings) -> Result<Self, ConnectorError> {
        let url = settings.required(URL)?;
        let connecting = async {
            match url.split_once(':').map(|(scheme, _)| scheme) {
                Some("postgres" | "postgresql") => {
                    let options = PgConnectOptions::from_str(url)
                        .map_err(|_| bad_url("write it as postgres://user:password@host:port/database; special characters of the password percent-encoded"))?
                        .application_name("veritrail")
                        .options([("default_transaction_read_only", "on"), ("statement_timeout", STATEMENT_TIMEOUT_MS), ("TimeZone", "UTC")]);
                    let options = within(settings.reach(), verified(options)).await?;
                    PgConnection::connect_with(&options).await.map(Database::Postgres).map_err(|e| meaning(&e))
                }
                Some("sqlite") => {
                    let options = SqliteConnectOptions::from_str(url).map_err(|_| bad_url("write it as sqlite:///path/to/creme.sqlite3"))?;
                    let path = settings.reach().file(URL, options.get_filename())?;
                    if !path.is_file() {
                        return Err(ConnectorError::Unavailable { why: format!("there is no database file {}", path.display()), retry_after_secs: None });
                    }
                    let options = options.read_only(true).create_if_missing(false).busy_timeout(BUSY_TIMEOUT);
                    SqliteConnection::connect_with(&options).await.map(Database::Sqlite).map_err(|e| meaning(&e))
                }
                _ => Err(bad_url("it must begin with postgres: or sqlite:")),
            }
        };
        tokio::time::timeout(CONNECT_TIMEOUT, connecting).await.unwrap_or_else(|_| {
            let why = format!("the database gave no answer within {} seconds; check host, port and firewall", CONNECT_TIMEOUT.as_secs());
            Err(ConnectorError::Unavailable { why, retry_after_secs: None })
        })
    }

    /// A time parameter `$1` to compare with a time column.
    pub fn time_parameter(&self) -> &'static str {
        match self {
            Database::Postgres(_) => "CAST($1 AS timestamptz)",
            Database::Sqlite(_) => "$1",
        }
    }

    /// A time as this database writes it, to be bound to [`Self::time_parameter`].
    pub fn time_text(&self, micros: Micros) -> String {
        let text = time::rfc3339(micros).replace('T', " ").replace('Z', "");
        match self {
            Database::Postgres(_) => format!("{text}+00"),
            Database::Sqlite(_) => text,
        }
    }

    /// Rows of a query whose columns are all cast to text, in the order of `columns`. `$1` is the one parameter.
    pub async fn rows(&mut self, sql: &str, parameter: Option<&str>, columns: &[Column]) -> Result<Vec<Map<String, Value>>, ConnectorError> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Database::Postgres(connection) => {
                let query = sqlx::query(sql);
                let query = if let Some(p) = parameter { query.bind(p) } else { query };
                let rows = query.fetch_all(connection).await.map_err(|e| meaning(&e))?;
                rows.iter().map(|row| object(columns, |at| row.try_get(at))).collect()
            }
            Database::Sqlite(connection) => {
                let query = sqlx::query(sql);
                let query = if let Some(p) = parameter { query.bind(p) } else { query };
                let rows = query.fetch_all(connection).await.map_err(|e| meaning(&e))?;
                rows.iter().map(|row| object(columns, |at| row.try_get(at))).collect()
            }
        }
    }

    /// The first column of the first row.
    pub async fn one(&mut self, sql: &str) -> Result<Option<String>, ConnectorError> {
        let rows = self.rows(sql, None, &[Column::Text("one")]).await?;
        Ok(rows.first().and_then(|row| row["one"].as_str()).map(str::to_owned))
    }

    pub async fn close(self) {
        let closed = match self {
            Database::Postgres(connection) => connection.close().await,
            Database::Sqlite(connection) => connection.close().await,
        };
        if let Err(error) = closed {
            tracing::debug!(%error, "a connection to Creme's database did not close cleanly");
        }
    }
}

/// The connection goes to an address that was checked, and its sockets and certificates lie in listed folders.
async fn within(reach: &Reach, options: PgConnectOptions) -> Result<PgConnectOptions, ConnectorError> {
    for (key, value) in options.to_url_lossy().query_pairs() {
        if matches!(&*key, "sslrootcert" | "sslcert" | "sslkey") && !value.starts_with("-----BEGIN") {
            reach.file(URL, Path::new(&*value))?;
        }
    }
    let host = options.get_host().to_owned();
    if let Some(socket) = options.get_socket().cloned().or_else(|| host.starts_with('/').then(|| PathBuf::from(&host))) {
        reach.file(URL, &socket)?;
        return Ok(options);
    }
    let found = reach.addresses(URL, &host, options.get_port()).await?;
    match found.first() {
        // A certificate that must name the host keeps another from answering for it; everywhere else the name is not looked up again.
        Some(address) if !matches!(options.get_ssl_mode(), PgSslMode::VerifyFull) => Ok(options.host(&address.ip().to_string())),
        _ => Ok(options),
    }
}

fn bad_url(why: &str) -> ConnectorError {
    ConnectorError::BadSetting { name: URL, why: why.to_owned() }
}

fn object(columns: &[Column], text_at: impl Fn(usize) -> Result<Option<String>, sqlx::Error>) -> Result<Map<String, Value>, ConnectorError> {
    let mut object = Map::new();
    for (at, column) in columns.iter().enumerate() {
        let text = text_at(at).map_err(|e| meaning(&e))?;
        let (name, value) = match *column {
            Column::Int(name) => (name, text.and_then(|t| t.parse::<i64>().ok()).map_or(Value::Null, Value::from)),
            Column::Text(name) => (name, text.map_or(Value::Null, Value::String)),
            Column::Flag(name) => (name, text.map_or(Value::Null, |t| Value::Bool(matches!(t.as_str(), "1" | "t" | "true")))),
        };
        object.insert(name.to_owned(), value);
    }
    Ok(object)
}

/// What a failure means to whoever set the source up. Codes: PostgreSQL manual, appendix A; <https://www.sqlite.org/rescode.html>.
fn meaning(error: &sqlx::Error) -> ConnectorError {
    match error {
        sqlx::Error::Database(answer) => match answer.code().as_deref() {
            Some("28P01" | "28000") => ConnectorError::Credential("the database refused the user name or password".into()),
            Some("3D000") => bad_url("the server has no database of that name"),
            Some("42501") => ConnectorError::Credential(format!("a right is missing: {}; grant SELECT on Creme's tables", answer.message())),
            Some("42P01" | "42703") => ConnectorError::Protocol(format!("this is no database of Creme 2.8: {}", answer.message())),
            Some("26") => ConnectorError::Protocol("the file is not an SQLite database".into()),
            Some("1") => ConnectorError::Protocol(format!("this is no database of Creme 2.8: {}", answer.message())),
            Some("14" | "3") => ConnectorError::Credential("the database file cannot be opened: give Veritrail's user the right to read it".into()),
            _ => ConnectorError::Unavailable { why: format!("the database answered: {}", answer.message()), retry_after_secs: None },
        },
        sqlx::Error::Io(e) => ConnectorError::Unavailable { why: format!("the database cannot be reached: {e}"), retry_after_secs: None },
        sqlx::Error::Configuration(_) => bad_url("it cannot be understood"),
        other => ConnectorError::Unavailable { why: format!("the database cannot be read: {other}"), retry_after_secs: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_elsewhere_is_verified_unless_the_url_says_otherwise() {
        let mode = |url: &str| format!("{:?}", verified(url.parse().expect("a URL")).get_ssl_mode());
        assert_eq!(mode("postgres://reader:p@crm.example.com/creme"), "VerifyFull");
        assert_eq!(mode("postgres://reader:p@10.0.0.5/creme?sslmode=prefer"), "VerifyFull");
        assert_eq!(mode("postgres://reader:p@crm.example.com/creme?sslmode=disable"), "Disable");
        assert_eq!(mode("postgres://reader:p@127.0.0.1/creme"), "Prefer");
    }
}
