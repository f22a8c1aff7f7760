//! Which subjects belong to whom. The directory says which sign-in names a person has; a subject says by which names it was seen.
//! A link is where the two meet by keyed hash, so that a directory that comes later, or is corrected, links subjects seen before.

use super::row::{damaged, id, id_value};
use crate::{
    Result,
    sql::{Handle, Migration, column, placeholders},
};
use async_trait::async_trait;
use sea_orm::{QueryResult, Value as Sql};
use uuid::Uuid;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    name: "links_1",
    statements: &[
        "CREATE TABLE accounts (hash BYTEA NOT NULL, person BYTEA NOT NULL, identifier TEXT NOT NULL, PRIMARY KEY (hash, person))",
        "CREATE INDEX accounts_person ON accounts (person)",
        "CREATE TABLE subject_names (subject BYTEA NOT NULL, hash BYTEA NOT NULL, source BYTEA NOT NULL, PRIMARY KEY (subject, hash))",
        "CREATE INDEX subject_names_hash ON subject_names (hash)",
    ],
}];

/// Ids per statement.
const ROWS: usize = 500;

/// A sign-in name the directory gives a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Keyed hash of `identifier`.
    pub hash: [u8; 16],
    pub person: Uuid,
    /// Lower case.
    pub identifier: String,
}

/// A name a subject was seen by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectName {
    pub subject: Uuid,
    pub hash: [u8; 16],
    pub source: Uuid,
}

/// A subject and a person meet in a name. Several persons may have had it, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meeting {
    pub subject: Uuid,
    pub source: Uuid,
    pub person: Uuid,
    pub identifier: String,
}

#[async_trait]
pub trait Links {
    /// Those there already are left as they are; how many were new.
    async fn add_accounts(&self, accounts: &[Account]) -> Result<u64>;
    async fn accounts_of(&self, persons: &[Uuid]) -> Result<Vec<Account>>;
    async fn add_subject_names(&self, names: &[SubjectName]) -> Result<u64>;
    async fn meetings_of_subjects(&self, subjects: &[Uuid]) -> Result<Vec<Meeting>>;
    async fn meetings_of_person(&self, person: Uuid) -> Result<Vec<Meeting>>;
    /// Takes the names of these subjects and of this person away. Who was whose stays known, by hashes of nothing: one fresh hash per subject.
    async fn forget_names(&self, person: Option<Uuid>, subjects: &[(Uuid, [u8; 16])]) -> Result<()>;
}

const MEETINGS: &str = "SELECT DISTINCT n.subject, n.source, a.person, a.identifier FROM subject_names n JOIN accounts a ON a.hash = n.hash";

#[async_trait]
impl<H: Handle + ?Sized> Links for H {
    async fn add_accounts(&self, accounts: &[Account]) -> Result<u64> {
        let mut added = 0;
        for chunk in accounts.chunks(ROWS) {
            let sql = format!("INSERT INTO accounts (hash, person, identifier) VALUES {} ON CONFLICT DO NOTHING", placeholders(chunk.len(), 3));
            let row = |a: &Account| [a.hash.to_vec().into(), id_value(a.person), a.identifier.as_str().into()];
            added += self.execute(&sql, chunk.iter().flat_map(row).collect()).await?;
        }
        Ok(added)
    }

    async fn accounts_of(&self, persons: &[Uuid]) -> Result<Vec<Account>> {
        select(self, "SELECT hash, person, identifier FROM accounts WHERE person", persons, account).await
    }

    async fn add_subject_names(&self, names: &[SubjectName]) -> Result<u64> {
        let mut added = 0;
        for chunk in names.chunks(ROWS) {
            let sql = format!("INSERT INTO subject_names (subject, hash, source) VALUES {} ON CONFLICT DO NOTHING", placeholders(chunk.len(), 3));
            let row = |n: &SubjectName| [id_value(n.subject), n.hash.to_vec().into(), id_value(n.source)];
            added += self.execute(&sql, chunk.iter().flat_map(row).collect()).await?;
        }
        Ok(added)
    }

    async fn meetings_of_subjects(&self, subjects: &[Uuid]) -> Result<Vec<Meeting>> {
        select(self, &format!("{MEETINGS} WHERE n.subject"), subjects, meeting).await
    }

    async fn meetings_of_person(&self, person: Uuid) -> Result<Vec<Meeting>> {
        select(self, &format!("{MEETINGS} WHERE a.person"), &[person], meeting).await
    }

    async fn forget_names(&self, person: Option<Uuid>, subjects: &[(Uuid, [u8; 16])]) -> Result<()> {
        let ids: Vec<Uuid> = subjects.iter().map(|(id, _)| *id).collect();
        let met = self.meetings_of_subjects(&ids).await?;
        for (subject, hash) in subjects {
            self.execute("DELETE FROM subject_names WHERE subject = $1", vec![id_value(*subject)]).await?;
            for meeting in met.iter().filter(|m| m.subject == *subject) {
                let account = Account { hash: *hash, person: meeting.person, identifier: String::new() };
                self.add_accounts(std::slice::from_ref(&account)).await?;
                self.add_subject_names(&[SubjectName { subject: *subject, hash: *hash, source: meeting.source }]).await?;
            }
        }
        if let Some(person) = person {
            self.execute("DELETE FROM accounts WHERE person = $1 AND identifier <> ''", vec![id_value(person)]).await?;
        }
        Ok(())
    }
}

async fn select<H: Handle + ?Sized, T>(handle: &H, sql: &str, ids: &[Uuid], read: fn(&QueryResult) -> Result<T>) -> Result<Vec<T>> {
    let mut found = Vec::new();
    for chunk in ids.chunks(ROWS) {
        let list = (1..=chunk.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
        let values: Vec<Sql> = chunk.iter().map(|i| id_value(*i)).collect();
        for row in handle.rows(&format!("{sql} IN ({list})"), values).await? {
            found.push(read(&row)?);
        }
    }
    Ok(found)
}

fn account(row: &QueryResult) -> Result<Account> {
    let hash = column::<Vec<u8>>(row, "hash")?.try_into().map_err(|_| damaged("hash", "not 16 bytes"))?;
    Ok(Account { hash, person: id(row, "person")?, identifier: column(row, "identifier")? })
}

fn meeting(row: &QueryResult) -> Result<Meeting> {
    Ok(Meeting { subject: id(row, "subject")?, source: id(row, "source")?, person: id(row, "person")?, identifier: column(row, "identifier")? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::testing::databases;

    #[tokio::test]
    async fn subject_and_person_meet_whichever_came_first() {
        for db in databases().await {
            let [early, late, source, person] = [1, 2, 3, 4].map(Uuid::from_u128);
            let name = |subject, hash| SubjectName { subject, hash: [hash; 16], source };
            let account = Account { hash: [1; 16], person, identifier: "a@example.com".into() };
            assert_eq!(db.add_subject_names(&[name(early, 1), name(early, 9)]).await.unwrap(), 2);
            assert!(db.meetings_of_subjects(&[early]).await.unwrap().is_empty());
            assert_eq!(db.add_accounts(&[account.clone(), account.clone()]).await.unwrap(), 1);
            assert_eq!(db.add_subject_names(&[name(late, 1), name(early, 1)]).await.unwrap(), 1);
            let mut met = db.meetings_of_subjects(&[early, late]).await.unwrap();
            met.sort_by_key(|m| m.subject);
            let meeting = |subject| Meeting { subject, source, person, identifier: "a@example.com".into() };
            assert_eq!(met, [meeting(early), meeting(late)]);
            assert_eq!(db.meetings_of_person(person).await.unwrap().len(), 2);
            assert_eq!(db.accounts_of(&[person]).await.unwrap(), std::slice::from_ref(&account));

            db.forget_names(Some(person), &[(early, [7; 16]), (late, [8; 16])]).await.unwrap();
            let mut met = db.meetings_of_person(person).await.unwrap();
            met.sort_by_key(|m| m.subject);
            let nameless = |subject| Meeting { identifier: String::new(), ..meeting(subject) };
            assert_eq!(met, [nameless(early), nameless(late)], "whose they were is still known");
            assert!(!db.accounts_of(&[person]).await.unwrap().contains(&account));
            assert_eq!(db.add_accounts(&[account]).await.unwrap(), 1);
            assert_eq!(db.meetings_of_person(person).await.unwrap().len(), 2, "the old name leads nowhere");
        }
    }
}
