//! Everything read as time goes on, through all that goes wrong, is exactly the answer list; and a careless reader misses some of it.

use super::super::{Config, Cut, Failure, Salesforce};
use super::client::{Client, config};
use model::{DAY, HOUR, MINUTE, Micros, SECOND};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Stream and id, as often as there are different ones.
type Found = BTreeMap<(String, String), usize>;

struct Reader<'a> {
    salesforce: &'a Salesforce,
    client: Client,
    /// How far behind the last look the next one begins.
    overlap: Micros,
    seen: BTreeSet<(String, String, String)>,
}

impl Reader<'_> {
    /// One answer, asked for until it comes: a new session after 401, and again after anything else.
    async fn get(&mut self, path: &str, query: &[(&str, &str)]) -> Vec<u8> {
        for _ in 0..20 {
            let request = self.client.http.get(format!("{}{path}", self.client.base)).query(query);
            let Ok(response) = request.bearer_auth(&self.client.token).send().await else { continue };
            match response.status().as_u16() {
                200 => {
                    if let Ok(bytes) = response.bytes().await {
                        return bytes.to_vec();
                    }
                }
                401 => self.client.token = Client::new(self.salesforce).await.token,
                _ => {}
            }
        }
        panic!("{path} was never answered");
    }

    async fn all(&mut self, soql: &str) -> Vec<Value> {
        let mut page: Value = serde_json::from_slice(&self.get("/services/data/v62.0/query", &[("q", soql)]).await).unwrap();
        let mut records = Vec::new();
        loop {
            records.extend(page["records"].as_array().unwrap().iter().cloned());
            let Some(next) = page["nextRecordsUrl"].as_str().map(str::to_owned) else { return records };
            page = serde_json::from_slice(&self.get(&next, &[]).await).unwrap();
        }
    }

    async fn look(&mut self, since: Micros) {
        let since = jiff::Timestamp::from_microsecond(since - self.overlap).unwrap();
        for (object, time) in [("LoginHistory", "LoginTime"), ("SetupAuditTrail", "CreatedDate"), ("AccountHistory", "CreatedDate")] {
            for record in self.all(&format!("SELECT Id FROM {object} WHERE {time} >= {since}")).await {
                self.seen.insert((object.to_owned(), record["Id"].as_str().unwrap().to_owned(), String::new()));
            }
        }
        let files = format!("SELECT LogFile, LogFileLength FROM EventLogFile WHERE CreatedDate >= {since} ORDER BY CreatedDate");
        for file in self.all(&files).await {
            let bytes = loop {
                let bytes = self.get(file["LogFile"].as_str().unwrap(), &[]).await;
                // A silent cut shows only here.
                if bytes.len() as f64 == file["LogFileLength"].as_f64().unwrap() {
                    break bytes;
                }
            };
            let mut reader = csv::Reader::from_reader(bytes.as_slice());
            let header = reader.headers().unwrap().clone();
            for row in reader.records() {
                let row = row.unwrap();
                let cells: BTreeMap<&str, &str> = header.iter().zip(&row).filter(|(column, _)| !super::super::LATER.contains(column)).collect();
                self.seen.insert((format!("EventLogFile/{}", cells["EVENT_TYPE"]), cells["REQUEST_ID"].to_owned(), format!("{cells:?}")));
            }
        }
    }

    fn found(&self) -> Found {
        count(self.seen.iter().map(|(stream, id, _)| (stream.clone(), id.clone())))
    }
}

fn count(all: impl Iterator<Item = (String, String)>) -> Found {
    let mut found = Found::new();
    for key in all {
        *found.entry(key).or_default() += 1;
    }
    found
}

async fn read(overlap: Micros, faults: bool) -> (Found, Found) {
    let config = Config { page_size: 40, token_requests: Some(60), ..config() };
    let end = config.world.end().unwrap();
    let salesforce = Salesforce::start(config).await.unwrap();
    let mut reader = Reader { salesforce: &salesforce, client: Client::new(&salesforce).await, overlap, seen: BTreeSet::new() };
    let begin = end - 4 * DAY;
    let mut looks: BTreeSet<Micros> = (1..).map(|step| begin + step * (7 * HOUR + 13 * MINUTE)).take_while(|now| *now < end + 8 * DAY).collect();
    // Some looks fall between a login and the moment it can be read.
    let late = salesforce.emitted().iter().filter(|e| e.stream == "LoginHistory" && e.visible_from > e.time + 10 * SECOND);
    looks.extend(late.take(3).map(|emitted| emitted.visible_from - SECOND));
    let mut last = begin;
    for (step, now) in looks.into_iter().enumerate() {
        salesforce.set_now(now);
        if faults {
            match step % 5 {
                0 => salesforce.fail(3, Failure::Busy { retry_after_secs: Some(0) }),
                1 => salesforce.repeat_pages(1),
                2 => salesforce.cut_next_file(Cut::Silent, 0.4),
                3 => salesforce.cut_next_file(Cut::Broken, 0.6),
                _ => salesforce.expire_sessions(),
            }
        }
        reader.look(last).await;
        last = now;
    }
    let read_here = ["LoginHistory", "SetupAuditTrail", "AccountHistory"];
    let kept = salesforce.readable().into_iter().filter(|e| e.stream.starts_with("EventLogFile/") || read_here.contains(&e.stream.as_str()));
    (reader.found(), count(kept.map(|emitted| (emitted.stream, emitted.id))))
}

#[tokio::test]
async fn a_careful_reader_has_everything_in_spite_of_all_faults() {
    let (found, kept) = read(5 * MINUTE, true).await;
    assert_eq!(found, kept);
}

#[tokio::test]
async fn a_reader_without_overlap_misses_what_came_late() {
    let (found, kept) = read(0, false).await;
    let missed: Vec<_> = kept.keys().filter(|key| !found.contains_key(*key)).collect();
    assert!(!missed.is_empty());
    assert!(missed.iter().all(|(stream, _)| !stream.starts_with("EventLogFile/")), "files are found by CreatedDate: {missed:?}");
    assert!(found.keys().all(|key| kept.contains_key(key)));
}
