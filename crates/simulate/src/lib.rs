//! A simulated company at work: people, their directory file, the hours they keep, what they do in two CRMs, and five attacks with their answers.
//!
//! Everything is a pure function of a seed and the dates given: the same arguments give the same bytes. This library reads no clock, but for its
//! `vendors`, which are asked in the present; its program `veritrail-simulate` does.

pub mod acts;
pub mod attacks;
pub mod company;
pub mod desk;
pub mod directory;
pub mod error;
pub mod history;
pub mod live;
pub mod real_time;
pub mod salesforce;
pub mod shifts;
pub mod vendors;

pub use acts::{Act, Kind};
pub use attacks::Answer;
pub use company::{Company, Integration, Person};
pub use error::Error;
pub use history::{File, Simulation};
pub use live::{Live, LiveAttack};
