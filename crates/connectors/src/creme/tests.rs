use super::*;
use crate::Reach;
use std::{collections::BTreeMap, path::Path};
use uuid::Uuid;

/// Over records kept outside the repository; passes where they are absent.
#[test]
fn every_sample_record_is_an_event_or_refused_with_a_reason() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/creme");
    if !folder.is_dir() {
        println!("no sample records here: nothing compared");
        return;
    }
    let context = Context { source: Uuid::nil(), received: 0, settings: Settings::default() };
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let input = Box::new(std::io::BufReader::new(std::fs::File::open(&path).unwrap()));
        let hint = FileHint { name: name.clone(), ..FileHint::default() };
        let (mut state, mut records, mut events, mut refused) = (State::Null, 0, 0, BTreeMap::<String, usize>::new());
        for item in Creme.split(&Settings::default(), &hint, input).unwrap() {
            records += 1;
            let refusal = match item.unwrap() {
                Item::Refused { refusal, .. } => refusal,
                Item::Record { stream, record } => match Creme.normalise(&context, &stream, &mut state, &record) {
                    Ok(of_record) => {
                        assert!(!of_record.is_empty(), "{name}: {} gave neither event nor reason", record.origin);
                        events += of_record.len();
                        continue;
                    }
                    Err(refusal) => refusal,
                },
            };
            assert!(!refusal.message.is_empty());
            *refused.entry(refusal.code).or_default() += 1;
        }
        println!("{name}: {records} records, {events} events, refused {refused:?}");
        assert!(records > 0, "{name} gave nothing");
        let reference = name.starts_with("django_content_type") || name.starts_with("creme_core_cremeuser_roles");
        assert!(reference || refused.is_empty(), "{name}: {refused:?}");
    }
}

/// The page lists what the manifest lists, no more and no less.
#[test]
fn the_page_says_what_the_manifest_says() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/connectors/creme.md")).unwrap();
    let rows: Vec<String> = MANIFEST.recorded.iter().map(|r| format!("| {} | {} | {} |", r.act, r.stream.unwrap_or("not recorded"), r.note)).collect();
    let on_page: Vec<&str> = page.lines().skip_while(|l| !l.starts_with("| act |")).skip(2).take_while(|l| l.starts_with('|')).collect();
    assert_eq!(on_page, rows, "docs/connectors/creme.md: replace the table's rows by\n{}\n", rows.join("\n"));
}

fn settings(pairs: &[(&str, &str)]) -> Settings {
    let reach = Reach::new(&["127.0.0.1".to_owned()], false, &["/".into()]).unwrap();
    Settings::new(pairs.iter().map(|(k, v)| ((*k).to_owned(), Value::from(*v))).collect(), reach)
}

async fn summary(pairs: &[(&str, &str)]) -> String {
    let report = Creme.check(&settings(pairs)).await.unwrap();
    assert!(!report.ok);
    report.summary
}

#[tokio::test]
async fn check_says_what_is_wrong_without_repeating_the_password() {
    assert_eq!(summary(&[]).await, "The setting 'database_url' is missing.");
    assert!(summary(&[("database_url", "mysql://a:secret@b/c")]).await.contains("it must begin with postgres: or sqlite:"));
    assert_eq!(
        summary(&[("database_url", "sqlite:///nowhere/creme.sqlite3")]).await,
        "The source cannot be reached: there is no database file /nowhere/creme.sqlite3."
    );
    let unreachable = summary(&[("database_url", "postgres://a:secret@127.0.0.1:1/c")]).await;
    assert!(unreachable.contains("cannot be reached") && !unreachable.contains("secret"), "{unreachable}");
    let log = Creme.check(&settings(&[("database_url", "sqlite:///nowhere/x"), ("access_log", "/nowhere/access.log")])).await.unwrap();
    assert_eq!(log.streams.last().unwrap().detail, "The source cannot be reached: there is no access log at /nowhere/access.log; check the path.");
    assert_eq!(log.streams.len(), MANIFEST.streams.len());
}
