//! When each stream was last asked, and what is wrong with it now.

use super::row::{id, id_value};
use crate::{
    Result,
    sql::{Handle, Migration, column},
};
use async_trait::async_trait;
use model::Micros;
use sea_orm::QueryResult;
use uuid::Uuid;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    name: "polls_1",
    statements: &["CREATE TABLE polls (source BYTEA NOT NULL, stream TEXT NOT NULL, last_polled BIGINT NOT NULL, kind TEXT, trouble TEXT, \
        trouble_since BIGINT, PRIMARY KEY (source, stream))"],
}];

/// The last poll of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poll {
    pub source: Uuid,
    pub stream: String,
    pub last_polled: Micros,
    pub trouble: Option<Trouble>,
}

/// Why a stream cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// `credential`, `setting`, `unavailable`, `protocol` or `internal`: who can mend it.
    pub kind: String,
    /// In words, without values of records.
    pub text: String,
    pub since: Micros,
}

#[async_trait]
pub trait Polls {
    /// Notes a poll. A trouble (kind, text) keeps the time it began while its kind stays; a success clears it.
    async fn note_poll(&self, source: Uuid, stream: &str, at: Micros, trouble: Option<(&str, &str)>) -> Result<()>;
    async fn polls(&self) -> Result<Vec<Poll>>;
}

#[async_trait]
impl<H: Handle + ?Sized> Polls for H {
    async fn note_poll(&self, source: Uuid, stream: &str, at: Micros, trouble: Option<(&str, &str)>) -> Result<()> {
        let sql = "INSERT INTO polls AS p (source, stream, last_polled, kind, trouble, trouble_since) VALUES ($1, $2, $3, $4, $5, $6) \
            ON CONFLICT (source, stream) DO UPDATE SET last_polled = excluded.last_polled, kind = excluded.kind, trouble = excluded.trouble, \
            trouble_since = CASE WHEN p.kind = excluded.kind THEN p.trouble_since ELSE excluded.trouble_since END";
        let values = vec![
            id_value(source),
            stream.into(),
            at.into(),
            trouble.map(|(kind, _)| kind.to_owned()).into(),
            trouble.map(|(_, text)| text.to_owned()).into(),
            trouble.map(|_| at).into(),
        ];
        self.execute(sql, values).await.map(drop)
    }

    async fn polls(&self) -> Result<Vec<Poll>> {
        let sql = "SELECT source, stream, last_polled, kind, trouble, trouble_since FROM polls ORDER BY source, stream";
        self.rows(sql, vec![]).await?.iter().map(read).collect()
    }
}

fn read(row: &QueryResult) -> Result<Poll> {
    let trouble = match (column::<Option<String>>(row, "kind")?, column::<Option<String>>(row, "trouble")?, column::<Option<Micros>>(row, "trouble_since")?) {
        (Some(kind), Some(text), Some(since)) => Some(Trouble { kind, text, since }),
        _ => None,
    };
    Ok(Poll { source: id(row, "source")?, stream: column(row, "stream")?, last_polled: column(row, "last_polled")?, trouble })
}
