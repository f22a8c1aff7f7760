//! Small named values the installation keeps about itself: the organisation's name, the directory's version.

use crate::{
    Result,
    sql::{Handle, Migration, column},
};
use async_trait::async_trait;

pub(crate) const MIGRATIONS: &[Migration] =
    &[Migration { name: "settings_1", statements: &["CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)"] }];

#[async_trait]
pub trait Settings {
    async fn setting(&self, name: &str) -> Result<Option<String>>;
    async fn put_setting(&self, name: &str, value: &str) -> Result<()>;
    /// Removes it; false when it was not there (or someone else removed it first).
    async fn drop_setting(&self, name: &str) -> Result<bool>;
}

#[async_trait]
impl<H: Handle + ?Sized> Settings for H {
    async fn setting(&self, name: &str) -> Result<Option<String>> {
        self.rows("SELECT value FROM settings WHERE name = $1", vec![name.into()]).await?.first().map(|row| column(row, "value")).transpose()
    }

    async fn put_setting(&self, name: &str, value: &str) -> Result<()> {
        let sql = "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.execute(sql, vec![name.into(), value.into()]).await.map(drop)
    }

    async fn drop_setting(&self, name: &str) -> Result<bool> {
        Ok(self.execute("DELETE FROM settings WHERE name = $1", vec![name.into()]).await? == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::testing::databases;

    #[tokio::test]
    async fn the_last_value_stays_until_it_is_dropped() {
        for db in databases().await {
            db.put_setting("organisation", "One").await.unwrap();
            db.put_setting("organisation", "Two").await.unwrap();
            assert_eq!(db.setting("organisation").await.unwrap().as_deref(), Some("Two"));
            assert!(db.drop_setting("organisation").await.unwrap());
            assert!(!db.drop_setting("organisation").await.unwrap());
            assert_eq!(db.setting("organisation").await.unwrap(), None);
        }
    }
}
