//! The simulator spoken to as a client would, over HTTP.

mod client;
mod faults;
mod files;
mod oauth;
mod queries;
mod whole;
mod world;
