//! To whom an event belonged at its time.

use super::{VERSION, name_hash};
use ledger::Keyring;
use lru::LruCache;
use model::{
    Micros,
    directory::{Attributed, Employment, Seen},
};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    num::NonZeroUsize,
    sync::Arc,
};
use store::{
    Result,
    records::{Links, Persons, Settings, SubjectName},
    sql::Database,
};
use tokio::sync::Mutex;
use uuid::Uuid;

/// Subjects remembered; the least recently seen is forgotten first.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(100_000).expect("not zero");
/// Names kept of one subject: a source that makes up a name per event fills no table.
const NAMES_PER_SUBJECT: usize = 16;

/// Attribution as of event time. It remembers what it looked up until the directory changes, by whichever process.
pub struct Attributor {
    records: Database,
    keyring: Arc<Keyring>,
    memory: Mutex<Memory>,
}

struct Memory {
    version: Option<String>,
    subjects: LruCache<Uuid, Known>,
}

/// What is known of a subject: by which names it was seen, and whose it may be.
#[derive(Clone, Default)]
struct Known {
    names: HashSet<[u8; 16]>,
    persons: Vec<(Uuid, Vec<Employment>)>,
}

impl Attributor {
    pub(super) fn new(records: Database, keyring: Arc<Keyring>) -> Self {
        Self { records, keyring, memory: Mutex::new(Memory { version: None, subjects: LruCache::new(REMEMBERED) }) }
    }

    /// One answer per actor seen, in this order. A subject seen by a name for the first time is linked by it, now and for an import to come.
    pub async fn attribute(&self, seen: &[Seen]) -> Result<Vec<Attributed>> {
        if seen.is_empty() {
            return Ok(Vec::new());
        }
        let mut memory = self.memory.lock().await;
        // Read before what it covers: an import in between is noticed by the next call.
        let version = self.records.setting(VERSION).await?;
        if memory.version != version {
            memory.subjects.clear();
            memory.version = version;
        }
        let mut known: HashMap<Uuid, Known> = HashMap::new();
        let (mut stale, mut new_names) = (BTreeSet::new(), Vec::new());
        for actor in seen {
            let entry = match known.entry(actor.subject) {
                std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::hash_map::Entry::Vacant(entry) => entry.insert(match memory.subjects.get(&actor.subject) {
                    Some(known) => known.clone(),
                    None => {
                        stale.insert(actor.subject);
                        Known::default()
                    }
                }),
            };
            for name in actor.names.iter().filter(|n| !n.trim().is_empty()) {
                let hash = name_hash(&self.keyring, name);
                if entry.names.len() < NAMES_PER_SUBJECT && entry.names.insert(hash) {
                    stale.insert(actor.subject);
                    new_names.push(SubjectName { subject: actor.subject, hash, source: actor.source });
                }
            }
        }
        if !stale.is_empty() {
            self.records.add_subject_names(&new_names).await?;
            self.load(&stale.into_iter().collect::<Vec<_>>(), &mut known).await?;
        }
        let answers = seen.iter().map(|actor| known.get(&actor.subject).map(|k| belongs(k, actor.time)).unwrap_or_default()).collect();
        for (subject, entry) in known {
            memory.subjects.put(subject, entry);
        }
        Ok(answers)
    }

    async fn load(&self, subjects: &[Uuid], known: &mut HashMap<Uuid, Known>) -> Result<()> {
        let met: BTreeSet<(Uuid, Uuid)> = self.records.meetings_of_subjects(subjects).await?.into_iter().map(|m| (m.subject, m.person)).collect();
        let persons: BTreeSet<Uuid> = met.iter().map(|(_, person)| *person).collect();
        let mut employments: HashMap<Uuid, Vec<Employment>> = HashMap::new();
        for employment in self.records.employments_of(&persons.into_iter().collect::<Vec<_>>()).await? {
            employments.entry(employment.person).or_default().push(employment);
        }
        for subject in subjects {
            if let Some(entry) = known.get_mut(subject) {
                entry.persons.clear();
            }
        }
        for (subject, person) in met {
            if let Some(entry) = known.get_mut(&subject) {
                entry.persons.push((person, employments.get(&person).cloned().unwrap_or_default()));
            }
        }
        Ok(())
    }
}

/// Whose account it was at that time. One person's account stays his after he left, then without a department; an account that several
/// had belongs to the one employed at the time, and to nobody where that is not one.
fn belongs(known: &Known, time: Micros) -> Attributed {
    let employed = |(_, employments): &&(Uuid, Vec<Employment>)| employments.iter().any(|e| e.validity.contains(time));
    let mut now = known.persons.iter().filter(employed);
    let person = match (now.next(), now.next(), known.persons.as_slice()) {
        (Some(one), None, _) | (None, _, [one]) => one,
        _ => return Attributed::default(),
    };
    let department = person.1.iter().find(|e| e.validity.contains(time)).map(|e| e.department);
    Attributed { person: Some(person.0), department }
}
