//! Stories over HTTP on the real binary, on both set-ups: SQLite and a directory, PostgreSQL and S3.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod acme;
mod anchors;
mod backup;
mod bad_input;
mod client;
mod crash;
mod day;
mod detect;
mod erasure;
mod escalations;
mod evidence;
mod hardening;
mod house;
mod index;
mod keys;
mod leaks;
mod oidc;
mod outage;
mod own_trail;
mod probe;
mod records;
mod requests;
mod retention;
mod reveal;
mod roles;
mod scim;
mod secrets;
mod sign_in;
mod tls;
mod trust;

/// The same story on both set-ups, each a test of its own.
macro_rules! on_both {
    ($($story:ident),* $(,)?) => { $(
        mod $story {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite_and_a_directory() {
                super::$story(crate::house::SetUp::Embedded).await;
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgresql_and_s3() {
                super::$story(crate::house::SetUp::Outgrown).await;
            }
        }
    )* };
}
pub(crate) use on_both;
