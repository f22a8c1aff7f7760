//! Cuts an input into chunks on a thread of its own, never more than a few ahead of the commit.

use crate::{IntakeError, SourceWithSettings};
use connectors::{FileHint, input::Item};
use std::{
    io::{BufReader, Read},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::mpsc;

/// A chunk is one commit per stream: large enough to be cheap, small enough to hold a few.
const CHUNK_RECORDS: usize = 2_000;
const CHUNK_BYTES: usize = 2 << 20;
/// Chunks read ahead.
const AHEAD: usize = 1;
const BUFFER_BYTES: usize = 256 << 10;

pub(super) struct Chunk {
    pub items: Vec<Item>,
    /// Bytes of the input read so far.
    pub bytes_read: u64,
}

struct Counted<R> {
    inner: R,
    bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// The chunks of `input`, in order; an error is the last. Dropping the receiver stops the reading.
pub(super) fn chunks(source: SourceWithSettings, hint: FileHint, input: Box<dyn Read + Send>) -> mpsc::Receiver<Result<Chunk, IntakeError>> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || {
        if let Err(e) = send(&source, &hint, input, &sender) {
            // A closed channel: nobody wants to know.
            let _ = sender.blocking_send(Err(e));
        }
    });
    receiver
}

fn send(
    source: &SourceWithSettings,
    hint: &FileHint,
    input: Box<dyn Read + Send>,
    sender: &mpsc::Sender<Result<Chunk, IntakeError>>,
) -> Result<(), IntakeError> {
    let bytes = Arc::new(AtomicU64::new(0));
    let input = BufReader::with_capacity(BUFFER_BYTES, Counted { inner: input, bytes: bytes.clone() });
    let (mut items, mut size) = (Vec::new(), 0);
    for item in source.connector.split(&source.settings, hint, Box::new(input))? {
        let item =
            item.map_err(|e| IntakeError::Input { name: if hint.name.is_empty() { "the body".into() } else { hint.name.clone() }, why: e.to_string() })?;
        size += match &item {
            Item::Record { record, .. } => record.text.len(),
            Item::Refused { bytes, .. } => bytes.len(),
        };
        items.push(item);
        if items.len() >= CHUNK_RECORDS || size >= CHUNK_BYTES {
            size = 0;
            let chunk = Chunk { items: std::mem::take(&mut items), bytes_read: bytes.load(Ordering::Relaxed) };
            if sender.blocking_send(Ok(chunk)).is_err() {
                return Ok(());
            }
        }
    }
    if !items.is_empty() {
        // A closed channel: nobody wants to know.
        let _ = sender.blocking_send(Ok(Chunk { items, bytes_read: bytes.load(Ordering::Relaxed) }));
    }
    Ok(())
}
