//! How sources are doing, in words an administrator can act on.

use super::view::{SourceHealth, StreamView};
use crate::{App, AppError, events::sentence::grouped};
use model::{Micros, Source, SourceState, source::StreamHealth, time::rfc3339};
use std::collections::{BTreeMap, HashMap};
use store::records::{Polls, Sources};

impl App {
    /// All sources, with their streams.
    pub(crate) async fn source_health(&self) -> Result<Vec<SourceHealth>, AppError> {
        let sources = self.records.sources().await?;
        self.health_of(&sources).await
    }

    pub(super) async fn health_of(&self, sources: &[Source]) -> Result<Vec<SourceHealth>, AppError> {
        let mut streams: HashMap<_, BTreeMap<String, StreamHealth>> = HashMap::new();
        for health in self.trail.counts().await? {
            streams.entry(health.source).or_default().insert(health.stream.clone(), health);
        }
        for poll in self.records.polls().await? {
            let health = streams.entry(poll.source).or_default().entry(poll.stream.clone()).or_default();
            health.last_polled = Some(poll.last_polled);
            health.trouble_since = poll.trouble.as_ref().map(|t| t.since);
            health.trouble = poll.trouble.map(|t| t.text);
        }
        Ok(sources.iter().map(|source| health(source, streams.remove(&source.id).unwrap_or_default())).collect())
    }
}

fn health(source: &Source, mut known: BTreeMap<String, StreamHealth>) -> SourceHealth {
    let connector = connectors::find(&source.connector);
    let mut streams = Vec::new();
    // In the order of the catalogue, then what came by other names.
    for stream in connector.iter().flat_map(|c| c.manifest().streams) {
        streams.push((stream.title.to_owned(), StreamHealth { stream: stream.name.to_owned(), ..known.remove(stream.name).unwrap_or_default() }));
    }
    streams.extend(known.into_iter().map(|(stream, health)| (stream.clone(), StreamHealth { stream, ..health })));
    let (status, summary) = words(source.state, connector.is_some(), &streams);
    SourceHealth {
        id: source.id,
        name: source.name.clone(),
        title: source.title.clone(),
        connector: source.connector.clone(),
        state: match source.state {
            SourceState::Active => "active",
            SourceState::Paused => "paused",
        },
        created: rfc3339(source.created),
        status,
        summary,
        streams: streams.into_iter().map(|(title, health)| view(title, health)).collect(),
    }
}

fn words(state: SourceState, has_connector: bool, streams: &[(String, StreamHealth)]) -> (&'static str, String) {
    let events: u64 = streams.iter().map(|(_, s)| s.events).sum();
    let newest: Option<Micros> = streams.iter().filter_map(|(_, s)| s.last_received).max();
    if state == SourceState::Paused {
        return ("paused", format!("Paused: nothing is read. {} events so far.", grouped(events)));
    }
    if !has_connector {
        return ("trouble", "This version has no connector for this source. Update Veritrail.".to_owned());
    }
    let in_trouble: Vec<&(String, StreamHealth)> = streams.iter().filter(|(_, s)| s.trouble.is_some()).collect();
    if let Some((title, first)) = in_trouble.first() {
        let more = if in_trouble.len() > 1 { format!(" {} streams are affected.", in_trouble.len()) } else { String::new() };
        return ("trouble", format!("{title}: {}.{more}", first.trouble.as_deref().unwrap_or_default().trim_end_matches('.')));
    }
    if newest.is_none() {
        return ("waiting", "Nothing has arrived yet. Push or upload records, or wait for the first read.".to_owned());
    }
    let quarantined: u64 = streams.iter().map(|(_, s)| s.quarantined).sum();
    let aside = if quarantined > 0 { format!(" {} records could not be read and wait in quarantine.", grouped(quarantined)) } else { String::new() };
    // When the last one came stands beside, in the reader's zone.
    let noun = if events == 1 { "event" } else { "events" };
    ("ok", format!("{} {noun} so far.{aside}", grouped(events)))
}

fn view(title: String, health: StreamHealth) -> StreamView {
    StreamView {
        stream: health.stream,
        title,
        last_received: health.last_received.map(rfc3339),
        last_event: health.last_event.map(rfc3339),
        last_polled: health.last_polled.map(rfc3339),
        events: health.events,
        duplicates: health.duplicates,
        quarantined: health.quarantined,
        trouble: health.trouble,
        trouble_since: health.trouble_since.map(rfc3339),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(state: SourceState, stream: StreamHealth, status: &str, said: &str) {
        let (got, summary) = words(state, true, &[("Logins".to_owned(), stream)]);
        assert_eq!(got, status);
        assert!(summary.contains(said), "{summary}");
    }

    #[test]
    fn health_says_what_to_do() {
        let received = StreamHealth { events: 1_200, last_received: Some(0), ..StreamHealth::default() };
        check(SourceState::Active, StreamHealth::default(), "waiting", "Push or upload");
        check(SourceState::Active, received.clone(), "ok", "1,200 events");
        check(SourceState::Active, StreamHealth { quarantined: 2, ..received.clone() }, "ok", "2 records could not be read");
        check(
            SourceState::Active,
            StreamHealth { trouble: Some("The password was refused.".into()), ..received.clone() },
            "trouble",
            "Logins: The password was refused.",
        );
        check(SourceState::Paused, received, "paused", "nothing is read");
    }
}
