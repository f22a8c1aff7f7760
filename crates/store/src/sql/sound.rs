//! SQLite connections that still count as being in a transaction which the database has ended by itself.
//!
//! On a full disk, an I/O error and a few others SQLite rolls back the whole transaction (<https://www.sqlite.org/lang_transaction.html>, "Response to errors
//! within a transaction"). The `ROLLBACK` that follows then fails, and the connection goes on counting itself inside: the next transaction would be a savepoint,
//! its commit a release, and after one more failure that release would make nothing durable although it succeeds. Such a connection is closed, never used again.

use sea_orm::sqlx::{Connection, Error, Sqlite, SqliteConnection, pool::PoolOptions};

/// Closes what comes back to the pool unsound.
pub(super) fn only(options: PoolOptions<Sqlite>) -> PoolOptions<Sqlite> {
    options.after_release(|connection, _| Box::pin(is_sound(connection)))
}

async fn is_sound(connection: &mut SqliteConnection) -> Result<bool, Error> {
    if !connection.is_in_transaction() {
        return Ok(true);
    }
    // The rollback of a dropped transaction may still be waiting its turn; a ping is answered after it.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

#[cfg(test)]
mod tests {
    use crate::{
        StoreError,
        sql::{Database, Handle, column},
    };

    const INSERT: &str = "INSERT INTO t (b) VALUES (zeroblob(3000))";

    async fn count(database: &Database) -> i64 {
        column(&database.rows("SELECT COUNT(*) AS n FROM t", vec![]).await.unwrap()[0], "n").unwrap()
    }

    /// Rows until one does not fit, in one transaction that is then dropped.
    async fn fill(database: &Database) -> StoreError {
        let unit = database.begin().await.unwrap();
        for _ in 0..1_000 {
            if let Err(full) = unit.execute(INSERT, vec![]).await {
                return full;
            }
        }
        panic!("a database with a limit of pages took a thousand rows");
    }

    #[tokio::test]
    async fn what_is_committed_after_a_full_disk_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("t.sqlite").display());
        let database = Database::open(&url, "test").await.unwrap();
        database.execute("CREATE TABLE t (b BLOB)", vec![]).await.unwrap();
        for round in 0..3 {
            // As a full disk: SQLITE_FULL, by which SQLite ends the transaction. The limit is the connection's and goes with it.
            database.rows("PRAGMA max_page_count = 20", vec![]).await.unwrap();
            for _ in 0..2 {
                let full = fill(&database).await;
                assert!(matches!(&full, StoreError::Unavailable { why, .. } if why == "the disk is full"), "{full}");
                database.rows("PRAGMA max_page_count = 20", vec![]).await.unwrap();
            }
            database.rows("PRAGMA max_page_count = 100000", vec![]).await.unwrap();
            let unit = database.begin().await.unwrap();
            unit.execute(INSERT, vec![]).await.unwrap();
            unit.commit().await.unwrap();
            assert_eq!(count(&database).await, round + 1, "committed, and read by another connection");
        }
    }
}
