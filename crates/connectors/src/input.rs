//! Reading lines, CSV and JSON from files and bodies in bounded memory. What cannot be read is handed on, never dropped.

mod frames;
mod readers;

pub use readers::{by_name, csv, json, lines, ndjson};

use crate::RawRecord;
use model::Refusal;

/// The longest record taken; longer ones go to quarantine by their beginning and size.
pub const MAX_RECORD_BYTES: usize = 1024 * 1024;

/// How much of an over-long record is kept for quarantine.
pub const HEAD_BYTES: usize = 4096;

/// What is known of a file or body before it is read.
#[derive(Clone, Debug, Default)]
pub struct FileHint {
    /// The stream to file under; empty lets the connector decide from name and header.
    pub stream: String,
    /// File name, for origins and for telling types apart.
    pub name: String,
    /// `text/csv`, `application/x-ndjson`, `application/json`; empty when unknown.
    pub media_type: String,
}

/// One thing read from a file: a record with its stream, or bytes that are none.
#[derive(Debug)]
pub enum Item {
    Record { stream: String, record: RawRecord },
    Refused { stream: String, bytes: Vec<u8>, size_bytes: u64, origin: String, refusal: Refusal },
}

/// Items of one file, read as they are asked for. An `Err` ends it: the input itself failed (I/O).
pub type Records<'a> = Box<dyn Iterator<Item = std::io::Result<Item>> + Send + 'a>;
