//! Erasures asked for and how far each is, and the legal holds that forbid them. Neither row holds a value of the person.

use super::row::{id, id_value, json, json_value, optional_id, optional_id_value, signed, unsigned, word};
use crate::{
    Result,
    sql::{Handle, Migration, column},
};
use async_trait::async_trait;
use model::{Erasure, ErasureState, Hold, LegalBasis, Micros};
use sea_orm::QueryResult;
use uuid::Uuid;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    name: "erasures_1",
    statements: &[
        "CREATE TABLE erasures (id BYTEA PRIMARY KEY, person BYTEA, subjects TEXT NOT NULL, basis TEXT NOT NULL, reason TEXT NOT NULL, \
            member BYTEA NOT NULL, state TEXT NOT NULL, done BIGINT NOT NULL, total BIGINT, erased TEXT NOT NULL, trouble TEXT, \
            created BIGINT NOT NULL, finished BIGINT)",
        "CREATE TABLE holds (id BYTEA PRIMARY KEY, held TEXT NOT NULL, reason TEXT NOT NULL, owner BYTEA NOT NULL, created BIGINT NOT NULL, \
            released BIGINT, released_by BYTEA)",
    ],
}];

const SELECT: &str = "SELECT id, person, subjects, basis, reason, member, state, done, total, erased, trouble, created, finished FROM erasures";
const SELECT_HOLDS: &str = "SELECT id, held, reason, owner, created, released, released_by FROM holds";

#[async_trait]
pub trait Erasures {
    async fn add_erasure(&self, erasure: &Erasure) -> Result<()>;
    /// Writes how far it is: state, progress, what was erased, trouble, end.
    async fn update_erasure(&self, erasure: &Erasure) -> Result<()>;
    async fn erasure(&self, id: Uuid) -> Result<Option<Erasure>>;
    /// Newest first.
    async fn erasures(&self, limit: u64) -> Result<Vec<Erasure>>;
    /// Those that are not done, oldest first.
    async fn unfinished_erasures(&self) -> Result<Vec<Erasure>>;
}

#[async_trait]
impl<H: Handle + ?Sized> Erasures for H {
    async fn add_erasure(&self, erasure: &Erasure) -> Result<()> {
        let sql = "INSERT INTO erasures (id, person, subjects, basis, reason, member, state, done, total, erased, trouble, created, finished) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
        let values = vec![
            id_value(erasure.id),
            optional_id_value(erasure.person),
            json_value(&erasure.subjects)?,
            erasure.basis.name().into(),
            erasure.reason.as_str().into(),
            id_value(erasure.member),
            erasure.state.name().into(),
            signed(erasure.done)?.into(),
            erasure.total.map(signed).transpose()?.into(),
            json_value(&erasure.erased)?,
            erasure.trouble.clone().into(),
            erasure.created.into(),
            erasure.finished.into(),
        ];
        self.execute(sql, values).await.map(drop)
    }

    async fn update_erasure(&self, erasure: &Erasure) -> Result<()> {
        let sql = "UPDATE erasures SET state = $2, done = $3, total = $4, erased = $5, trouble = $6, finished = $7 WHERE id = $1";
        let values = vec![
            id_value(erasure.id),
            erasure.state.name().into(),
            signed(erasure.done)?.into(),
            erasure.total.map(signed).transpose()?.into(),
            json_value(&erasure.erased)?,
            erasure.trouble.clone().into(),
            erasure.finished.into(),
        ];
        self.execute(sql, values).await.map(drop)
    }

    async fn erasure(&self, id: Uuid) -> Result<Option<Erasure>> {
        self.rows(&format!("{SELECT} WHERE id = $1"), vec![id_value(id)]).await?.first().map(read).transpose()
    }

    async fn erasures(&self, limit: u64) -> Result<Vec<Erasure>> {
        self.rows(&format!("{SELECT} ORDER BY created DESC, id DESC LIMIT $1"), vec![signed(limit)?.into()]).await?.iter().map(read).collect()
    }

    async fn unfinished_erasures(&self) -> Result<Vec<Erasure>> {
        let done = ErasureState::Done.name();
        self.rows(&format!("{SELECT} WHERE state <> $1 ORDER BY created, id"), vec![done.into()]).await?.iter().map(read).collect()
    }
}

#[async_trait]
pub trait Holds {
    async fn add_hold(&self, hold: &Hold) -> Result<()>;
    async fn hold(&self, id: Uuid) -> Result<Option<Hold>>;
    /// Newest first, released ones too.
    async fn holds(&self) -> Result<Vec<Hold>>;
    /// False when it was released before.
    async fn release_hold(&self, id: Uuid, by: Uuid, now: Micros) -> Result<bool>;
}

#[async_trait]
impl<H: Handle + ?Sized> Holds for H {
    async fn add_hold(&self, hold: &Hold) -> Result<()> {
        let sql = "INSERT INTO holds (id, held, reason, owner, created, released, released_by) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let values = vec![
            id_value(hold.id),
            json_value(&hold.held)?,
            hold.reason.as_str().into(),
            id_value(hold.owner),
            hold.created.into(),
            hold.released.into(),
            optional_id_value(hold.released_by),
        ];
        self.execute(sql, values).await.map(drop)
    }

    async fn hold(&self, id: Uuid) -> Result<Option<Hold>> {
        self.rows(&format!("{SELECT_HOLDS} WHERE id = $1"), vec![id_value(id)]).await?.first().map(read_hold).transpose()
    }

    async fn holds(&self) -> Result<Vec<Hold>> {
        self.rows(&format!("{SELECT_HOLDS} ORDER BY created DESC, id DESC"), vec![]).await?.iter().map(read_hold).collect()
    }

    async fn release_hold(&self, id: Uuid, by: Uuid, now: Micros) -> Result<bool> {
        let sql = "UPDATE holds SET released = $3, released_by = $2 WHERE id = $1 AND released IS NULL";
        Ok(self.execute(sql, vec![id_value(id), id_value(by), now.into()]).await? == 1)
    }
}

fn read(row: &QueryResult) -> Result<Erasure> {
    Ok(Erasure {
        id: id(row, "id")?,
        person: optional_id(row, "person")?,
        subjects: json(row, "subjects")?,
        basis: word(row, "basis", LegalBasis::from_name)?,
        reason: column(row, "reason")?,
        member: id(row, "member")?,
        state: word(row, "state", ErasureState::from_name)?,
        done: unsigned(row, "done")?,
        total: column::<Option<i64>>(row, "total")?.map(|_| unsigned(row, "total")).transpose()?,
        erased: json(row, "erased")?,
        trouble: column(row, "trouble")?,
        created: column(row, "created")?,
        finished: column(row, "finished")?,
    })
}

fn read_hold(row: &QueryResult) -> Result<Hold> {
    Ok(Hold {
        id: id(row, "id")?,
        held: json(row, "held")?,
        reason: column(row, "reason")?,
        owner: id(row, "owner")?,
        created: column(row, "created")?,
        released: column(row, "released")?,
        released_by: optional_id(row, "released_by")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::testing::databases;
    use model::{Erased, Held, Left};

    #[tokio::test]
    async fn an_erasure_goes_its_way_and_a_hold_is_released_once() {
        for db in databases().await {
            let [one, two, member, subject] = [1, 2, 3, 4].map(Uuid::from_u128);
            let asked = |id, created| Erasure {
                id,
                person: None,
                subjects: vec![subject],
                basis: LegalBasis::Objection,
                reason: "Case 17".into(),
                member,
                state: ErasureState::Asked,
                done: 0,
                total: None,
                erased: Erased::default(),
                trouble: None,
                created,
                finished: None,
            };
            db.add_erasure(&asked(one, 10)).await.unwrap();
            db.add_erasure(&asked(two, 20)).await.unwrap();
            assert_eq!(db.unfinished_erasures().await.unwrap(), [asked(one, 10), asked(two, 20)]);
            let left = Left { kind: "export".into(), what: "job:5".into(), time: 5, member: None };
            let erased = Erased { events: 7, left: vec![left], ..Erased::default() };
            let done = Erasure { state: ErasureState::Done, done: 7, total: Some(7), erased, trouble: Some("t".into()), finished: Some(30), ..asked(one, 10) };
            db.update_erasure(&done).await.unwrap();
            assert_eq!(db.unfinished_erasures().await.unwrap(), [asked(two, 20)]);
            assert_eq!(db.erasures(9).await.unwrap(), [asked(two, 20), done.clone()]);
            assert_eq!((db.erasure(one).await.unwrap(), db.erasure(member).await.unwrap()), (Some(done), None));

            let hold = Hold { id: one, held: Held::Subject(subject), reason: "Suit".into(), owner: member, created: 1, released: None, released_by: None };
            let all = Hold { id: two, held: Held::Everything, ..hold.clone() };
            db.add_hold(&hold).await.unwrap();
            db.add_hold(&all).await.unwrap();
            assert!(db.release_hold(one, member, 9).await.unwrap());
            assert!(!db.release_hold(one, member, 10).await.unwrap());
            let released = Hold { released: Some(9), released_by: Some(member), ..hold };
            assert_eq!((db.hold(one).await.unwrap(), db.holds().await.unwrap()), (Some(released.clone()), vec![all, released]));
        }
    }
}
