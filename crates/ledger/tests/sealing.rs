//! What is sealed opens again, commits to its values, and is gone after an erasure.

use async_trait::async_trait;
use ledger::{Keyring, Master, fingerprint::fingerprint, open, seal, seal::subjects};
use model::{Actor, ActorKind, Class, Event, EventTime, Part, SubjectRef, Target, class::act, event::Identity};
use std::{num::NonZeroUsize, sync::Arc};
use store::{
    Result,
    keys::{Keys, Rewrapped, SubjectRow},
};
use tokio::sync::Mutex;
use uuid::Uuid;

/// The key port in memory: this suite is about cryptography; the port's own suite runs on real databases.
#[derive(Default)]
struct Memory(Mutex<Vec<SubjectRow>>);

#[async_trait]
impl Keys for Memory {
    async fn by_lookup(&self, lookups: &[[u8; 16]]) -> Result<Vec<SubjectRow>> {
        Ok(self.0.lock().await.iter().filter(|r| lookups.contains(&r.lookup)).cloned().collect())
    }
    async fn by_subject(&self, subjects: &[Uuid]) -> Result<Vec<SubjectRow>> {
        Ok(self.0.lock().await.iter().filter(|r| subjects.contains(&r.subject)).cloned().collect())
    }
    async fn insert(&self, _: Option<Uuid>, rows: Vec<SubjectRow>) -> Result<Vec<SubjectRow>> {
        self.0.lock().await.extend(rows.clone());
        Ok(rows)
    }
    async fn wrapped_under(&self) -> Result<Option<Uuid>> {
        Ok(None)
    }
    async fn wrap_under(&self, _: Option<Uuid>, _: Uuid) -> Result<()> {
        Err(store::StoreError::Conflict("it knows the derived one only".into()))
    }
    async fn walk(&self, _: Option<[u8; 16]>, _: u64) -> Result<Vec<SubjectRow>> {
        Ok(Vec::new())
    }
    async fn count(&self) -> Result<u64> {
        Ok(self.0.lock().await.iter().filter(|r| r.wrapped.is_some()).count() as u64)
    }
    async fn rewrap(&self, _: &[Rewrapped]) -> Result<u64> {
        Ok(0)
    }
    async fn scrub(&self) -> Result<()> {
        Ok(())
    }
    async fn erase(&self, subjects: &[Uuid]) -> Result<u64> {
        let mut rows = self.0.lock().await;
        rows.iter_mut().filter(|r| subjects.contains(&r.subject)).for_each(|r| r.wrapped = None);
        Ok(subjects.len() as u64)
    }
    async fn secret(&self, _: &str) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }
    async fn set_secret(&self, _: &str, _: &[u8]) -> Result<()> {
        Ok(())
    }
}

fn keyring() -> (Keyring, Arc<Memory>) {
    let keys = Arc::new(Memory::default());
    (Keyring::new(Master::from_secret(&[7; 32]).unwrap(), keys.clone(), NonZeroUsize::new(100).unwrap()), keys)
}

fn export(source: Uuid) -> Event {
    let mut e = Event::new(source, "exports", "generic/1", "export", Class::WebResources, act::EXPORT, EventTime::utc(5));
    e.actor = Some(Actor {
        subject: SubjectRef::account(source, "dana"),
        kind: ActorKind::Human,
        username: Some("CANARY-dana".into()),
        name: None,
        email: None,
        application: None,
    });
    e.target = Some(Target { subject: SubjectRef::record(source, "report/7"), object_type: "report".into(), label: Some("CANARY-report".into()) });
    e.raw = "CANARY-raw".into();
    e
}

#[tokio::test]
async fn what_is_sealed_opens_again_and_the_leaf_names_nobody() {
    let (ring, _) = keyring();
    let e = export(Uuid::from_u128(1));
    let named: Vec<_> = subjects(&e).cloned().collect();
    let resolved = ring.resolve(&named).await.unwrap();
    let stored = seal(&ring, &resolved, "activity", &e).unwrap();
    let mut bytes = Vec::new();
    stored.encode(&mut bytes);
    assert!(!String::from_utf8_lossy(&bytes).contains("CANARY"), "a stored record shows no value");
    let ids: Vec<_> = stored.clear().unwrap().subjects().collect();
    let opened = open(&ring, &ring.keys(&ids).await.unwrap(), "activity", &stored).unwrap();
    assert_eq!((opened.actor, opened.target, opened.raw), (e.actor, e.target, Some(e.raw)));
    assert!(opened.erased.is_empty());
}

#[tokio::test]
async fn erasing_one_subject_ends_every_part_that_names_him_and_no_other() {
    let (ring, keys) = keyring();
    let e = export(Uuid::from_u128(1));
    let named: Vec<_> = subjects(&e).cloned().collect();
    let resolved = ring.resolve(&named).await.unwrap();
    let stored = seal(&ring, &resolved, "activity", &e).unwrap();
    let clear = stored.clear().unwrap();
    keys.erase(&[clear.actor_subject.unwrap()]).await.unwrap();
    ring.forget();
    let ids: Vec<_> = clear.subjects().collect();
    let opened = open(&ring, &ring.keys(&ids).await.unwrap(), "activity", &stored).unwrap();
    assert_eq!(opened.erased, [Part::Actor, Part::Raw]);
    assert_eq!(opened.target, e.target, "the report is still named");
    assert_eq!((opened.actor, opened.raw), (None, None));
    // Nothing about him is sealed again afterwards.
    let again = seal(&ring, &ring.resolve(&named).await.unwrap(), "activity", &e).unwrap();
    assert_eq!(again.parts.iter().map(|p| p.part).collect::<Vec<_>>(), [Part::Target]);
}

#[tokio::test]
async fn a_flipped_bit_anywhere_in_a_sealed_part_is_refused() {
    let (ring, _) = keyring();
    let e = export(Uuid::from_u128(1));
    let named: Vec<_> = subjects(&e).cloned().collect();
    let resolved = ring.resolve(&named).await.unwrap();
    let stored = seal(&ring, &resolved, "activity", &e).unwrap();
    let ids: Vec<_> = stored.clear().unwrap().subjects().collect();
    let keys = ring.keys(&ids).await.unwrap();
    for part in 0..stored.parts.len() {
        for byte in 0..stored.parts[part].bytes.len() {
            let mut damaged = stored.clone();
            damaged.parts[part].bytes[byte] ^= 1;
            assert!(open(&ring, &keys, "activity", &damaged).is_err(), "part {part} byte {byte}");
        }
    }
    assert!(open(&ring, &keys, "self", &stored).is_err(), "a part moved to another ledger does not open");
}

#[test]
fn a_resend_has_the_same_fingerprint_and_equal_lines_do_not() {
    let (ring, _) = keyring();
    let e = export(Uuid::from_u128(1));
    assert_eq!(fingerprint(&ring, &e, 0, 0), fingerprint(&ring, &e, 0, 0));
    assert_ne!(fingerprint(&ring, &e, 0, 0), fingerprint(&ring, &e, 1, 0), "the second equal line of a file is another event");
    let mut named = e.clone();
    named.identity = Identity::Vendor("x".into());
    assert_eq!(fingerprint(&ring, &named, 0, 0), fingerprint(&ring, &named, 1, 0), "a vendor's id needs no occurrence");
    assert_ne!(fingerprint(&ring, &named, 0, 0), fingerprint(&ring, &named, 0, 1), "two events of one record");
}

#[tokio::test]
async fn a_detail_that_the_raw_record_says_is_kept_once() {
    let (keyring, _) = keyring();
    let mut event = export(Uuid::from_u128(1));
    let size = async |event: &Event| {
        let resolved = keyring.resolve(&subjects(event).cloned().collect::<Vec<_>>()).await.unwrap();
        let stored = seal(&keyring, &resolved, "activity", event).unwrap();
        let keys = keyring.keys(&stored.clear().unwrap().subjects().collect::<Vec<_>>()).await.unwrap();
        let opened = open(&keyring, &keys, "activity", &stored).unwrap();
        assert_eq!((&opened.detail, opened.raw.as_ref()), (&event.detail, Some(&event.raw)));
        stored.part(Part::Raw).unwrap().bytes.len()
    };
    event.raw = r#"{"b":1.50,"a":["x","\u00e4"]}"#.into();
    event.detail = serde_json::from_str(&event.raw).unwrap();
    let differs = size(&event).await;
    event.raw = serde_json::to_string(&event.detail).unwrap();
    assert!(size(&event).await < differs, "the numbers and escapes of the first are not those of the second");
}
