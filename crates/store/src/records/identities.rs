//! How members are known elsewhere: to the company's sign-in, and to the directory that provisions them with its groups.

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
    name: "identities_1",
    statements: &[
        "CREATE TABLE identities (issuer TEXT NOT NULL, subject TEXT NOT NULL, member BYTEA NOT NULL, PRIMARY KEY (issuer, subject))",
        "CREATE TABLE provisioned_members (member BYTEA PRIMARY KEY, external_id TEXT, changed BIGINT NOT NULL)",
        "CREATE TABLE directory_groups (id BYTEA PRIMARY KEY, name TEXT NOT NULL UNIQUE, external_id TEXT, created BIGINT NOT NULL, changed BIGINT NOT NULL)",
        "CREATE TABLE directory_group_members (directory_group BYTEA NOT NULL, member BYTEA NOT NULL, PRIMARY KEY (directory_group, member))",
        "CREATE INDEX directory_group_members_member ON directory_group_members (member)",
    ],
}];

/// What the directory says of a member besides his record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provisioned {
    pub member: Uuid,
    /// The directory's own id of him.
    pub external_id: Option<String>,
    pub changed: Micros,
}

/// A group of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryGroup {
    pub id: Uuid,
    pub name: String,
    pub external_id: Option<String>,
    pub members: Vec<Uuid>,
    pub created: Micros,
    pub changed: Micros,
}

#[async_trait]
pub trait Identities {
    /// The member whom this issuer knows by this subject.
    async fn member_of_identity(&self, issuer: &str, subject: &str) -> Result<Option<Uuid>>;
    async fn add_identity(&self, issuer: &str, subject: &str, member: Uuid) -> Result<()>;

    async fn put_provisioned(&self, provisioned: &Provisioned) -> Result<()>;
    async fn provisioned(&self) -> Result<Vec<Provisioned>>;

    /// Adds the group, or writes all of it anew.
    async fn put_group(&self, group: &DirectoryGroup) -> Result<()>;
    async fn group(&self, id: Uuid) -> Result<Option<DirectoryGroup>>;
    /// By name.
    async fn groups(&self) -> Result<Vec<DirectoryGroup>>;
    async fn drop_group(&self, id: Uuid) -> Result<bool>;
    /// Names of the groups a member is in.
    async fn groups_of(&self, member: Uuid) -> Result<Vec<String>>;
}

#[async_trait]
impl<H: Handle + ?Sized> Identities for H {
    async fn member_of_identity(&self, issuer: &str, subject: &str) -> Result<Option<Uuid>> {
        let rows = self.rows("SELECT member FROM identities WHERE issuer = $1 AND subject = $2", vec![issuer.into(), subject.into()]).await?;
        rows.first().map(|row| id(row, "member")).transpose()
    }

    async fn add_identity(&self, issuer: &str, subject: &str, member: Uuid) -> Result<()> {
        let sql = "INSERT INTO identities (issuer, subject, member) VALUES ($1, $2, $3)";
        self.execute(sql, vec![issuer.into(), subject.into(), id_value(member)]).await.map(drop)
    }

    async fn put_provisioned(&self, provisioned: &Provisioned) -> Result<()> {
        let sql = "INSERT INTO provisioned_members (member, external_id, changed) VALUES ($1, $2, $3) \
            ON CONFLICT (member) DO UPDATE SET external_id = excluded.external_id, changed = excluded.changed";
        self.execute(sql, vec![id_value(provisioned.member), provisioned.external_id.clone().into(), provisioned.changed.into()]).await.map(drop)
    }

    async fn provisioned(&self) -> Result<Vec<Provisioned>> {
        let rows = self.rows("SELECT member, external_id, changed FROM provisioned_members ORDER BY member", vec![]).await?;
        let read =
            |row: &QueryResult| Ok(Provisioned { member: id(row, "member")?, external_id: column(row, "external_id")?, changed: column(row, "changed")? });
        rows.iter().map(read).collect()
    }

    async fn put_group(&self, group: &DirectoryGroup) -> Result<()> {
        let sql = "INSERT INTO directory_groups (id, name, external_id, created, changed) VALUES ($1, $2, $3, $4, $5) \
            ON CONFLICT (id) DO UPDATE SET name = excluded.name, external_id = excluded.external_id, changed = excluded.changed";
        let values = vec![id_value(group.id), group.name.as_str().into(), group.external_id.clone().into(), group.created.into(), group.changed.into()];
        self.execute(sql, values).await?;
        self.execute("DELETE FROM directory_group_members WHERE directory_group = $1", vec![id_value(group.id)]).await?;
        for member in &group.members {
            let sql = "INSERT INTO directory_group_members (directory_group, member) VALUES ($1, $2) ON CONFLICT DO NOTHING";
            self.execute(sql, vec![id_value(group.id), id_value(*member)]).await?;
        }
        Ok(())
    }

    async fn group(&self, group: Uuid) -> Result<Option<DirectoryGroup>> {
        let rows = self.rows(&format!("{GROUPS} WHERE id = $1"), vec![id_value(group)]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let members = self.rows("SELECT member FROM directory_group_members WHERE directory_group = $1 ORDER BY member", vec![id_value(group)]).await?;
        read(row, members.iter().map(|row| id(row, "member")).collect::<Result<_>>()?).map(Some)
    }

    async fn groups(&self) -> Result<Vec<DirectoryGroup>> {
        let members = self.rows("SELECT directory_group, member FROM directory_group_members ORDER BY directory_group, member", vec![]).await?;
        let members = members.iter().map(|row| Ok((id(row, "directory_group")?, id(row, "member")?))).collect::<Result<Vec<_>>>()?;
        let rows = self.rows(&format!("{GROUPS} ORDER BY name"), vec![]).await?;
        let whole = |row: &QueryResult| {
            let group = id(row, "id")?;
            read(row, members.iter().filter(|(of, _)| *of == group).map(|(_, member)| *member).collect())
        };
        rows.iter().map(whole).collect()
    }

    async fn drop_group(&self, id: Uuid) -> Result<bool> {
        self.execute("DELETE FROM directory_group_members WHERE directory_group = $1", vec![id_value(id)]).await?;
        Ok(self.execute("DELETE FROM directory_groups WHERE id = $1", vec![id_value(id)]).await? == 1)
    }

    async fn groups_of(&self, member: Uuid) -> Result<Vec<String>> {
        let sql = "SELECT name FROM directory_groups g JOIN directory_group_members m ON m.directory_group = g.id WHERE m.member = $1 ORDER BY name";
        self.rows(sql, vec![id_value(member)]).await?.iter().map(|row| column(row, "name")).collect()
    }
}

const GROUPS: &str = "SELECT id, name, external_id, created, changed FROM directory_groups";

fn read(row: &QueryResult, members: Vec<Uuid>) -> Result<DirectoryGroup> {
    Ok(DirectoryGroup {
        id: id(row, "id")?,
        name: column(row, "name")?,
        external_id: column(row, "external_id")?,
        members,
        created: column(row, "created")?,
        changed: column(row, "changed")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::testing::databases;

    #[tokio::test]
    async fn identities_lead_to_members_and_groups_hold_them() {
        for db in databases().await {
            let (ann, bob) = (Uuid::from_u128(1), Uuid::from_u128(2));
            db.add_identity("https://idp.example", "s1", ann).await.unwrap();
            assert_eq!(db.member_of_identity("https://idp.example", "s1").await.unwrap(), Some(ann));
            assert_eq!(db.member_of_identity("https://other.example", "s1").await.unwrap(), None, "another issuer's word is not this one's");
            assert!(db.add_identity("https://idp.example", "s1", bob).await.is_err());
            let known = Provisioned { member: ann, external_id: Some("e-1".into()), changed: 5 };
            db.put_provisioned(&Provisioned { external_id: None, changed: 1, ..known.clone() }).await.unwrap();
            db.put_provisioned(&known).await.unwrap();
            assert_eq!(db.provisioned().await.unwrap(), [known]);
            let mut group =
                DirectoryGroup { id: Uuid::from_u128(9), name: "crm-auditors".into(), external_id: None, members: vec![ann, bob], created: 3, changed: 3 };
            db.put_group(&group).await.unwrap();
            assert_eq!((db.groups().await.unwrap(), db.groups_of(bob).await.unwrap()), (vec![group.clone()], vec!["crm-auditors".to_owned()]));
            (group.members, group.changed) = (vec![ann], 4);
            db.put_group(&group).await.unwrap();
            assert_eq!(db.group(group.id).await.unwrap(), Some(group.clone()));
            assert!(db.groups_of(bob).await.unwrap().is_empty());
            assert!(db.drop_group(group.id).await.unwrap() && !db.drop_group(group.id).await.unwrap());
            assert!(db.groups_of(ann).await.unwrap().is_empty());
        }
    }
}
