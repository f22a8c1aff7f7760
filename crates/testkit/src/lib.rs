//! One behaviour suite per port of `store`, run on every implementation, the services they need, and a probe that reads all an installation keeps.
//!
//! A suite is a plain asynchronous function over a fresh, empty implementation; it panics where the behaviour is not kept.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "this crate is tests")]

pub mod blobs;
pub mod events;
pub mod keys;
pub mod probe;
pub mod receiver;
pub mod services;
pub mod trail;
pub mod witness;

pub use receiver::Receiver;
pub use services::{postgres, s3, sqlite};
pub use witness::{WitnessProcess, tlog_tool};
