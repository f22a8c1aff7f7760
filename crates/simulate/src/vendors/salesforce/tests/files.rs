use super::super::{EVENT_TYPES, LATER, Salesforce};
use super::client::{Client, config, error, is, start};
use model::{DAY, HOUR};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const FILES: &str =
    "SELECT Id, EventType, Interval, Sequence, LogDate, CreatedDate, LogFile, LogFileLength, LogFileFieldNames, LogFileFieldTypes FROM EventLogFile";

/// A row as its columns and cells.
type Row = BTreeMap<String, String>;

fn text<'a>(record: &'a Value, field: &str) -> &'a str {
    record[field].as_str().unwrap()
}

async fn rows(client: &Client, record: &Value) -> Vec<Row> {
    let bytes = client.get(text(record, "LogFile")).await.bytes().await.unwrap();
    assert_eq!(bytes.len() as f64, record["LogFileLength"].as_f64().unwrap());
    let mut reader = csv::Reader::from_reader(bytes.as_ref());
    let header = reader.headers().unwrap().clone();
    assert_eq!(header.iter().collect::<Vec<_>>().join(","), text(record, "LogFileFieldNames"));
    assert_eq!(header.len(), text(record, "LogFileFieldTypes").split(',').count());
    reader.records().map(|row| header.iter().zip(row.unwrap().iter()).map(|(c, v)| (c.to_owned(), v.to_owned())).collect()).collect()
}

/// How often each type and REQUEST_ID is in the world.
fn kept(salesforce: &Salesforce) -> BTreeMap<(String, String), usize> {
    let mut kept = BTreeMap::new();
    for record in salesforce.emitted() {
        if let Some(event_type) = record.stream.strip_prefix("EventLogFile/") {
            *kept.entry((event_type.to_owned(), record.id.clone())).or_default() += 1;
        }
    }
    kept
}

#[tokio::test]
async fn daily_files_hold_every_event_once() {
    let salesforce = start().await;
    let client = Client::new(&salesforce).await;
    let mut found: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut types = BTreeSet::new();
    for record in client.all(&format!("{FILES} WHERE Interval = 'Daily'")).await {
        assert_eq!(record["Sequence"], 0);
        types.insert(text(&record, "EventType").to_owned());
        for row in rows(&client, &record).await {
            assert_eq!(row["EVENT_TYPE"], text(&record, "EventType"));
            assert_eq!(row["TIMESTAMP_DERIVED"][..10], text(&record, "LogDate")[..10]);
            assert_eq!(row["TIMESTAMP"][..8], row["TIMESTAMP_DERIVED"][..10].replace('-', ""));
            assert_eq!((row["REQUEST_ID"].len(), row["USER_ID"].len(), row["USER_ID_DERIVED"].len()), (22, 15, 18));
            *found.entry((row["EVENT_TYPE"].clone(), row["REQUEST_ID"].clone())).or_default() += 1;
        }
    }
    assert_eq!(types, EVENT_TYPES.map(str::to_owned).into());
    assert_eq!(found, kept(&salesforce));
    assert!(found.values().any(|count| *count > 1), "transactions of several events of one type");
    let requests: BTreeSet<&String> = found.keys().map(|(_, request)| request).collect();
    assert!(requests.len() < found.len(), "transactions of several types");
}

#[tokio::test]
async fn hourly_files_come_in_sequence_late_and_with_repeats() {
    let salesforce = start().await;
    let client = Client::new(&salesforce).await;
    let (mut found, mut delivered) = (BTreeSet::new(), 0);
    let mut sequences: BTreeMap<(String, String), Vec<(i64, String)>> = BTreeMap::new();
    for record in client.all(&format!("{FILES} WHERE Interval = 'Hourly' AND Sequence != 0 ORDER BY CreatedDate")).await {
        let key = (text(&record, "EventType").to_owned(), text(&record, "LogDate").to_owned());
        sequences.entry(key).or_default().push((record["Sequence"].as_i64().unwrap(), text(&record, "CreatedDate").to_owned()));
        for row in rows(&client, &record).await {
            assert_eq!(row["TIMESTAMP_DERIVED"][..13], text(&record, "LogDate")[..13]);
            delivered += 1;
            found.insert((row["EVENT_TYPE"].clone(), row["TIMESTAMP"].clone(), row["REQUEST_ID"].clone()));
        }
    }
    let kept: usize = kept(&salesforce).values().sum();
    assert_eq!(found.len(), kept, "nothing is missing");
    assert!(delivered > kept, "something comes twice");
    let twice: Vec<_> = sequences.values().filter(|of| of.len() == 2).collect();
    assert!(!twice.is_empty());
    assert!(sequences.values().all(|of| of.iter().map(|(sequence, _)| *sequence).eq(1..=of.len() as i64)));
    assert!(twice.iter().any(|of| of[0].1[..10] != of[1].1[..10]), "a later one comes on another day");
}

#[tokio::test]
async fn columns_differ_in_order_and_new_ones_appear() {
    let salesforce = start().await;
    let client = Client::new(&salesforce).await;
    let files = client.all(&format!("{FILES} WHERE EventType = 'Login' AND Interval = 'Daily' ORDER BY LogDate")).await;
    let names: BTreeSet<&str> = files.iter().map(|record| text(record, "LogFileFieldNames")).collect();
    assert!(names.len() > 1, "{names:?}");
    assert!(!text(&files[0], "LogFileFieldNames").contains(LATER[0]));
    assert!(text(files.last().unwrap(), "LogFileFieldNames").contains(LATER[0]));
    let all = client.all(FILES).await;
    let shuffled = all.iter().filter(|record| !text(record, "LogFileFieldNames").starts_with("EVENT_TYPE,TIMESTAMP"));
    assert!(shuffled.count() > 10);
    let mut plain = config();
    plain.world.drift = false;
    let salesforce = Salesforce::start(plain).await.unwrap();
    let client = Client::new(&salesforce).await;
    let all = client.all("SELECT LogFileFieldNames FROM EventLogFile WHERE EventType = 'Login'").await;
    assert_eq!(all.iter().map(|record| text(record, "LogFileFieldNames")).collect::<BTreeSet<_>>().len(), 1);
}

#[tokio::test]
async fn a_daily_file_is_replaced_by_the_full_one() {
    let salesforce = start().await;
    let client = Client::new(&salesforce).await;
    let (first, second) = {
        let files = &salesforce.shared.org.files;
        let first = files.iter().find(|file| !file.hourly && file.until < file.from + 3 * DAY).unwrap();
        let second = files.iter().find(|file| !file.hourly && file.event_type == first.event_type && file.from == first.until).unwrap();
        (first.clone(), second.clone())
    };
    assert!(first.rows.len() < second.rows.len() && first.rows.iter().all(|row| second.rows.contains(row)));
    let query = format!("SELECT Id FROM EventLogFile WHERE EventType = '{}' AND Interval = 'Daily' AND LogDate = {}", first.event_type, {
        jiff::Timestamp::from_microsecond(first.log_date).unwrap()
    });
    for (now, expect) in [(first.from - 1, None), (first.from, Some(&first)), (second.from - 1, Some(&first)), (second.from, Some(&second))] {
        salesforce.set_now(now);
        let found: Vec<String> = client.all(&query).await.iter().map(|record| text(record, "Id").to_owned()).collect();
        assert_eq!(found, expect.iter().map(|file| file.id.clone()).collect::<Vec<_>>());
    }
    let gone = client.get(&format!("/services/data/v62.0/sobjects/EventLogFile/{}/LogFile", first.id)).await;
    is(&error(gone).await, 404, "NOT_FOUND");
    salesforce.set_now(second.from + 31 * DAY);
    assert!(client.all(&query).await.is_empty(), "files are kept for 30 days");
}

#[tokio::test]
async fn files_appear_with_time() {
    let config = config();
    let start = config.world.end().unwrap() - 4 * DAY;
    let salesforce = Salesforce::start(config).await.unwrap();
    let client = Client::new(&salesforce).await;
    let mut before = 0;
    for hours in [0, 6, 12, 48, 200] {
        salesforce.set_now(start + hours * HOUR);
        let files = client.all("SELECT Id FROM EventLogFile").await.len();
        assert!(files >= before);
        let readable = salesforce.readable().iter().filter(|record| record.stream.starts_with("EventLogFile/")).count();
        assert_eq!(files == 0, readable == 0, "after {hours} hours");
        before = files;
    }
    assert!(before > 0);
}

#[tokio::test]
async fn a_file_is_packed_only_where_the_client_takes_it() {
    let salesforce = start().await;
    let client = Client::new(&salesforce).await;
    let record = &client.all(&format!("{FILES} ORDER BY LogFileLength DESC LIMIT 1")).await[0];
    let plain = client.get(text(record, "LogFile")).await;
    assert!(plain.headers().get("content-encoding").is_none());
    assert_eq!(plain.headers()["content-type"], "application/octetstream");
    let plain = plain.bytes().await.unwrap();
    let request = client.http.get(format!("{}{}", client.base, text(record, "LogFile"))).bearer_auth(&client.token);
    let packed = request.header("Accept-Encoding", "gzip").send().await.unwrap();
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    let packed = packed.bytes().await.unwrap();
    assert!(packed.len() * 2 < plain.len() && packed.starts_with(&[0x1f, 0x8b]));
    let unpacking = reqwest::Client::new().get(format!("{}{}", client.base, text(record, "LogFile"))).bearer_auth(&client.token);
    assert_eq!(unpacking.send().await.unwrap().bytes().await.unwrap(), plain);
    assert!(plain.starts_with(b"\"EVENT_TYPE\"") && plain.ends_with(b"\"\n"));
}

#[tokio::test]
async fn quotes_within_a_value_are_tripled() {
    let salesforce = start().await;
    let client = Client::new(&salesforce).await;
    let record = &client.all(&format!("{FILES} WHERE EventType = 'ReportExport' LIMIT 1")).await[0];
    let bytes = client.get(text(record, "LogFile")).await.text().await.unwrap();
    assert!(bytes.contains("\"\"\"All accounts, by region\"\"\""), "{bytes}");
    is(&error(client.get("/services/data/v62.0/sobjects/EventLogFile/0ATSM9999999999/LogFile").await).await, 404, "NOT_FOUND");
}
