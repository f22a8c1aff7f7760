//! Vendors' own services, simulated: what a connector talks to, written from the vendor's documentation and from nothing of ours.
//!
//! A simulator here must not be written by looking at the connector it is for: two readings of one documentation check each other.

pub mod salesforce;
