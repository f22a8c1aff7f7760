//! A simulated company at work: people, their directory file and the hours they keep.
//!
//! Everything is a pure function of a seed and the dates given: the same arguments give the same bytes. This crate reads no clock.

pub mod company;
pub mod directory;
pub mod error;
pub mod shifts;

pub use company::{Company, Integration, Person};
pub use error::Error;
