//! Invitations to become a member, by the hash of their token.

use super::row::{id, id_value, json, json_value, word};
use crate::{
    Result,
    sql::{Handle, Migration, column},
};
use async_trait::async_trait;
use model::{Micros, Role};
use sea_orm::QueryResult;
use uuid::Uuid;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    name: "invitations_1",
    statements: &["CREATE TABLE invitations (id BYTEA PRIMARY KEY, hash BYTEA NOT NULL UNIQUE, email TEXT NOT NULL, role TEXT NOT NULL, \
        departments TEXT NOT NULL, until_time BIGINT, expires BIGINT NOT NULL)"],
}];

const SELECT: &str = "SELECT id, email, role, departments, until_time, expires FROM invitations";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    pub id: Uuid,
    pub email: String,
    pub role: Role,
    pub departments: Vec<Uuid>,
    /// When the access given ends.
    pub until: Option<Micros>,
    /// When the invitation itself ends.
    pub expires: Micros,
}

#[async_trait]
pub trait Invitations {
    /// Replaces earlier invitations of the same address. `hash` is SHA-256 of the token in the link.
    async fn add_invitation(&self, invitation: &Invitation, hash: &[u8; 32]) -> Result<()>;
    async fn invitation(&self, hash: &[u8; 32], now: Micros) -> Result<Option<Invitation>>;
    /// Those still open, by address.
    async fn invitations(&self, now: Micros) -> Result<Vec<Invitation>>;
    /// Uses it up; false when someone else did before.
    async fn use_invitation(&self, id: Uuid) -> Result<bool>;
}

#[async_trait]
impl<H: Handle + ?Sized> Invitations for H {
    async fn add_invitation(&self, invitation: &Invitation, hash: &[u8; 32]) -> Result<()> {
        self.execute("DELETE FROM invitations WHERE email = $1", vec![invitation.email.as_str().into()]).await?;
        let values = vec![
            id_value(invitation.id),
            hash.to_vec().into(),
            invitation.email.as_str().into(),
            invitation.role.name().into(),
            json_value(&invitation.departments)?,
            invitation.until.into(),
            invitation.expires.into(),
        ];
        let sql = "INSERT INTO invitations (id, hash, email, role, departments, until_time, expires) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        self.execute(sql, values).await.map(drop)
    }

    async fn invitation(&self, hash: &[u8; 32], now: Micros) -> Result<Option<Invitation>> {
        let sql = format!("{SELECT} WHERE hash = $1 AND expires > $2");
        self.rows(&sql, vec![hash.to_vec().into(), now.into()]).await?.first().map(read).transpose()
    }

    async fn invitations(&self, now: Micros) -> Result<Vec<Invitation>> {
        self.rows(&format!("{SELECT} WHERE expires > $1 ORDER BY email"), vec![now.into()]).await?.iter().map(read).collect()
    }

    async fn use_invitation(&self, id: Uuid) -> Result<bool> {
        Ok(self.execute("DELETE FROM invitations WHERE id = $1", vec![id_value(id)]).await? == 1)
    }
}

fn read(row: &QueryResult) -> Result<Invitation> {
    Ok(Invitation {
        id: id(row, "id")?,
        email: column(row, "email")?,
        role: word(row, "role", Role::from_name)?,
        departments: json(row, "departments")?,
        until: column(row, "until_time")?,
        expires: column(row, "expires")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::testing::databases;

    #[tokio::test]
    async fn an_invitation_is_used_once_and_a_new_one_replaces_the_old() {
        for db in databases().await {
            let invitation = |id| Invitation {
                id: Uuid::from_u128(id),
                email: "new@example.com".into(),
                role: Role::ExternalAuditor,
                departments: vec![Uuid::from_u128(4)],
                until: Some(900),
                expires: 100,
            };
            db.add_invitation(&invitation(1), &[1; 32]).await.unwrap();
            db.add_invitation(&invitation(2), &[2; 32]).await.unwrap();
            assert_eq!(db.invitation(&[1; 32], 50).await.unwrap(), None);
            assert_eq!(db.invitation(&[2; 32], 99).await.unwrap(), Some(invitation(2)));
            assert_eq!(db.invitation(&[2; 32], 100).await.unwrap(), None, "expired");
            assert_eq!(db.invitations(50).await.unwrap(), [invitation(2)]);
            assert!(db.use_invitation(Uuid::from_u128(2)).await.unwrap());
            assert!(!db.use_invitation(Uuid::from_u128(2)).await.unwrap());
        }
    }
}
