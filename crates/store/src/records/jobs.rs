//! Long work. `updated` is also the job's version: whoever changes a job names the version he read, so a cancelled or reclaimed job is noticed.

use super::row::{id, id_value, json, json_value, signed, unsigned, word};
use crate::{
    Result,
    sql::{Handle, Migration, column},
};
use async_trait::async_trait;
use model::{Job, JobState, Micros};
use sea_orm::{QueryResult, Value};
use uuid::Uuid;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    name: "jobs_1",
    statements: &[
        "CREATE TABLE jobs (id BYTEA PRIMARY KEY, kind TEXT NOT NULL, member BYTEA NOT NULL, input TEXT NOT NULL, state TEXT NOT NULL, done BIGINT NOT NULL, \
            total BIGINT, output TEXT, error TEXT, created BIGINT NOT NULL, updated BIGINT NOT NULL)",
        "CREATE INDEX jobs_member ON jobs (member, id)",
        "CREATE INDEX jobs_state ON jobs (state, created)",
    ],
}];

const SELECT: &str = "SELECT id, kind, member, input, state, done, total, output, error, created, updated FROM jobs";

#[async_trait]
pub trait Jobs {
    async fn add_job(&self, job: &Job) -> Result<()>;
    async fn job(&self, id: Uuid) -> Result<Option<Job>>;
    /// A member's jobs, newest first, older than `before`.
    async fn jobs_of(&self, member: Uuid, before: Option<Uuid>, limit: u64) -> Result<Vec<Job>>;
    /// How many of a member's jobs are queued or running.
    async fn unfinished_jobs_of(&self, member: Uuid) -> Result<u64>;
    /// The newest job of a kind, whoever's it is.
    async fn newest_job(&self, kind: &str) -> Result<Option<Job>>;
    /// The oldest job of these kinds that is queued, or that says it runs but was last heard of before `silent_since` (its process is gone): now
    /// ours, running from nothing. `None` when there is nothing to do.
    async fn claim_job(&self, kinds: &[&str], now: Micros, silent_since: Micros) -> Result<Option<Job>>;
    /// Writes the job if its `updated` still is `version`; false when someone else changed it meanwhile.
    async fn change_job(&self, job: &Job, version: Micros) -> Result<bool>;
}

#[async_trait]
impl<H: Handle + ?Sized> Jobs for H {
    async fn add_job(&self, job: &Job) -> Result<()> {
        let sql = "INSERT INTO jobs (id, kind, member, input, state, done, total, output, error, created, updated) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let values = vec![
            id_value(job.id),
            job.kind.as_str().into(),
            id_value(job.member),
            json_value(&job.input)?,
            job.state.name().into(),
            signed(job.done)?.into(),
            job.total.map(signed).transpose()?.into(),
            job.output.clone().into(),
            job.error.clone().into(),
            job.created.into(),
            job.updated.into(),
        ];
        self.execute(sql, values).await.map(drop)
    }

    async fn job(&self, id: Uuid) -> Result<Option<Job>> {
        self.rows(&format!("{SELECT} WHERE id = $1"), vec![id_value(id)]).await?.first().map(read).transpose()
    }

    async fn jobs_of(&self, member: Uuid, before: Option<Uuid>, limit: u64) -> Result<Vec<Job>> {
        let (older, values) = match before {
            Some(before) => ("AND id < $3", vec![id_value(member), signed(limit)?.into(), id_value(before)]),
            None => ("", vec![id_value(member), signed(limit)?.into()]),
        };
        self.rows(&format!("{SELECT} WHERE member = $1 {older} ORDER BY id DESC LIMIT $2"), values).await?.iter().map(read).collect()
    }

    async fn unfinished_jobs_of(&self, member: Uuid) -> Result<u64> {
        let rows = self.rows("SELECT COUNT(*) AS jobs FROM jobs WHERE member = $1 AND state IN ('queued', 'running')", vec![id_value(member)]).await?;
        rows.first().map_or(Ok(0), |row| unsigned(row, "jobs"))
    }

    async fn newest_job(&self, kind: &str) -> Result<Option<Job>> {
        let sql = format!("{SELECT} WHERE kind = $1 ORDER BY created DESC, id DESC LIMIT 1");
        self.rows(&sql, vec![kind.into()]).await?.first().map(read).transpose()
    }

    async fn claim_job(&self, kinds: &[&str], now: Micros, silent_since: Micros) -> Result<Option<Job>> {
        let named: Vec<String> = (2..kinds.len() + 2).map(|n| format!("${n}")).collect();
        let due = "(state = 'queued' OR (state = 'running' AND updated < $1))";
        let sql = format!("{SELECT} WHERE {due} AND kind IN ({}) ORDER BY created, id LIMIT 1", named.join(", "));
        let values: Vec<Value> = std::iter::once(silent_since.into()).chain(kinds.iter().map(|kind| (*kind).into())).collect();
        let Some(found) = self.rows(&sql, values).await?.first().map(read).transpose()? else { return Ok(None) };
        let version = found.updated;
        // Time may stand still between two claims; the version may not.
        let job = Job { state: JobState::Running, done: 0, total: None, output: None, error: None, updated: now.max(version + 1), ..found };
        Ok(self.change_job(&job, version).await?.then_some(job))
    }

    async fn change_job(&self, job: &Job, version: Micros) -> Result<bool> {
        let sql = "UPDATE jobs SET state = $3, done = $4, total = $5, output = $6, error = $7, updated = $8 WHERE id = $1 AND updated = $2";
        let values = vec![
            id_value(job.id),
            version.into(),
            job.state.name().into(),
            signed(job.done)?.into(),
            job.total.map(signed).transpose()?.into(),
            job.output.clone().into(),
            job.error.clone().into(),
            job.updated.into(),
        ];
        Ok(self.execute(sql, values).await? > 0)
    }
}

fn read(row: &QueryResult) -> Result<Job> {
    Ok(Job {
        id: id(row, "id")?,
        kind: column(row, "kind")?,
        member: id(row, "member")?,
        input: json(row, "input")?,
        state: word(row, "state", JobState::from_name)?,
        done: unsigned(row, "done")?,
        total: column::<Option<i64>>(row, "total")?.map(|_| unsigned(row, "total")).transpose()?,
        output: column(row, "output")?,
        error: column(row, "error")?,
        created: column(row, "created")?,
        updated: column(row, "updated")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::testing::databases;

    #[tokio::test]
    async fn a_job_is_claimed_once_and_again_when_its_process_fell_silent() {
        for db in databases().await {
            let member = Uuid::from_u128(9);
            let job = Job {
                id: Uuid::from_u128(1),
                kind: "export".into(),
                member,
                input: serde_json::json!({"query": "q=a"}),
                state: JobState::Queued,
                done: 0,
                total: None,
                output: None,
                error: None,
                created: 100,
                updated: 100,
            };
            db.add_job(&job).await.unwrap();
            assert_eq!(db.unfinished_jobs_of(member).await.unwrap(), 1);
            assert_eq!(db.claim_job(&["index"], 100, 50).await.unwrap(), None, "of another kind");
            assert_eq!((db.newest_job("export").await.unwrap(), db.newest_job("index").await.unwrap()), (Some(job.clone()), None));
            let claimed = db.claim_job(&["export", "evidence"], 100, 50).await.unwrap().unwrap();
            assert_eq!((claimed.state, claimed.updated), (JobState::Running, 101), "the version moves even when the clock does not");
            assert_eq!(db.claim_job(&["export"], 110, 50).await.unwrap(), None);
            let silent = db.claim_job(&["export"], 500, 200).await.unwrap().unwrap();
            assert_eq!((silent.id, silent.done), (job.id, 0));
            let late = Job { state: JobState::Done, updated: 501, ..claimed.clone() };
            assert!(!db.change_job(&late, claimed.updated).await.unwrap(), "the process that lost the job cannot finish it");
            assert!(db.change_job(&Job { state: JobState::Done, total: Some(3), updated: 501, ..silent.clone() }, silent.updated).await.unwrap());
            assert_eq!(db.unfinished_jobs_of(member).await.unwrap(), 0);
            assert_eq!(db.jobs_of(member, None, 10).await.unwrap()[0].total, Some(3));
            assert_eq!(db.jobs_of(member, Some(job.id), 10).await.unwrap(), []);
            assert_eq!(db.jobs_of(Uuid::nil(), None, 10).await.unwrap(), []);
        }
    }
}
