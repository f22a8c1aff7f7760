//! What security people write: rules and mappings. They are trusted to mean well, not to write well.

use connectors::{Context, RawRecord, Reach, Settings, find, generic::Mapping};
use detect::{RuleFile, RuleSet, prove};
use serde_json::Value;
use uuid::Uuid;

/// Longer than any mapping or rule of a person; libFuzzer would otherwise look for slow files by making long ones.
const LONGEST: usize = 16 * 1024;

const RECORD: &str = r#"{"id":"a1","time":"2026-11-24T09:00:00Z","user":"dana","action":"view","object":"contact","object_id":7,"changes":[{"field":"phone","old":"1","new":"2"}]}"#;

pub fn mapping(data: &[u8]) {
    let Some(text) = std::str::from_utf8(data).ok().filter(|text| text.len() <= LONGEST) else { return };
    if Mapping::parse(text).is_err() {
        return;
    }
    let settings = Settings::new([("mapping".to_owned(), Value::from(text))].into_iter().collect(), Reach::default());
    let generic = find("generic").expect("it is in the catalogue");
    let context = Context { source: Uuid::nil(), received: 1_795_415_186_000_000, settings };
    let record = RawRecord { text: RECORD.into(), origin: "line 1".into(), kind: String::new() };
    drop(generic.normalise(&context, "activity", &mut Value::Null, &record));
}

pub fn mapping_seeds() -> Vec<Vec<u8>> {
    vec![include_bytes!("../../../content/mappings/default.yaml").to_vec(), include_bytes!("../../../content/mappings/desk.yaml").to_vec()]
}

pub fn rule(data: &[u8]) {
    let Some(text) = std::str::from_utf8(data).ok().filter(|text| text.len() <= LONGEST) else { return };
    let file = RuleFile { name: "D99_fuzz.yml".into(), text: text.into() };
    if let Ok(rules) = RuleSet::from_files([file]) {
        drop(prove(&rules));
    }
}

pub fn rule_seeds() -> Vec<Vec<u8>> {
    vec![include_bytes!("../../../content/rules/D01_brute_force.yml").to_vec(), include_bytes!("../../../content/rules/D47_large_export.yml").to_vec()]
}
