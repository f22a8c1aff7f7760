//! Which members are service accounts, and who answers for each.

use super::row::{id, id_value};
use crate::{
    Result,
    sql::{Handle, Migration},
};
use async_trait::async_trait;
use sea_orm::QueryResult;
use uuid::Uuid;

pub(crate) const MIGRATIONS: &[Migration] =
    &[Migration { name: "service_accounts_1", statements: &["CREATE TABLE service_accounts (member BYTEA PRIMARY KEY, owner BYTEA NOT NULL)"] }];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceAccount {
    pub member: Uuid,
    /// The member who answers for it and makes its tokens.
    pub owner: Uuid,
}

#[async_trait]
pub trait ServiceAccounts {
    /// Adds it, or gives it another owner.
    async fn put_service_account(&self, account: ServiceAccount) -> Result<()>;
    async fn service_account(&self, member: Uuid) -> Result<Option<ServiceAccount>>;
    async fn service_accounts(&self) -> Result<Vec<ServiceAccount>>;
}

#[async_trait]
impl<H: Handle + ?Sized> ServiceAccounts for H {
    async fn put_service_account(&self, account: ServiceAccount) -> Result<()> {
        let sql = "INSERT INTO service_accounts (member, owner) VALUES ($1, $2) ON CONFLICT (member) DO UPDATE SET owner = excluded.owner";
        self.execute(sql, vec![id_value(account.member), id_value(account.owner)]).await.map(drop)
    }

    async fn service_account(&self, member: Uuid) -> Result<Option<ServiceAccount>> {
        let rows = self.rows("SELECT member, owner FROM service_accounts WHERE member = $1", vec![id_value(member)]).await?;
        rows.first().map(read).transpose()
    }

    async fn service_accounts(&self) -> Result<Vec<ServiceAccount>> {
        self.rows("SELECT member, owner FROM service_accounts ORDER BY member", vec![]).await?.iter().map(read).collect()
    }
}

fn read(row: &QueryResult) -> Result<ServiceAccount> {
    Ok(ServiceAccount { member: id(row, "member")?, owner: id(row, "owner")? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::testing::databases;

    #[tokio::test]
    async fn an_account_has_one_owner_at_a_time() {
        for db in databases().await {
            let account = |member, owner| ServiceAccount { member: Uuid::from_u128(member), owner: Uuid::from_u128(owner) };
            for one in [account(1, 7), account(2, 7), account(1, 8)] {
                db.put_service_account(one).await.unwrap();
            }
            assert_eq!(db.service_accounts().await.unwrap(), [account(1, 8), account(2, 7)]);
            assert_eq!(db.service_account(Uuid::from_u128(1)).await.unwrap(), Some(account(1, 8)));
            assert_eq!(db.service_account(Uuid::from_u128(3)).await.unwrap(), None);
        }
    }
}
