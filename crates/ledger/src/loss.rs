//! A declared loss: data that is behind its lock for good ends its generation, and the next one names what was lost (ADR 0005). Nothing is ever signed twice.

use crate::{
    delivery::{Delivery, Numbered, prepare},
    error::{LedgerError, Result},
    integrate::{Integrator, LEASE},
    keyring::Keyring,
    layout::Layout,
    lock::{Lock, Locked},
    resume::{Signed, find, stand},
    tiles::stored,
    verify::Fault,
};
use merkle::{Checkpoint, Hash, LogKeys, TILE_WIDTH, TileId, decode_entries};
use model::{Class, ClearEvent, Event, EventTime, Micros, Position, class::act, event::Identity};
use serde_json::json;
use std::str::FromStr;
use store::{
    StoreError,
    blobs::Blobs,
    trail::{Head, NewBatch, Trail},
};
use uuid::Uuid;

const STREAM: &str = "ledger";
const NORMALISER: &str = "veritrail/1";
/// What a generation's first record is, where it is not a ledger's first.
pub const OPENING: &str = "ledger.new_generation";

/// What a generation's first record names, in its clear part: no key is needed to read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The last checkpoint signed before: its log, size and root.
    pub checkpoint: Checkpoint,
    /// The first position that no longer stands, and the one after the last that was signed.
    pub lost: (Position, Position),
    /// Records that follow the opening one: they stood at or after the first position lost, and are kept.
    pub moved: u64,
}

impl std::fmt::Display for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Checkpoint { origin, size, root } = &self.checkpoint;
        write!(f, "after {origin} size {size} root {root} lost {} until {} moved {}", self.lost.0, self.lost.1, self.moved)
    }
}

impl FromStr for Opening {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "it does not name a checkpoint and what was lost";
        let words: Vec<&str> = text.split(' ').collect();
        let ["after", origin, "size", size, "root", root, "lost", from, "until", until, "moved", moved] = words[..] else { return Err(wrong) };
        let root = Hash::from_base64(root).map_err(|_| wrong)?;
        Ok(Self {
            checkpoint: Checkpoint { origin: origin.to_owned(), size: size.parse().map_err(|_| wrong)?, root },
            lost: (from.parse().map_err(|_| wrong)?, until.parse().map_err(|_| wrong)?),
            moved: moved.parse().map_err(|_| wrong)?,
        })
    }
}

/// A loss that can be declared, as the data and its lock show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    pub opening: Opening,
    /// The generation that will be opened.
    pub number: u32,
    /// Records of the present generation that stay, under its last checkpoint here.
    pub kept: u64,
}

impl Loss {
    /// `FROM..UNTIL`, as an administrator must say it again.
    pub fn range(&self) -> String {
        format!("{}..{}", self.opening.lost.0, self.opening.lost.1)
    }

    /// The first record of the next generation. `reason` is sealed in it.
    pub async fn opened_by(&self, keyring: &Keyring, ledger: &str, reason: &str, now: Micros) -> Result<NewBatch> {
        let mut event = Event::new(Uuid::nil(), STREAM, NORMALISER, OPENING, Class::Api, act::CREATE, EventTime::utc(now));
        event.identity = Identity::Vendor(format!("generation-{}", self.number));
        event.received = now;
        event.reason = Some(self.opening.to_string());
        if let serde_json::Value::Object(detail) = json!({ "reason": reason, "target": format!("ledger:{ledger}") }) {
            event.detail = detail;
        }
        let delivery = Delivery { events: vec![Numbered { event, occurrence: 0, ordinal: 0 }], ..Delivery::new(Uuid::nil(), STREAM, now) };
        prepare(keyring, ledger, delivery).await
    }
}

impl Integrator {
    /// What is lost for good, if the data is behind its lock; `None` where it is not, so that nothing need be declared.
    ///
    /// # Errors
    /// What stands in the way: damage here, or data that lacks more than the lock alone tells.
    pub async fn loss(&self) -> Result<Option<Loss>> {
        let (head, first) = (self.trail.head().await?, self.signers.first());
        let (blobs, ledger) = (self.blobs.as_ref(), self.ledger.as_str());
        let why = match find(blobs, &self.lock, ledger, &first, &head).await {
            Ok(_) => return Ok(None),
            Err(why @ (LedgerError::Older { .. } | LedgerError::Fork { .. })) => why,
            Err(other) => return Err(other),
        };
        let Some((locked, _)) = self.lock.read(ledger, &first).await? else { return Err(why) };
        let here = self.here(&head, &locked).await?;
        if (locked.generation, locked.checkpoint.size) < (head.generation, here.size) {
            return Err(why);
        }
        let position = |generation, index| Position { ledger: ledger.to_owned(), generation, index };
        let lost = (position(head.generation, head.first + here.size), position(locked.generation, locked.first + locked.checkpoint.size));
        let opening = Opening { checkpoint: locked.checkpoint, lost, moved: head.size - here.size };
        Ok(Some(Loss { opening, number: locked.generation + 1, kept: here.size }))
    }

    /// Where the data stands by itself, whatever the lock says.
    pub(crate) async fn here(&self, head: &Head, locked: &Locked) -> Result<Signed> {
        let first = if locked.generation == head.generation { locked.keys.all()[0].1.clone() } else { self.signers.first() };
        stand(self.blobs.as_ref(), (None, None), &self.ledger, &first, head).await
    }

    /// Takes the lease, drops from the tail what stays under the last checkpoint here, and keeps what the lock says. The trail's head to renew, as
    /// [`store::trail::SqlTrail::renew`] asks for it.
    pub async fn close(&self, trail: &dyn Trail, loss: &Loss, now: Micros) -> Result<Head> {
        let Some((locked, _)) = self.lock.read(&self.ledger, &self.signers.first()).await? else {
            return Err(LedgerError::Internal(format!("the lock of ledger {} is gone since it was looked at", self.ledger)));
        };
        let epoch = self.trail.lease(&self.holder, now, now + LEASE).await?;
        let mut here = self.here(&self.trail.head().await?, &locked).await?;
        if here.size != loss.kept {
            return Err(LedgerError::Internal(format!("{} records of ledger {} were to stay, {} are here", loss.kept, self.ledger, here.size)));
        }
        here.settle(self.trail.as_ref(), self.blobs.as_ref(), &self.ledger, epoch).await?;
        self.lock.keep(loss.number - 1).await?;
        Ok(trail.head().await?)
    }
}

/// What opens a generation; `None` for a ledger's first, which nothing came before.
///
/// # Errors
/// `Damaged` where the first record opens nothing.
pub async fn opening(blobs: &dyn Blobs, layout: &Layout) -> Result<Option<Opening>> {
    if layout.generation() == 0 {
        return Ok(None);
    }
    let lowest = TileId { level: 0, index: 0, width: 1 };
    let path = layout.entries(TileId { width: TILE_WIDTH, ..lowest });
    let damaged = |why: &str| LedgerError::damaged(&*path, why);
    let mut bundle = stored(blobs, lowest, |tile| layout.entries(tile)).await?;
    if bundle.is_none()
        && let Some(wider) = blobs.list(&format!("{path}.p/")).await?.pop()
    {
        // Any partial bundle begins with the same entry; one that is gone by now made way for the full one.
        bundle = match blobs.get(&wider).await? {
            Some((bytes, _)) => Some((wider, bytes.to_vec())),
            None => stored(blobs, lowest, |tile| layout.entries(tile)).await?,
        };
    }
    let (_, bytes) = bundle.ok_or_else(|| damaged("the file is gone"))?;
    let entry = decode_entries(&bytes)?.into_iter().next().ok_or_else(|| damaged("it is empty"))?;
    let clear: ClearEvent = serde_json::from_slice(&entry).map_err(|e| damaged(&e.to_string()))?;
    let text = clear.reason.filter(|_| clear.vendor_type == OPENING && clear.source.is_nil()).unwrap_or_default();
    text.parse::<Opening>().map(Some).map_err(damaged)
}

/// Whether the first record of a generation names a checkpoint of the one before: the fault, if not. `lock` is where the ledger's lock lies, if it is known:
/// what it kept of the one before must be what is named.
///
/// # Errors
/// Only when the store cannot be read.
pub async fn check_opening(blobs: &dyn Blobs, layout: &Layout, keys: &LogKeys, lock: Option<&Lock>) -> Result<Option<Fault>> {
    let fault = |what: String| Ok(Some(Fault::new(format!("{}tile/entries/000", layout.base()), Some(0), what)));
    let opened = match opening(blobs, layout).await {
        Ok(None) => return Ok(None),
        Ok(Some(opened)) => opened,
        Err(LedgerError::Store(StoreError::Damaged { why, .. })) => return fault(format!("the record that opens the generation: {why}")),
        Err(LedgerError::Merkle(why)) => return fault(format!("the record that opens the generation: {why}")),
        Err(error) => return Err(error),
    };
    let ledger = layout.ledger();
    let before = Layout::new(ledger, layout.generation() - 1);
    let named = &opened.checkpoint;
    if named.origin != before.origin(keys.name()) {
        return fault(format!("the record that opens the generation names {}, not {}", named.origin, before.origin(keys.name())));
    }
    if let Some(lock) = lock
        && let Some((kept, _)) = lock.past(layout.generation() - 1).read(ledger, &keys.all()[0].1).await?
        && kept.checkpoint != *named
    {
        let (size, root) = (kept.checkpoint.size, kept.checkpoint.root);
        return fault(format!("the record that opens the generation names {} records under {}, {size} were signed under {root}", named.size, named.root));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use merkle::leaf_hash;

    #[test]
    fn an_opening_is_read_as_it_was_written() {
        let at = |text: &str| text.parse::<Position>().unwrap();
        let opening = Opening {
            checkpoint: Checkpoint { origin: "example.org/activity.0".into(), size: 1_040, root: leaf_hash(b"x") },
            lost: (at("activity.0:1000"), at("activity.0:1040")),
            moved: 7,
        };
        let text = opening.to_string();
        assert_eq!(text.parse::<Opening>().unwrap(), opening);
        let wrongs = [String::new(), "after nothing".into(), text.replace("size 1040", "size x"), text.replace("activity.0:1000", "activity"), text + " more"];
        for wrong in wrongs {
            assert!(wrong.parse::<Opening>().is_err(), "{wrong}");
        }
    }
}
