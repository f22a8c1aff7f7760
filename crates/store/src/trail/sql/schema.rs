//! The tail's tables.

use crate::sql::Migration;

pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "trail_1",
        statements: &[
            "CREATE TABLE trail_heads (ledger TEXT PRIMARY KEY, generation BIGINT NOT NULL, size BIGINT NOT NULL, epoch BIGINT NOT NULL, \
         integrated BIGINT NOT NULL, holder TEXT NOT NULL, lease_until BIGINT NOT NULL)",
            "CREATE TABLE trail_batches (ledger TEXT NOT NULL, first BIGINT NOT NULL, count BIGINT NOT NULL, received BIGINT NOT NULL, \
         bytes BYTEA NOT NULL, leaf_hashes BYTEA NOT NULL, PRIMARY KEY (ledger, first))",
            "CREATE TABLE trail_fingerprints (ledger TEXT NOT NULL, fingerprint BYTEA NOT NULL, generation BIGINT NOT NULL, position BIGINT NOT NULL, \
         PRIMARY KEY (ledger, fingerprint))",
            "CREATE TABLE trail_streams (ledger TEXT NOT NULL, source BYTEA NOT NULL, stream TEXT NOT NULL, cursor_json TEXT, state_json TEXT, \
         last_received BIGINT, last_event BIGINT, events BIGINT NOT NULL, duplicates BIGINT NOT NULL, quarantined BIGINT NOT NULL, \
         PRIMARY KEY (ledger, source, stream))",
            "CREATE TABLE trail_quarantine (ledger TEXT NOT NULL, id BYTEA NOT NULL, source BYTEA NOT NULL, item TEXT NOT NULL, sealed BYTEA NOT NULL, \
         replayed BIGINT, PRIMARY KEY (ledger, id))",
        ],
    },
    Migration {
        name: "trail_2",
        statements: &[
            "ALTER TABLE trail_heads ADD COLUMN first BIGINT NOT NULL DEFAULT 0",
            "CREATE TABLE trail_generations (ledger TEXT NOT NULL, generation BIGINT NOT NULL, first BIGINT NOT NULL, ends BIGINT NOT NULL, \
         PRIMARY KEY (ledger, generation))",
        ],
    },
];
