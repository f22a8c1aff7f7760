//! Persons of the organisation, and where they belonged over time.

use super::row::{id, id_value, optional_id, optional_id_value, signed};
use crate::{
    Result,
    sql::{Handle, Migration, column, placeholders},
};
use async_trait::async_trait;
use model::{Micros, Person, Validity, directory::Employment};
use sea_orm::{QueryResult, Value as Sql};
use uuid::Uuid;

pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "persons_1",
        statements: &[
            "CREATE TABLE persons (id BYTEA PRIMARY KEY, employee_id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, search TEXT NOT NULL, email TEXT, title TEXT, zone TEXT)",
            "CREATE INDEX persons_name ON persons (name, id)",
            "CREATE INDEX persons_email ON persons (email)",
            "CREATE TABLE employments (person BYTEA NOT NULL, department BYTEA NOT NULL, manager BYTEA, from_time BIGINT, until_time BIGINT)",
            "CREATE INDEX employments_person ON employments (person)",
            "CREATE INDEX employments_department ON employments (department)",
        ],
    },
    Migration { name: "persons_2", statements: &["ALTER TABLE persons ADD COLUMN erased BIGINT"] },
];

const SELECT: &str = "SELECT id, employee_id, name, email, title, zone, erased FROM persons";
/// Rows or ids per statement, far below what either database takes.
const ROWS: usize = 500;

/// Which persons; by name, after the (name, id) of the last one read.
#[derive(Clone, Debug, Default)]
pub struct PersonQuery {
    /// Part of the name, address, title or employee id, lower case.
    pub words: Option<String>,
    /// Only persons who at some time belonged to one of these.
    pub departments: Option<Vec<Uuid>>,
    pub after: Option<(String, Uuid)>,
    pub limit: u64,
}

#[async_trait]
pub trait Persons {
    /// Adds the person, or replaces the one with this id.
    async fn put_person(&self, person: &Person) -> Result<()>;
    /// Takes every value of this person away; the id stays.
    async fn erase_person(&self, id: Uuid, now: Micros) -> Result<()>;
    async fn persons(&self, query: &PersonQuery) -> Result<Vec<Person>>;
    async fn persons_by_id(&self, ids: &[Uuid]) -> Result<Vec<Person>>;
    /// By address in lower case.
    async fn person_by_email(&self, email: &str) -> Result<Option<Person>>;
    /// Everybody, for an import: a directory is compared whole.
    async fn all_persons(&self) -> Result<Vec<Person>>;
    async fn replace_employments(&self, person: Uuid, employments: &[Employment]) -> Result<()>;
    /// Oldest first.
    async fn employments_of(&self, persons: &[Uuid]) -> Result<Vec<Employment>>;
    async fn all_employments(&self) -> Result<Vec<Employment>>;
}

#[async_trait]
impl<H: Handle + ?Sized> Persons for H {
    async fn put_person(&self, person: &Person) -> Result<()> {
        let search = [Some(person.name.as_str()), Some(&person.employee_id), person.email.as_deref(), person.title.as_deref()];
        let search = search.into_iter().flatten().collect::<Vec<_>>().join(" ").to_lowercase();
        let sql = "INSERT INTO persons (id, employee_id, name, search, email, title, zone) VALUES ($1, $2, $3, $4, $5, $6, $7) \
            ON CONFLICT (id) DO UPDATE SET employee_id = excluded.employee_id, name = excluded.name, search = excluded.search, email = excluded.email, \
            title = excluded.title, zone = excluded.zone";
        let values = vec![
            id_value(person.id),
            person.employee_id.as_str().into(),
            person.name.as_str().into(),
            search.into(),
            person.email.clone().into(),
            person.title.clone().into(),
            person.zone.clone().into(),
        ];
        self.execute(sql, values).await.map(drop)
    }

    async fn erase_person(&self, id: Uuid, now: Micros) -> Result<()> {
        let sql = "UPDATE persons SET employee_id = $2, name = $3, search = '', email = NULL, title = NULL, zone = NULL, erased = $4 WHERE id = $1";
        self.execute(sql, vec![id_value(id), format!("erased:{id}").into(), Person::ERASED.into(), now.into()]).await.map(drop)
    }

    async fn persons(&self, query: &PersonQuery) -> Result<Vec<Person>> {
        let mut sql = format!("{SELECT} WHERE 1 = 1");
        let mut values: Vec<Sql> = Vec::new();
        if let Some(words) = &query.words {
            let escaped = words.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            values.push(format!("%{escaped}%").into());
            sql.push_str(&format!(" AND search LIKE ${} ESCAPE '\\'", values.len()));
        }
        if let Some(departments) = &query.departments {
            let first = values.len();
            values.extend(departments.iter().map(|d| id_value(*d)));
            // An empty list admits nobody.
            let list = if departments.is_empty() { "NULL".to_owned() } else { list(first, departments.len()) };
            sql.push_str(&format!(" AND id IN (SELECT person FROM employments WHERE department IN ({list}))"));
        }
        if let Some((name, after)) = &query.after {
            values.extend([name.as_str().into(), id_value(*after)]);
            let (n, i) = (values.len() - 1, values.len());
            sql.push_str(&format!(" AND (name > ${n} OR (name = ${n} AND id > ${i}))"));
        }
        values.push(signed(query.limit)?.into());
        sql.push_str(&format!(" ORDER BY name, id LIMIT ${}", values.len()));
        self.rows(&sql, values).await?.iter().map(person).collect()
    }

    async fn persons_by_id(&self, ids: &[Uuid]) -> Result<Vec<Person>> {
        let mut found = Vec::new();
        for chunk in ids.chunks(ROWS) {
            let sql = format!("{SELECT} WHERE id IN ({})", list(0, chunk.len()));
            for row in self.rows(&sql, chunk.iter().map(|i| id_value(*i)).collect()).await? {
                found.push(person(&row)?);
            }
        }
        Ok(found)
    }

    async fn person_by_email(&self, email: &str) -> Result<Option<Person>> {
        self.rows(&format!("{SELECT} WHERE email = $1 ORDER BY id LIMIT 1"), vec![email.into()]).await?.first().map(person).transpose()
    }

    async fn all_persons(&self) -> Result<Vec<Person>> {
        self.rows(SELECT, vec![]).await?.iter().map(person).collect()
    }

    async fn replace_employments(&self, person: Uuid, employments: &[Employment]) -> Result<()> {
        self.execute("DELETE FROM employments WHERE person = $1", vec![id_value(person)]).await?;
        for chunk in employments.chunks(ROWS) {
            let sql = format!("INSERT INTO employments (person, department, manager, from_time, until_time) VALUES {}", placeholders(chunk.len(), 5));
            let row =
                |e: &Employment| [id_value(person), id_value(e.department), optional_id_value(e.manager), e.validity.from.into(), e.validity.until.into()];
            self.execute(&sql, chunk.iter().flat_map(row).collect()).await?;
        }
        Ok(())
    }

    async fn employments_of(&self, persons: &[Uuid]) -> Result<Vec<Employment>> {
        let mut found = Vec::new();
        for chunk in persons.chunks(ROWS) {
            let sql = format!("{EMPLOYMENTS} WHERE person IN ({})", list(0, chunk.len()));
            for row in self.rows(&sql, chunk.iter().map(|i| id_value(*i)).collect()).await? {
                found.push(employment(&row)?);
            }
        }
        found.sort_by_key(|e| e.validity.from);
        Ok(found)
    }

    async fn all_employments(&self) -> Result<Vec<Employment>> {
        let mut found = self.rows(EMPLOYMENTS, vec![]).await?.iter().map(employment).collect::<Result<Vec<_>>>()?;
        found.sort_by_key(|e| e.validity.from);
        Ok(found)
    }
}

const EMPLOYMENTS: &str = "SELECT person, department, manager, from_time, until_time FROM employments";

/// `$4, $5, $6` for three values after the first three.
fn list(before: usize, len: usize) -> String {
    (before + 1..=before + len).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

fn person(row: &QueryResult) -> Result<Person> {
    Ok(Person {
        id: id(row, "id")?,
        employee_id: column(row, "employee_id")?,
        name: column(row, "name")?,
        email: column(row, "email")?,
        title: column(row, "title")?,
        zone: column(row, "zone")?,
        erased: column(row, "erased")?,
    })
}

fn employment(row: &QueryResult) -> Result<Employment> {
    Ok(Employment {
        person: id(row, "person")?,
        department: id(row, "department")?,
        manager: optional_id(row, "manager")?,
        validity: Validity { from: column(row, "from_time")?, until: column(row, "until_time")? },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::{departments::Departments, testing::databases};
    use model::Department;

    #[tokio::test]
    async fn persons_are_found_by_words_department_and_page() {
        for db in databases().await {
            let (sales, legal) = (Uuid::from_u128(100), Uuid::from_u128(101));
            for (id, name, parent) in [(sales, "Sales", None), (legal, "Legal", Some(sales))] {
                db.add_department(&Department { id, name: name.into(), parent }).await.unwrap();
            }
            let person = |n: u128, name: &str| Person {
                id: Uuid::from_u128(n),
                employee_id: format!("E{n}"),
                name: name.into(),
                email: Some(format!("p{n}@example.com")),
                title: None,
                zone: Some("Europe/Berlin".into()),
                erased: None,
            };
            for (n, name, department) in [(1, "Ann 100%", sales), (2, "Bea", legal), (3, "Cem", sales)] {
                db.put_person(&person(n, name)).await.unwrap();
                let e = Employment { person: Uuid::from_u128(n), department, manager: None, validity: Validity { from: Some(10), until: Some(20) } };
                db.replace_employments(e.person, std::slice::from_ref(&e)).await.unwrap();
                assert_eq!(db.employments_of(&[e.person]).await.unwrap(), [e]);
            }
            let names = async |query: PersonQuery| db.persons(&query).await.unwrap().into_iter().map(|p| p.name).collect::<Vec<_>>();
            assert_eq!(names(PersonQuery { limit: 2, ..Default::default() }).await, ["Ann 100%", "Bea"]);
            assert_eq!(names(PersonQuery { limit: 9, after: Some(("Bea".into(), Uuid::from_u128(2))), ..Default::default() }).await, ["Cem"]);
            assert_eq!(names(PersonQuery { limit: 9, words: Some("p3@".into()), ..Default::default() }).await, ["Cem"]);
            assert_eq!(names(PersonQuery { limit: 9, words: Some("%".into()), ..Default::default() }).await, ["Ann 100%"], "a percent sign is no wildcard");
            assert_eq!(names(PersonQuery { limit: 9, departments: Some(vec![legal]), ..Default::default() }).await, ["Bea"]);
            assert!(names(PersonQuery { limit: 9, departments: Some(vec![]), ..Default::default() }).await.is_empty());
            assert_eq!(db.department_sizes(15).await.unwrap().iter().find(|(d, _)| *d == sales).unwrap().1, 2);
            assert!(db.department_sizes(20).await.unwrap().is_empty());
            assert_eq!(db.person_by_email("p2@example.com").await.unwrap(), Some(person(2, "Bea")));
            db.put_person(&person(2, "Beatrix")).await.unwrap();
            assert_eq!(db.persons_by_id(&[Uuid::from_u128(2)]).await.unwrap(), [person(2, "Beatrix")]);
            db.erase_person(Uuid::from_u128(2), 77).await.unwrap();
            let erased = db.persons_by_id(&[Uuid::from_u128(2)]).await.unwrap().remove(0);
            assert_eq!((erased.name.as_str(), erased.email, erased.erased), (Person::ERASED, None, Some(77)));
            assert!(names(PersonQuery { limit: 9, words: Some("bea".into()), ..Default::default() }).await.is_empty());
        }
    }
}
