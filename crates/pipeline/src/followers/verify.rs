//! Holding the searchable view against the trail: every record is in it once, at its day, with what it should be found by, and nothing else is.
//!
//! Both sides are walked once, each in its own order, and summed up by neighbouring indexes; where sums differ, the events are looked at one by one.
//! What the directory says of an event (person, department) is not compared: it may be corrected at any time.

use super::{
    index::{entry, is_expired},
    unsealed,
};
use crate::IntakeError;
use ledger::{Keyring, Opened, Reader, Tokenizer};
use model::{Position, StoredEvent, directory::Attributed, position::ACTIVITY};
use std::{collections::BTreeMap, ops::Range, sync::Arc};
use store::{
    StoreError,
    events::{Digest, Events, SUMMED, Sums},
};

/// Stored bytes of the trail taken at once.
const STEP_BYTES: usize = 8 << 20;
/// Days of the view summed up at once.
const DAYS: usize = 8;
/// Sums of neighbours looked at one by one together.
const RANGES: usize = 64;
/// Events beyond the trail that are looked at.
const MOST_BEYOND: usize = 10_000;
/// Faults named at most; a view that is wrong throughout is rebuilt, not read about.
const MOST_FAULTS: usize = 1_000;

/// Where a view and the trail differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differing {
    /// Records compared: those the view says it holds.
    pub compared: u64,
    /// Indexes among which something differs, in order.
    pub ranges: Vec<Range<u64>>,
}

impl Differing {
    pub fn nowhere(&self) -> bool {
        self.ranges.is_empty()
    }
}

/// What is wrong with the view's event of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewFault {
    pub index: u64,
    pub what: String,
}

/// Walks both sides; `progress` hears (events done, events there are), those of both. Memory: 32 bytes per thousand events, 32 per event of the largest
/// file of the view.
pub async fn compare(
    reader: &Reader,
    keyring: &Arc<Keyring>,
    events: &dyn Events,
    progress: &(dyn Fn(u64, u64) + Send + Sync),
) -> Result<Differing, IntakeError> {
    // The view first: the trail only grows.
    let (compared, size) = (events.resume().await?, reader.head().await?.size);
    if compared > size {
        let why = format!("the searchable view is at {compared}, the ledger at {size}; rebuild the view");
        return Err(StoreError::Damaged { what: "the event index".into(), why }.into());
    }
    let total = 2 * compared;
    progress(0, total);
    let (mut view, mut trail) = (Sums::default(), Sums::default());
    let days = events.days().await?;
    for days in days.chunks(DAYS) {
        view.merge(&events.sums(days, compared).await?);
        // One that is there twice is counted twice.
        progress(view.count().min(compared), total);
    }
    let mut next = 0;
    while next < compared {
        let made;
        (made, next) = digests(reader, keyring, next..compared).await?;
        made.iter().for_each(|(index, digest)| trail.add(*index, digest));
        progress(compared + next, total);
    }
    let mut ranges = view.differing(&trail);
    let beyond = reader.head().await?.size..u64::MAX;
    let held = events.digests(std::slice::from_ref(&beyond), MOST_BEYOND).await?;
    // The view follows the trail: what lies beyond it now was never in it.
    let size = reader.head().await?.size;
    if held.iter().any(|(index, _)| *index >= size) {
        ranges.push(beyond);
    }
    progress(total, total);
    Ok(Differing { compared, ranges })
}

/// Looks at what differs one by one, at the view as it is now; at most [`MOST_FAULTS`] are named.
pub async fn name_faults(reader: &Reader, keyring: &Arc<Keyring>, events: &dyn Events, differing: &Differing) -> Result<Vec<ViewFault>, IntakeError> {
    let mut faults = Vec::new();
    for ranges in differing.ranges.chunks(RANGES) {
        let mut held: BTreeMap<u64, Vec<Digest>> = BTreeMap::new();
        let limit = RANGES * SUMMED as usize * 2 + MOST_FAULTS;
        for (index, digest) in events.digests(ranges, limit).await? {
            held.entry(index).or_default().push(digest);
        }
        // After the view was read: what it holds beyond was never in the trail.
        let size = reader.head().await?.size;
        for range in ranges {
            let mut next = range.start;
            let until = range.end.min(differing.compared);
            while next < until {
                let made;
                (made, next) = digests(reader, keyring, next..until).await?;
                for (index, digest) in made {
                    faults.extend(judge(&held.remove(&index).unwrap_or_default(), &digest).map(|what| ViewFault { index, what }));
                }
            }
        }
        for index in held.into_keys() {
            if index >= size {
                faults.push(ViewFault { index, what: "the view has an event there, and the trail no such record".into() });
            } else if index < differing.compared {
                faults.push(ViewFault { index, what: "the view still has an event whose parts retention has dropped".into() });
            }
        }
        if faults.len() >= MOST_FAULTS {
            break;
        }
    }
    faults.truncate(MOST_FAULTS);
    Ok(faults)
}

fn judge(held: &[Digest], made: &Digest) -> Option<String> {
    let [one] = held else {
        return Some(match held.len() {
            0 => "it is not in the view".into(),
            n => format!("it is in the view {n} times"),
        });
    };
    if one == made {
        return None;
    }
    let parts = [
        (one.day != made.day).then_some("its day"),
        (one.columns != made.columns).then_some("its columns"),
        (one.words != made.words).then_some("the words it is found by"),
        (one.record != made.record).then_some("its record"),
    ];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    Some(format!("the view holds other than the trail gives: {}", parts.join(", ")))
}

/// What the view should hold of the first records of a range, as many as are read at once; and the index after them.
async fn digests(reader: &Reader, keyring: &Arc<Keyring>, range: Range<u64>) -> Result<(Vec<(u64, Digest)>, u64), IntakeError> {
    let generation = reader.generation_at(range.start).await?;
    let read = reader.read(range.start, STEP_BYTES).await?;
    let (indexes, stored): (Vec<u64>, Vec<StoredEvent>) = read.into_iter().take_while(|(index, _)| *index < range.end).unzip();
    if indexes.first().is_none_or(|first| *first != range.start) {
        return Err(StoreError::Damaged { what: "the trail".into(), why: format!("record {} cannot be read", range.start) }.into());
    }
    let next = range.start + indexes.len() as u64;
    let (stored, opened) = unsealed::open(keyring, range.start, stored).await?;
    let keyring = keyring.clone();
    let work = move || {
        let mut tokenizer = Tokenizer::new(&keyring);
        let of = |((index, stored), opened): ((u64, StoredEvent), Opened)| {
            let position = Position { ledger: ACTIVITY.to_owned(), generation, index };
            let expired = is_expired(&stored, &opened);
            (!expired).then(|| (index, Digest::of(&entry(&mut tokenizer, position, stored, opened, Attributed::default()))))
        };
        indexes.into_iter().zip(stored).zip(opened).filter_map(of).collect()
    };
    let made = tokio::task::spawn_blocking(work).await.map_err(|e| IntakeError::Internal(format!("making index entries stopped: {e}")))?;
    Ok((made, next))
}
