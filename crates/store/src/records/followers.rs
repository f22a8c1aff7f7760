//! How far followers of the trail have come, and what they remember: committed together with what they made of it.

use super::row::{signed, unsigned};
use crate::{
    Result, StoreError,
    sql::{Handle, Migration, column},
};
use async_trait::async_trait;

pub(crate) const MIGRATIONS: &[Migration] =
    &[Migration { name: "followers_1", statements: &["CREATE TABLE followers (name TEXT PRIMARY KEY, next_index BIGINT NOT NULL, state BYTEA NOT NULL)"] }];

/// A follower's place: everything below `next` is done, and `state` is what it knew then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Follower {
    pub next: u64,
    pub state: Vec<u8>,
}

#[async_trait]
pub trait Followers {
    /// `None` before its first commit.
    async fn follower(&self, name: &str) -> Result<Option<Follower>>;
    /// Moves a follower from the place it read (`None`: it had none) to `to`.
    ///
    /// # Errors
    /// `Conflict` when it is elsewhere by now: another node follows under this name.
    async fn move_follower(&self, name: &str, from: Option<u64>, to: &Follower) -> Result<()>;
    /// Forgets it: it starts anew.
    async fn remove_follower(&self, name: &str) -> Result<()>;
}

#[async_trait]
impl<H: Handle + ?Sized> Followers for H {
    async fn follower(&self, name: &str) -> Result<Option<Follower>> {
        let rows = self.rows("SELECT next_index, state FROM followers WHERE name = $1", vec![name.into()]).await?;
        rows.first().map(|row| Ok(Follower { next: unsigned(row, "next_index")?, state: column(row, "state")? })).transpose()
    }

    async fn move_follower(&self, name: &str, from: Option<u64>, to: &Follower) -> Result<()> {
        let mut values = vec![name.into(), signed(to.next)?.into(), to.state.clone().into()];
        let sql = match from {
            None => "INSERT INTO followers (name, next_index, state) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            Some(from) => {
                values.push(signed(from)?.into());
                "UPDATE followers SET next_index = $2, state = $3 WHERE name = $1 AND next_index = $4"
            }
        };
        match self.execute(sql, values).await? {
            0 => Err(StoreError::Conflict(format!("the follower {name} was moved by another node"))),
            _ => Ok(()),
        }
    }

    async fn remove_follower(&self, name: &str) -> Result<()> {
        self.execute("DELETE FROM followers WHERE name = $1", vec![name.into()]).await.map(drop)
    }
}
