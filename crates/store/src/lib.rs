//! Persistence behind narrow ports. All our SQL lives here; no business rule does.
//!
//! | port | what | implementations |
//! |---|---|---|
//! | [`records`] | everything relational, one narrow trait per noun | SQLite, PostgreSQL |
//! | [`trail`] | append batches, read from a position; cursors, fingerprints, quarantine | SQLite, PostgreSQL |
//! | [`keys`] | wrapped subject keys | SQLite, PostgreSQL |
//! | [`blobs`] | objects with compare-and-swap | directory, S3 |
//! | [`events`] | finding events | tantivy splits |
//! | [`reserve`] | what waits while a database cannot be written | a file |

pub mod blobs;
pub mod copy;
pub mod error;
pub mod events;
pub mod keys;
pub mod records;
pub mod reserve;
pub mod sql;
pub mod trail;

pub use error::{Result, StoreError};
