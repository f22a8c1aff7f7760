//! Sessions of members, by the hash of their id, and failed sign-ins by a keyed hash of account and address.

use super::row::{damaged, id, id_value, unsigned};
use crate::{
    Result,
    sql::{Handle, Migration, column},
};
use async_trait::async_trait;
use model::Micros;
use sea_orm::QueryResult;
use uuid::Uuid;

pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "sessions_1",
        statements: &[
            "CREATE TABLE sessions (hash BYTEA PRIMARY KEY, member BYTEA NOT NULL, created BIGINT NOT NULL, last_used BIGINT NOT NULL)",
            "CREATE INDEX sessions_member ON sessions (member)",
            "CREATE TABLE sign_in_failures (account BYTEA NOT NULL, time BIGINT NOT NULL)",
            "CREATE INDEX sign_in_failures_account ON sign_in_failures (account, time)",
        ],
    },
    // Sessions live for a day at most: those from before end here, and everybody signs in once more.
    Migration {
        name: "sessions_2",
        statements: &[
            "DELETE FROM sessions",
            "ALTER TABLE sessions ADD COLUMN id BYTEA",
            "ALTER TABLE sessions ADD COLUMN shown BIGINT NOT NULL DEFAULT 0",
            "ALTER TABLE sessions ADD COLUMN address TEXT",
            "ALTER TABLE sessions ADD COLUMN agent TEXT",
            "CREATE UNIQUE INDEX sessions_id ON sessions (id)",
            "CREATE TABLE known_addresses (account BYTEA PRIMARY KEY, time BIGINT NOT NULL)",
        ],
    },
];

/// A session without an id is of a backup from before there were any: void.
const SELECT: &str = "SELECT hash, id, member, created, last_used, shown, address, agent FROM sessions WHERE id IS NOT NULL";

/// A session: only the hash of its id is kept, so a copy of the database opens none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the id in the cookie.
    pub hash: [u8; 32],
    /// How lists name it.
    pub id: Uuid,
    pub member: Uuid,
    pub created: Micros,
    pub last_used: Micros,
    /// When the member last showed in it who he is.
    pub shown: Micros,
    /// Where it was begun from.
    pub address: Option<String>,
    /// What the browser called itself.
    pub agent: Option<String>,
}

#[async_trait]
pub trait Sessions {
    async fn add_session(&self, session: &Session) -> Result<()>;
    async fn session(&self, hash: &[u8; 32]) -> Result<Option<Session>>;
    async fn touch_session(&self, hash: &[u8; 32], now: Micros) -> Result<()>;
    /// The member showed again who he is: from here on the session is found under `renewed`.
    async fn session_shown(&self, hash: &[u8; 32], renewed: &[u8; 32], now: Micros) -> Result<()>;
    async fn end_session(&self, hash: &[u8; 32]) -> Result<()>;
    /// A member's, the last used first.
    async fn sessions_of(&self, member: Uuid) -> Result<Vec<Session>>;
    /// Whether this member had such a session.
    async fn end_session_of(&self, member: Uuid, id: Uuid) -> Result<bool>;
    async fn end_sessions_of(&self, member: Uuid) -> Result<u64>;
    /// All but this one.
    async fn end_other_sessions_of(&self, member: Uuid, but: Uuid) -> Result<u64>;
    /// Removes sessions last used before `idle_since` or made before `made_since`; they are void already.
    async fn drop_stale_sessions(&self, idle_since: Micros, made_since: Micros) -> Result<u64>;

    /// `account` is a keyed hash; the table names nobody.
    async fn add_sign_in_failure(&self, account: &[u8; 32], now: Micros) -> Result<()>;
    /// How many failures since, and when the newest of them was.
    async fn sign_in_failures(&self, account: &[u8; 32], since: Micros) -> Result<(u64, Option<Micros>)>;
    /// Forgets this account's failures, and everybody's from before `before`.
    async fn forget_sign_in_failures(&self, account: &[u8; 32], before: Micros) -> Result<()>;

    /// `account` is a keyed hash of an account and an address from which it signed in.
    async fn know_address(&self, account: &[u8; 32], now: Micros) -> Result<()>;
    /// Whether it signed in from there since.
    async fn address_known(&self, account: &[u8; 32], since: Micros) -> Result<bool>;
    async fn forget_addresses(&self, before: Micros) -> Result<()>;
}

#[async_trait]
impl<H: Handle + ?Sized> Sessions for H {
    async fn add_session(&self, session: &Session) -> Result<()> {
        let sql = "INSERT INTO sessions (hash, id, member, created, last_used, shown, address, agent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let values = vec![
            session.hash.to_vec().into(),
            id_value(session.id),
            id_value(session.member),
            session.created.into(),
            session.last_used.into(),
            session.shown.into(),
            session.address.clone().into(),
            session.agent.clone().into(),
        ];
        self.execute(sql, values).await.map(drop)
    }

    async fn session(&self, hash: &[u8; 32]) -> Result<Option<Session>> {
        self.rows(&format!("{SELECT} AND hash = $1"), vec![hash.to_vec().into()]).await?.first().map(read).transpose()
    }

    async fn touch_session(&self, hash: &[u8; 32], now: Micros) -> Result<()> {
        self.execute("UPDATE sessions SET last_used = $2 WHERE hash = $1 AND last_used < $2", vec![hash.to_vec().into(), now.into()]).await.map(drop)
    }

    async fn session_shown(&self, hash: &[u8; 32], renewed: &[u8; 32], now: Micros) -> Result<()> {
        let values = vec![hash.to_vec().into(), renewed.to_vec().into(), now.into()];
        self.execute("UPDATE sessions SET hash = $2, shown = $3 WHERE hash = $1", values).await.map(drop)
    }

    async fn end_session(&self, hash: &[u8; 32]) -> Result<()> {
        self.execute("DELETE FROM sessions WHERE hash = $1", vec![hash.to_vec().into()]).await.map(drop)
    }

    async fn sessions_of(&self, member: Uuid) -> Result<Vec<Session>> {
        self.rows(&format!("{SELECT} AND member = $1 ORDER BY last_used DESC, id"), vec![id_value(member)]).await?.iter().map(read).collect()
    }

    async fn end_session_of(&self, member: Uuid, id: Uuid) -> Result<bool> {
        Ok(self.execute("DELETE FROM sessions WHERE member = $1 AND id = $2", vec![id_value(member), id_value(id)]).await? == 1)
    }

    async fn end_sessions_of(&self, member: Uuid) -> Result<u64> {
        self.execute("DELETE FROM sessions WHERE member = $1", vec![id_value(member)]).await
    }

    async fn end_other_sessions_of(&self, member: Uuid, but: Uuid) -> Result<u64> {
        self.execute("DELETE FROM sessions WHERE member = $1 AND id <> $2", vec![id_value(member), id_value(but)]).await
    }

    async fn drop_stale_sessions(&self, idle_since: Micros, made_since: Micros) -> Result<u64> {
        self.execute("DELETE FROM sessions WHERE last_used < $1 OR created < $2", vec![idle_since.into(), made_since.into()]).await
    }

    async fn add_sign_in_failure(&self, account: &[u8; 32], now: Micros) -> Result<()> {
        self.execute("INSERT INTO sign_in_failures (account, time) VALUES ($1, $2)", vec![account.to_vec().into(), now.into()]).await.map(drop)
    }

    async fn sign_in_failures(&self, account: &[u8; 32], since: Micros) -> Result<(u64, Option<Micros>)> {
        let sql = "SELECT COUNT(*) AS failures, MAX(time) AS newest FROM sign_in_failures WHERE account = $1 AND time >= $2";
        let rows = self.rows(sql, vec![account.to_vec().into(), since.into()]).await?;
        rows.first().map_or(Ok((0, None)), |row| Ok((unsigned(row, "failures")?, column(row, "newest")?)))
    }

    async fn forget_sign_in_failures(&self, account: &[u8; 32], before: Micros) -> Result<()> {
        self.execute("DELETE FROM sign_in_failures WHERE account = $1 OR time < $2", vec![account.to_vec().into(), before.into()]).await.map(drop)
    }

    async fn know_address(&self, account: &[u8; 32], now: Micros) -> Result<()> {
        let sql = "INSERT INTO known_addresses (account, time) VALUES ($1, $2) ON CONFLICT (account) DO UPDATE SET time = excluded.time";
        self.execute(sql, vec![account.to_vec().into(), now.into()]).await.map(drop)
    }

    async fn address_known(&self, account: &[u8; 32], since: Micros) -> Result<bool> {
        let sql = "SELECT time FROM known_addresses WHERE account = $1 AND time >= $2";
        Ok(!self.rows(sql, vec![account.to_vec().into(), since.into()]).await?.is_empty())
    }

    async fn forget_addresses(&self, before: Micros) -> Result<()> {
        self.execute("DELETE FROM known_addresses WHERE time < $1", vec![before.into()]).await.map(drop)
    }
}

fn read(row: &QueryResult) -> Result<Session> {
    Ok(Session {
        hash: column::<Vec<u8>>(row, "hash")?.try_into().map_err(|_| damaged("hash", "not 32 bytes"))?,
        id: id(row, "id")?,
        member: id(row, "member")?,
        created: column(row, "created")?,
        last_used: column(row, "last_used")?,
        shown: column(row, "shown")?,
        address: column(row, "address")?,
        agent: column(row, "agent")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::testing::databases;

    fn session(n: u8, member: u128, last_used: Micros) -> Session {
        Session {
            hash: [n; 32],
            id: Uuid::from_u128(n.into()),
            member: Uuid::from_u128(member),
            created: 100,
            last_used,
            shown: 100,
            address: Some("192.0.2.1".into()),
            agent: None,
        }
    }

    #[tokio::test]
    async fn sessions_end_one_by_one_by_member_and_by_age() {
        for db in databases().await {
            for s in [session(1, 1, 100), session(2, 1, 200), session(3, 2, 300), session(4, 3, 400)] {
                db.add_session(&s).await.unwrap();
            }
            db.touch_session(&[1; 32], 500).await.unwrap();
            db.touch_session(&[1; 32], 450).await.unwrap();
            assert_eq!(db.session(&[1; 32]).await.unwrap(), Some(session(1, 1, 500)));
            db.session_shown(&[1; 32], &[9; 32], 510).await.unwrap();
            assert_eq!(db.session(&[1; 32]).await.unwrap(), None, "under its old token it is gone");
            let shown = db.session(&[9; 32]).await.unwrap().unwrap();
            assert_eq!((shown.id, shown.shown), (Uuid::from_u128(1), 510));
            assert_eq!(db.end_sessions_of(Uuid::from_u128(1)).await.unwrap(), 2);
            assert_eq!(db.drop_stale_sessions(350, 0).await.unwrap(), 1);
            assert_eq!(db.session(&[3; 32]).await.unwrap(), None);
            db.end_session(&[4; 32]).await.unwrap();
            assert_eq!(db.session(&[4; 32]).await.unwrap(), None);
        }
    }

    #[tokio::test]
    async fn a_member_ends_his_own_sessions_and_nobody_elses() {
        for db in databases().await {
            let (mine, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
            for s in [session(1, 1, 100), session(2, 1, 300), session(3, 1, 200), session(4, 2, 100)] {
                db.add_session(&s).await.unwrap();
            }
            let ids = async |member| db.sessions_of(member).await.unwrap().into_iter().map(|s| s.id.as_u128()).collect::<Vec<_>>();
            assert_eq!(ids(mine).await, [2, 3, 1]);
            assert!(!db.end_session_of(mine, Uuid::from_u128(4)).await.unwrap(), "somebody else's");
            assert!(db.end_session_of(mine, Uuid::from_u128(3)).await.unwrap());
            assert_eq!(db.end_other_sessions_of(mine, Uuid::from_u128(2)).await.unwrap(), 1);
            assert_eq!((ids(mine).await, ids(other).await), (vec![2], vec![4]));
        }
    }

    #[tokio::test]
    async fn an_address_is_known_for_a_while() {
        for db in databases().await {
            db.know_address(&[1; 32], 10).await.unwrap();
            db.know_address(&[1; 32], 20).await.unwrap();
            db.know_address(&[2; 32], 5).await.unwrap();
            assert!(db.address_known(&[1; 32], 20).await.unwrap());
            assert!(!db.address_known(&[1; 32], 21).await.unwrap());
            db.forget_addresses(10).await.unwrap();
            assert!(!db.address_known(&[2; 32], 0).await.unwrap());
            assert!(db.address_known(&[1; 32], 0).await.unwrap());
        }
    }

    #[tokio::test]
    async fn failures_are_counted_within_their_window() {
        for db in databases().await {
            for time in [10, 20, 30] {
                db.add_sign_in_failure(&[1; 32], time).await.unwrap();
            }
            db.add_sign_in_failure(&[2; 32], 30).await.unwrap();
            assert_eq!(db.sign_in_failures(&[1; 32], 20).await.unwrap(), (2, Some(30)));
            db.forget_sign_in_failures(&[1; 32], 0).await.unwrap();
            assert_eq!(db.sign_in_failures(&[1; 32], 0).await.unwrap(), (0, None));
            assert_eq!(db.sign_in_failures(&[2; 32], 0).await.unwrap(), (1, Some(30)));
        }
    }
}
