//! Fresh databases for tests: SQLite always, PostgreSQL where a server is given.

use super::migrate;
use crate::sql::{Database, Handle};
use uuid::Uuid;

/// One migrated database of each kind. A run without PostgreSQL must say so by `VERITRAIL_TEST_SKIP_SERVICES`.
pub(crate) async fn databases() -> Vec<Database> {
    let path = std::env::temp_dir().join(format!("records-{}.db", Uuid::new_v4()));
    let mut databases = vec![Database::open(&format!("sqlite://{}?mode=rwc", path.display()), "records").await.unwrap()];
    match std::env::var("VERITRAIL_TEST_POSTGRES") {
        Ok(server) => {
            let name = format!("records_{}", Uuid::new_v4().simple());
            let admin = Database::open(&server, "records").await.unwrap();
            admin.execute(&format!("CREATE DATABASE {name}"), vec![]).await.unwrap();
            let (base, _) = server.rsplit_once('/').unwrap();
            databases.push(Database::open(&format!("{base}/{name}"), "records").await.unwrap());
        }
        Err(_) if std::env::var_os("VERITRAIL_TEST_SKIP_SERVICES").is_some() => println!("skipped PostgreSQL: VERITRAIL_TEST_SKIP_SERVICES is set"),
        Err(_) if std::env::var_os("CI").is_some() => panic!("VERITRAIL_TEST_POSTGRES is not set: run through scripts/with-services.sh"),
        Err(_) => println!("skipped PostgreSQL: VERITRAIL_TEST_POSTGRES is not set"),
    }
    for database in &databases {
        migrate(database).await.unwrap();
    }
    databases
}
