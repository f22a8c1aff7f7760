//! The zip file: deflated, every file's hash in `SHA256SUMS`.

use crate::{AppError, Result};
use model::Micros;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    io::{Cursor, Write},
};
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

/// As `sha256sum -c` reads it.
pub(super) const SUMS: &str = "SHA256SUMS";

pub(super) struct Zipped {
    writer: ZipWriter<Cursor<Vec<u8>>>,
    options: SimpleFileOptions,
    sums: BTreeMap<String, String>,
    /// Before deflating.
    bytes: usize,
}

impl Zipped {
    /// Its files are dated `now`, in UTC.
    pub fn new(now: Micros) -> Self {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).unix_permissions(0o644);
        let options = match dated(now) {
            Some(time) => options.last_modified_time(time),
            None => options,
        };
        Self { writer: ZipWriter::new(Cursor::new(Vec::new())), options, sums: BTreeMap::new(), bytes: 0 }
    }

    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.sums.insert(name.to_owned(), hex::encode(Sha256::digest(bytes)));
        self.write(name, bytes)
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.bytes += bytes.len();
        self.writer.start_file(name, self.options).map_err(broken)?;
        self.writer.write_all(bytes).map_err(broken)
    }

    /// What was added, before deflating.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The file, with the hashes of all others in it.
    pub fn finish(mut self) -> Result<Vec<u8>> {
        let sums: String = self.sums.iter().map(|(name, sum)| format!("{sum}  {name}\n")).collect();
        self.write(SUMS, sums.as_bytes())?;
        Ok(self.writer.finish().map_err(broken)?.into_inner())
    }
}

fn broken(error: impl std::fmt::Display) -> AppError {
    AppError::Internal(format!("the pack cannot be written: {error}"))
}

fn dated(now: Micros) -> Option<DateTime> {
    let time = jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::from_microsecond(now).ok()?);
    let part = |value: i8| u8::try_from(value).ok();
    DateTime::from_date_and_time(
        u16::try_from(time.year()).ok()?,
        part(time.month())?,
        part(time.day())?,
        part(time.hour())?,
        part(time.minute())?,
        part(time.second())?,
    )
    .ok()
}
