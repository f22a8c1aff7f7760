//! Proof that an event stands in the ledger.
