//! Kept searches, and whom their answers are delivered to.

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
    name: "searches_1",
    statements: &[
        "CREATE TABLE searches (id BYTEA PRIMARY KEY, owner BYTEA NOT NULL, sharing TEXT NOT NULL, sealed BYTEA NOT NULL, created BIGINT NOT NULL, \
            changed BIGINT NOT NULL)",
        "CREATE INDEX searches_owner ON searches (owner)",
        "CREATE TABLE search_deliveries (search BYTEA NOT NULL, member BYTEA NOT NULL, plan TEXT NOT NULL, due BIGINT NOT NULL, PRIMARY KEY (search, member))",
        "CREATE INDEX search_deliveries_due ON search_deliveries (due)",
    ],
}];

/// A kept search. Its name and question may hold names of people, so they are sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchRow {
    pub id: Uuid,
    pub owner: Uuid,
    pub sharing: String,
    pub sealed: Vec<u8>,
    pub created: Micros,
    pub changed: Micros,
}

/// Whose answer of a search is due next, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRow {
    pub search: Uuid,
    pub member: Uuid,
    /// When and as what, as the floor above writes it.
    pub plan: String,
    pub due: Micros,
}

#[async_trait]
pub trait Searches {
    async fn add_search(&self, search: &SearchRow) -> Result<()>;
    async fn search(&self, id: Uuid) -> Result<Option<SearchRow>>;
    /// A member's own, and those that are not private.
    async fn searches_for(&self, member: Uuid) -> Result<Vec<SearchRow>>;
    async fn change_search(&self, search: &SearchRow) -> Result<()>;
    /// With its deliveries.
    async fn drop_search(&self, id: Uuid) -> Result<()>;

    async fn put_delivery(&self, delivery: &DeliveryRow) -> Result<()>;
    /// Whether there was one.
    async fn drop_delivery(&self, search: Uuid, member: Uuid) -> Result<bool>;
    async fn deliveries_of(&self, member: Uuid) -> Result<Vec<DeliveryRow>>;
    /// The one that has been due longest.
    async fn due_delivery(&self, now: Micros) -> Result<Option<DeliveryRow>>;
    /// Moves it on; false when another node was first, or it is gone.
    async fn move_delivery(&self, delivery: &DeliveryRow, to: Micros) -> Result<bool>;
}

#[async_trait]
impl<H: Handle + ?Sized> Searches for H {
    async fn add_search(&self, search: &SearchRow) -> Result<()> {
        let values = vec![
            id_value(search.id),
            id_value(search.owner),
            search.sharing.as_str().into(),
            search.sealed.clone().into(),
            search.created.into(),
            search.changed.into(),
        ];
        self.execute("INSERT INTO searches (id, owner, sharing, sealed, created, changed) VALUES ($1, $2, $3, $4, $5, $6)", values).await.map(drop)
    }

    async fn search(&self, id: Uuid) -> Result<Option<SearchRow>> {
        self.rows("SELECT * FROM searches WHERE id = $1", vec![id_value(id)]).await?.first().map(read).transpose()
    }

    async fn searches_for(&self, member: Uuid) -> Result<Vec<SearchRow>> {
        let sql = "SELECT * FROM searches WHERE owner = $1 OR sharing <> 'private' ORDER BY created, id";
        self.rows(sql, vec![id_value(member)]).await?.iter().map(read).collect()
    }

    async fn change_search(&self, search: &SearchRow) -> Result<()> {
        let values = vec![id_value(search.id), search.sharing.as_str().into(), search.sealed.clone().into(), search.changed.into()];
        self.execute("UPDATE searches SET sharing = $2, sealed = $3, changed = $4 WHERE id = $1", values).await.map(drop)
    }

    async fn drop_search(&self, id: Uuid) -> Result<()> {
        self.execute("DELETE FROM search_deliveries WHERE search = $1", vec![id_value(id)]).await?;
        self.execute("DELETE FROM searches WHERE id = $1", vec![id_value(id)]).await.map(drop)
    }

    async fn put_delivery(&self, delivery: &DeliveryRow) -> Result<()> {
        let sql = "INSERT INTO search_deliveries (search, member, plan, due) VALUES ($1, $2, $3, $4) \
            ON CONFLICT (search, member) DO UPDATE SET plan = excluded.plan, due = excluded.due";
        let values = vec![id_value(delivery.search), id_value(delivery.member), delivery.plan.as_str().into(), delivery.due.into()];
        self.execute(sql, values).await.map(drop)
    }

    async fn drop_delivery(&self, search: Uuid, member: Uuid) -> Result<bool> {
        let sql = "DELETE FROM search_deliveries WHERE search = $1 AND member = $2";
        Ok(self.execute(sql, vec![id_value(search), id_value(member)]).await? == 1)
    }

    async fn deliveries_of(&self, member: Uuid) -> Result<Vec<DeliveryRow>> {
        let sql = "SELECT * FROM search_deliveries WHERE member = $1 ORDER BY search";
        self.rows(sql, vec![id_value(member)]).await?.iter().map(read_delivery).collect()
    }

    async fn due_delivery(&self, now: Micros) -> Result<Option<DeliveryRow>> {
        let sql = "SELECT * FROM search_deliveries WHERE due <= $1 ORDER BY due LIMIT 1";
        self.rows(sql, vec![now.into()]).await?.first().map(read_delivery).transpose()
    }

    async fn move_delivery(&self, delivery: &DeliveryRow, to: Micros) -> Result<bool> {
        let sql = "UPDATE search_deliveries SET due = $4 WHERE search = $1 AND member = $2 AND due = $3";
        let values = vec![id_value(delivery.search), id_value(delivery.member), delivery.due.into(), to.into()];
        Ok(self.execute(sql, values).await? == 1)
    }
}

fn read(row: &QueryResult) -> Result<SearchRow> {
    Ok(SearchRow {
        id: id(row, "id")?,
        owner: id(row, "owner")?,
        sharing: column(row, "sharing")?,
        sealed: column(row, "sealed")?,
        created: column(row, "created")?,
        changed: column(row, "changed")?,
    })
}

fn read_delivery(row: &QueryResult) -> Result<DeliveryRow> {
    Ok(DeliveryRow { search: id(row, "search")?, member: id(row, "member")?, plan: column(row, "plan")?, due: column(row, "due")? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::testing::databases;

    #[tokio::test]
    async fn searches_are_their_owners_or_shared_and_deliveries_move_on_once() {
        for db in databases().await {
            let search = |n: u128, owner: u128, sharing: &str| SearchRow {
                id: Uuid::from_u128(n),
                owner: Uuid::from_u128(owner),
                sharing: sharing.into(),
                sealed: vec![1, 2],
                created: i64::try_from(n).unwrap(),
                changed: 5,
            };
            let (own, private, shared) = (search(1, 7, "private"), search(2, 8, "private"), search(3, 8, "everyone"));
            for one in [&own, &private, &shared] {
                db.add_search(one).await.unwrap();
            }
            assert_eq!(db.searches_for(Uuid::from_u128(7)).await.unwrap(), [own.clone(), shared.clone()]);
            let changed = SearchRow { sharing: "private".into(), sealed: vec![3], changed: 9, ..shared };
            db.change_search(&changed).await.unwrap();
            assert_eq!(db.search(changed.id).await.unwrap(), Some(changed));
            let delivery = DeliveryRow { search: own.id, member: Uuid::from_u128(7), plan: "{}".into(), due: 100 };
            db.put_delivery(&DeliveryRow { due: 50, ..delivery.clone() }).await.unwrap();
            db.put_delivery(&delivery).await.unwrap();
            assert_eq!(db.due_delivery(99).await.unwrap(), None);
            assert_eq!(db.due_delivery(100).await.unwrap(), Some(delivery.clone()));
            assert!(db.move_delivery(&delivery, 200).await.unwrap());
            assert!(!db.move_delivery(&delivery, 300).await.unwrap(), "another was first");
            assert_eq!(db.deliveries_of(delivery.member).await.unwrap()[0].due, 200);
            db.drop_search(own.id).await.unwrap();
            assert!(!db.drop_delivery(own.id, delivery.member).await.unwrap());
        }
    }
}
