//! Members and their password hashes.

use super::row::{damaged, id, id_value, json, json_value, optional_id, optional_id_value, unsigned, word};
use crate::{
    Result, StoreError,
    sql::{Handle, Migration, column},
};
use async_trait::async_trait;
use model::{Member, MemberKind, Role};
use sea_orm::{QueryResult, Value as Sql};
use uuid::Uuid;

pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "members_1",
        statements: &[
            "CREATE TABLE members (id BYTEA PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL, role TEXT NOT NULL, departments TEXT NOT NULL, \
            person BYTEA, until_time BIGINT, active BIGINT NOT NULL, created BIGINT NOT NULL, password TEXT NOT NULL)",
        ],
    },
    Migration { name: "members_2", statements: &["ALTER TABLE members ADD COLUMN kind TEXT NOT NULL DEFAULT 'person'"] },
];

const SELECT: &str = "SELECT id, kind, email, name, role, departments, person, until_time, active, created, password FROM members";

/// Another member's address, for one who is there.
const TAKEN: &str = "SELECT id FROM members WHERE email = $1 AND id <> $2 AND EXISTS (SELECT 1 FROM members WHERE id = $2)";

/// An organisation has at most thousands of members, so lists are whole.
#[async_trait]
pub trait Members {
    /// `Conflict` when the e-mail address is taken. The hash is empty for who has no password.
    async fn add_member(&self, member: &Member, password_hash: &str) -> Result<()>;
    async fn member(&self, id: Uuid) -> Result<Option<Member>>;
    /// The member and his password hash, by sign-in name in lower case.
    async fn member_to_sign_in(&self, email: &str) -> Result<Option<(Member, String)>>;
    /// All, by name.
    async fn members(&self) -> Result<Vec<Member>>;
    async fn member_count(&self) -> Result<u64>;
    /// Writes address, name, role, departments, person, until and active; `Conflict` when the address is another member's.
    async fn change_member(&self, member: &Member) -> Result<()>;
    async fn set_password(&self, member: Uuid, hash: &str) -> Result<()>;
    /// Makes concurrent changes of members wait for each other until the unit ends, so that a rule over all of them holds.
    async fn lock_members(&self) -> Result<()>;
}

#[async_trait]
impl<H: Handle + ?Sized> Members for H {
    async fn add_member(&self, member: &Member, password_hash: &str) -> Result<()> {
        let sql = "INSERT INTO members (id, email, name, role, departments, person, until_time, active, created, password, kind) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING";
        let values = vec![
            id_value(member.id),
            member.email.as_str().into(),
            member.name.as_str().into(),
            member.role.name().into(),
            json_value(&member.departments)?,
            optional_id_value(member.person),
            member.until.into(),
            i64::from(member.active).into(),
            member.created.into(),
            password_hash.into(),
            member.kind.name().into(),
        ];
        match self.execute(sql, values).await? {
            0 => Err(StoreError::Conflict(format!("a member with the address {} is there already", member.email))),
            _ => Ok(()),
        }
    }

    async fn member(&self, id: Uuid) -> Result<Option<Member>> {
        self.rows(&format!("{SELECT} WHERE id = $1"), vec![id_value(id)]).await?.first().map(read).transpose()
    }

    async fn member_to_sign_in(&self, email: &str) -> Result<Option<(Member, String)>> {
        let rows = self.rows(&format!("{SELECT} WHERE email = $1"), vec![email.into()]).await?;
        rows.first().map(|row| Ok((read(row)?, column(row, "password")?))).transpose()
    }

    async fn members(&self) -> Result<Vec<Member>> {
        self.rows(&format!("{SELECT} ORDER BY name, id"), vec![]).await?.iter().map(read).collect()
    }

    async fn member_count(&self) -> Result<u64> {
        self.rows("SELECT COUNT(*) AS members FROM members", vec![]).await?.first().map_or(Ok(0), |row| unsigned(row, "members"))
    }

    async fn change_member(&self, member: &Member) -> Result<()> {
        let taken = self.rows(TAKEN, vec![member.email.as_str().into(), id_value(member.id)]).await?;
        if !taken.is_empty() {
            return Err(StoreError::Conflict(format!("another member has the address {}", member.email)));
        }
        let sql = "UPDATE members SET name = $2, role = $3, departments = $4, person = $5, until_time = $6, active = $7, email = $8 WHERE id = $1";
        let values: Vec<Sql> = vec![
            id_value(member.id),
            member.name.as_str().into(),
            member.role.name().into(),
            json_value(&member.departments)?,
            optional_id_value(member.person),
            member.until.into(),
            i64::from(member.active).into(),
            member.email.as_str().into(),
        ];
        match self.execute(sql, values).await? {
            0 => Err(StoreError::NotFound(format!("member {}", member.id))),
            _ => Ok(()),
        }
    }

    async fn set_password(&self, member: Uuid, hash: &str) -> Result<()> {
        match self.execute("UPDATE members SET password = $2 WHERE id = $1", vec![id_value(member), hash.into()]).await? {
            0 => Err(StoreError::NotFound(format!("member {member}"))),
            _ => Ok(()),
        }
    }

    async fn lock_members(&self) -> Result<()> {
        // A SQLite unit is the only writer already.
        if self.backend() == sea_orm::DbBackend::Postgres {
            self.execute("LOCK TABLE members IN SHARE ROW EXCLUSIVE MODE", vec![]).await?;
        }
        Ok(())
    }
}

fn read(row: &QueryResult) -> Result<Member> {
    Ok(Member {
        kind: word(row, "kind", MemberKind::from_name)?,
        id: id(row, "id")?,
        email: column(row, "email")?,
        name: column(row, "name")?,
        role: word(row, "role", Role::from_name)?,
        departments: json(row, "departments")?,
        person: optional_id(row, "person")?,
        until: column(row, "until_time")?,
        active: match column::<i64>(row, "active")? {
            0 => false,
            1 => true,
            other => return Err(damaged("active", format!("{other} is neither 0 nor 1"))),
        },
        created: column(row, "created")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::testing::databases;

    #[tokio::test]
    async fn a_member_is_found_by_his_address_and_changes_stay() {
        for db in databases().await {
            let mut member = Member {
                kind: model::MemberKind::Person,
                id: Uuid::from_u128(1),
                email: "lead@example.com".into(),
                name: "Lea Lead".into(),
                role: Role::DepartmentLead,
                departments: vec![Uuid::from_u128(7)],
                person: Some(Uuid::from_u128(8)),
                until: Some(9),
                active: true,
                created: 5,
            };
            assert_eq!(db.member_count().await.unwrap(), 0);
            db.add_member(&member, "hash").await.unwrap();
            let twin = Member { id: Uuid::from_u128(2), ..member.clone() };
            assert!(matches!(db.add_member(&twin, "other").await, Err(StoreError::Conflict(_))));
            assert_eq!(db.member_to_sign_in("lead@example.com").await.unwrap(), Some((member.clone(), "hash".into())));
            db.set_password(member.id, "other").await.unwrap();
            assert_eq!(db.member_to_sign_in("lead@example.com").await.unwrap().unwrap().1, "other");
            assert!(matches!(db.set_password(twin.id, "other").await, Err(StoreError::NotFound(_))));
            assert_eq!(db.member_to_sign_in("nobody@example.com").await.unwrap(), None);
            member.active = false;
            member.departments.clear();
            let unit = db.begin().await.unwrap();
            unit.lock_members().await.unwrap();
            unit.change_member(&member).await.unwrap();
            unit.commit().await.unwrap();
            assert_eq!(db.members().await.unwrap(), [member.clone()]);
            assert_eq!(db.member(member.id).await.unwrap(), Some(member));
            assert!(matches!(db.change_member(&twin).await, Err(StoreError::NotFound(_))));
        }
    }
}
