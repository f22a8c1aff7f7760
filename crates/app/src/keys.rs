//! Keys that are changed at the host. What is done is recorded before it is done: without the record there is no change.

use crate::{
    App, Result,
    door::{Act, Target},
};
use serde_json::{Value, json};
use store::sql::Unit;
use uuid::Uuid;

impl App {
    /// Puts another key-encryption key in force for new subjects' keys.
    ///
    /// # Errors
    /// `SelfLedger` when it cannot be recorded; nothing is changed then.
    pub async fn wrap_keys_under(&self, kek: Uuid) -> Result<()> {
        let before = self.keyring.wrapped_under().await?;
        self.record_at_host("keys.rotate", Target::of("key", kek), json!({ "before": before })).await?;
        Ok(self.keyring.wrap_under(kek).await?)
    }

    /// Before the file of a key-encryption key is destroyed.
    pub async fn retiring_key(&self, kek: Uuid) -> Result<()> {
        self.record_at_host("keys.retire", Target::of("key", kek), Value::Null).await
    }

    /// Before the key files are sealed under another passphrase.
    pub async fn sealing_keys(&self) -> Result<()> {
        self.record_at_host("keys.seal", Target::none(), Value::Null).await
    }

    /// Before another signing key is made for a ledger.
    pub async fn making_ledger_key(&self, ledger: &str) -> Result<()> {
        self.record_at_host("ledgers.rotate", Target::of("ledger", ledger), Value::Null).await
    }

    /// Before a backup is made: it holds everything there is.
    pub async fn making_backup(&self) -> Result<()> {
        self.record_at_host("backup.make", Target::none(), Value::Null).await
    }

    /// After a backup of this time, microseconds, was put back.
    pub async fn restored_backup(&self, made: model::Micros) -> Result<()> {
        self.record_at_host("backup.restore", Target::none(), json!({ "made": model::time::rfc3339(made) })).await
    }

    pub(crate) async fn record_at_host(&self, operation: &'static str, target: Target, detail: Value) -> Result<()> {
        let act = Act::at_host(operation, target, detail);
        self.recorded(act, async |_: &Unit| Ok(())).await
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{self, House};
    use store::records::{SelfEvents, SelfQuery};
    use uuid::Uuid;

    #[tokio::test]
    async fn what_is_done_to_keys_is_in_the_tools_own_trail() {
        for House { app, .. } in testing::houses().await {
            app.making_ledger_key("activity").await.unwrap();
            app.retiring_key(Uuid::from_u128(3)).await.unwrap();
            // The test's keyring finds no key files: recorded, and then refused.
            assert!(app.wrap_keys_under(Uuid::from_u128(4)).await.is_err());
            let rows = app.records.self_events(&SelfQuery { limit: 10, ..Default::default() }).await.unwrap();
            let mut seen: Vec<_> = rows.into_iter().map(|row| format!("{} {}", row.operation, row.target)).collect();
            seen.sort();
            assert_eq!(
                seen,
                [format!("keys.retire key:{}", Uuid::from_u128(3)), format!("keys.rotate key:{}", Uuid::from_u128(4)), "ledgers.rotate ledger:activity".into()]
            );
            assert_eq!(app.keyring.wrapped_under().await.unwrap(), None);
        }
    }
}
