//! Reveals of masked values: who asked for which fields of which event, why, and who decided. No row holds a value.

use super::row::{damaged, id, id_value, json, json_value, optional_id, optional_id_value, signed, unsigned, word};
use crate::{
    Result,
    sql::{Handle, Migration, column},
};
use async_trait::async_trait;
use model::{FieldClass, Micros, Position, Reveal, RevealState};
use sea_orm::QueryResult;
use uuid::Uuid;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    name: "reveals_1",
    statements: &[
        "CREATE TABLE reveals (id BYTEA PRIMARY KEY, member BYTEA NOT NULL, position TEXT NOT NULL, fields TEXT NOT NULL, field_count BIGINT NOT NULL, \
            class TEXT NOT NULL, reason TEXT NOT NULL, state TEXT NOT NULL, asked BIGINT NOT NULL, until_time BIGINT NOT NULL, decided_by BYTEA, decided BIGINT)",
        "CREATE INDEX reveals_member ON reveals (member, asked)",
    ],
}];

const SELECT: &str = "SELECT id, member, position, fields, class, reason, state, asked, until_time, decided_by, decided FROM reveals";

#[async_trait]
pub trait Reveals {
    /// Inside a unit: nobody else adds a reveal of this member until it ends, so that what was counted stays true.
    async fn hold_reveals_of(&self, member: Uuid) -> Result<()>;
    async fn add_reveal(&self, reveal: &Reveal) -> Result<()>;
    async fn reveal(&self, id: Uuid) -> Result<Option<Reveal>>;
    /// Newest first.
    async fn reveals(&self, limit: u64) -> Result<Vec<Reveal>>;
    /// Those of one event that one member asked for since then, newest first.
    async fn reveals_of(&self, member: Uuid, position: &Position, since: Micros) -> Result<Vec<Reveal>>;
    /// How many fields a member asked for since then; what was declined does not count.
    async fn fields_revealed(&self, member: Uuid, since: Micros) -> Result<u64>;
    /// Decides one that waits; false when it does not wait any more at `now`. `until`: until when its values are shown.
    async fn decide_reveal(&self, id: Uuid, state: RevealState, by: Uuid, now: Micros, until: Micros) -> Result<bool>;
}

#[async_trait]
impl<H: Handle + ?Sized> Reveals for H {
    async fn hold_reveals_of(&self, member: Uuid) -> Result<()> {
        self.execute("UPDATE members SET role = role WHERE id = $1", vec![id_value(member)]).await.map(drop)
    }

    async fn add_reveal(&self, reveal: &Reveal) -> Result<()> {
        let sql = "INSERT INTO reveals (id, member, position, fields, field_count, class, reason, state, asked, until_time, decided_by, decided) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
        let values = vec![
            id_value(reveal.id),
            id_value(reveal.member),
            reveal.position.to_string().into(),
            json_value(&reveal.fields)?,
            signed(reveal.fields.len() as u64)?.into(),
            reveal.class.name().into(),
            reveal.reason.as_str().into(),
            reveal.state.name().into(),
            reveal.asked.into(),
            reveal.until.into(),
            optional_id_value(reveal.decided_by),
            reveal.decided.into(),
        ];
        self.execute(sql, values).await.map(drop)
    }

    async fn reveal(&self, id: Uuid) -> Result<Option<Reveal>> {
        self.rows(&format!("{SELECT} WHERE id = $1"), vec![id_value(id)]).await?.first().map(read).transpose()
    }

    async fn reveals(&self, limit: u64) -> Result<Vec<Reveal>> {
        self.rows(&format!("{SELECT} ORDER BY asked DESC, id DESC LIMIT $1"), vec![signed(limit)?.into()]).await?.iter().map(read).collect()
    }

    async fn reveals_of(&self, member: Uuid, position: &Position, since: Micros) -> Result<Vec<Reveal>> {
        let sql = format!("{SELECT} WHERE member = $1 AND asked >= $2 AND position = $3 ORDER BY asked DESC, id DESC");
        self.rows(&sql, vec![id_value(member), since.into(), position.to_string().into()]).await?.iter().map(read).collect()
    }

    async fn fields_revealed(&self, member: Uuid, since: Micros) -> Result<u64> {
        let sql = "SELECT CAST(COALESCE(SUM(field_count), 0) AS BIGINT) AS revealed FROM reveals WHERE member = $1 AND asked > $2 AND state <> $3";
        let values = vec![id_value(member), since.into(), RevealState::Declined.name().into()];
        self.rows(sql, values).await?.first().map_or(Ok(0), |row| unsigned(row, "revealed"))
    }

    async fn decide_reveal(&self, id: Uuid, state: RevealState, by: Uuid, now: Micros, until: Micros) -> Result<bool> {
        let sql = "UPDATE reveals SET state = $2, decided_by = $3, decided = $4, until_time = $5 WHERE id = $1 AND state = $6 AND until_time > $7";
        let asked = RevealState::Asked.name();
        let values = vec![id_value(id), state.name().into(), id_value(by), now.into(), until.into(), asked.into(), now.into()];
        Ok(self.execute(sql, values).await? == 1)
    }
}

fn read(row: &QueryResult) -> Result<Reveal> {
    Ok(Reveal {
        id: id(row, "id")?,
        member: id(row, "member")?,
        position: column::<String>(row, "position")?.parse().map_err(|why: String| damaged("position", why))?,
        fields: json(row, "fields")?,
        class: word(row, "class", FieldClass::from_name)?,
        reason: column(row, "reason")?,
        state: word(row, "state", RevealState::from_name)?,
        asked: column(row, "asked")?,
        until: column(row, "until_time")?,
        decided_by: optional_id(row, "decided_by")?,
        decided: column(row, "decided")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::testing::databases;

    #[tokio::test]
    async fn a_reveal_is_decided_once_and_in_time() {
        for db in databases().await {
            let [one, two, three, ada, eve, officer] = [1, 2, 3, 4, 5, 6].map(Uuid::from_u128);
            let position: Position = "activity.0:7".parse().unwrap();
            let asked = |id, member, asked| Reveal {
                id,
                member,
                position: position.clone(),
                fields: vec!["changes.email".into(), "raw".into()],
                class: FieldClass::Sensitive,
                reason: "Case 17".into(),
                state: RevealState::Asked,
                asked,
                until: asked + 100,
                decided_by: None,
                decided: None,
            };
            for reveal in [asked(one, ada, 10), asked(two, ada, 20), asked(three, eve, 30)] {
                db.add_reveal(&reveal).await.unwrap();
            }
            db.hold_reveals_of(ada).await.unwrap();
            assert_eq!(db.fields_revealed(ada, 0).await.unwrap(), 4);
            assert_eq!((db.fields_revealed(ada, 10).await.unwrap(), db.fields_revealed(officer, 0).await.unwrap()), (2, 0));
            assert!(db.decide_reveal(one, RevealState::Declined, officer, 50, 50).await.unwrap());
            assert!(!db.decide_reveal(one, RevealState::Granted, officer, 51, 500).await.unwrap(), "decided");
            assert!(!db.decide_reveal(two, RevealState::Granted, officer, 120, 500).await.unwrap(), "too late");
            assert!(db.decide_reveal(three, RevealState::Granted, officer, 60, 500).await.unwrap());
            assert_eq!(db.fields_revealed(ada, 0).await.unwrap(), 2, "what was declined does not count");
            let declined = Reveal { state: RevealState::Declined, until: 50, decided_by: Some(officer), decided: Some(50), ..asked(one, ada, 10) };
            let granted = Reveal { state: RevealState::Granted, until: 500, decided_by: Some(officer), decided: Some(60), ..asked(three, eve, 30) };
            assert_eq!(db.reveals(9).await.unwrap(), [granted, asked(two, ada, 20), declined.clone()]);
            assert_eq!(db.reveals_of(ada, &position, 0).await.unwrap(), [asked(two, ada, 20), declined.clone()]);
            assert_eq!(db.reveals_of(ada, &position, 15).await.unwrap(), [asked(two, ada, 20)]);
            assert_eq!(db.reveals_of(ada, &"activity.0:8".parse().unwrap(), 0).await.unwrap(), []);
            assert_eq!((db.reveal(one).await.unwrap(), db.reveal(ada).await.unwrap()), (Some(declined), None));
        }
    }
}
