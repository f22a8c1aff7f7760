//! Packs: whole, in scope, true to the ledger, looked into by an erasure.

use super::{names_any, not_too_many};
use crate::{
    AppError, Caller,
    jobs::{EvidenceNew, run::Ended},
    search::company::{Company, NORTH, NORTHERN, SOUTHERN, companies},
};
use ledger::{Integrator, Layout, Lock};
use merkle::{LogKeys, NoteSigner, NoteVerifier, TlogProof, leaf_hash};
use model::{Position, Role, position::ACTIVITY, query::IndexEntry};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    io::{Cursor, Read},
};
use store::records::{Jobs, Members, SelfEvents, SelfQuery};
use uuid::Uuid;
use zip::ZipArchive;

const ORIGIN: &str = "example.org/activity.0";

fn signer() -> NoteSigner {
    NoteSigner::new("example.org", &[3; 32]).unwrap()
}

/// Signs what is there, and tells the app the key.
async fn sign(company: &Company) {
    let (app, lock) = (&company.app, Lock::new(company.app.apart.clone(), "activity.lock"));
    let integrator = Integrator::new(app.trail.clone(), app.blobs.clone(), ACTIVITY, signer(), lock, Uuid::new_v4());
    integrator.step(1).await.unwrap().unwrap();
    app.board.keys(ACTIVITY, &Layout::new(ACTIVITY, 0).origin("example.org"), signer().verifier().into());
}

fn new(query: &str) -> EvidenceNew {
    EvidenceNew { query: query.into() }
}

fn files(zip: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(zip)).unwrap();
    let mut files = BTreeMap::new();
    for place in 0..archive.len() {
        let mut file = archive.by_index(place).unwrap();
        let (name, mut bytes) = (file.name().unwrap().into_owned(), Vec::new());
        file.read_to_end(&mut bytes).unwrap();
        files.insert(name, bytes);
    }
    files
}

/// A pack asked for and fetched as pages do.
async fn packed(company: &Company, caller: &Caller, query: &str) -> BTreeMap<String, Vec<u8>> {
    let job = company.app.create_evidence(caller, new(query)).await.unwrap();
    assert!(company.app.run_jobs_step().await.unwrap());
    let done = company.app.job(caller, job.id).await.unwrap();
    assert_eq!((done.kind.as_str(), done.state, done.error), ("evidence", "done", None));
    let file = company.app.job_file(caller, job.id).await.unwrap();
    assert_eq!((file.media_type, file.name.as_str()), ("application/zip", "veritrail-evidence-2026-11-23.zip"));
    files(&file.bytes)
}

fn text<'a>(files: &'a BTreeMap<String, Vec<u8>>, name: &str) -> &'a str {
    std::str::from_utf8(files.get(name).unwrap_or_else(|| panic!("there is no {name}"))).unwrap()
}

#[tokio::test]
async fn a_pack_holds_every_record_with_its_proof_under_one_checkpoint() {
    for company in companies().await {
        sign(&company).await;
        let analyst = company.member(Role::Analyst, &[], None).await;
        let files = packed(&company, &analyst, "filter=stream:south_log&from=2026-01-01&limit=1").await;
        let lines: Vec<Value> = text(&files, "events.ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), SOUTHERN);
        assert!(text(&files, "events.ndjson").starts_with("{\"position\":"), "the position stands first");
        for line in &lines {
            let position: Position = line["position"].as_str().unwrap().parse().unwrap();
            let entry = &files[&format!("entries/{}.json", position.index)];
            let proof = TlogProof::parse(text(&files, &format!("proofs/{}.tlog-proof", position.index))).unwrap();
            assert_eq!((proof.index, proof.checkpoint.as_str()), (position.index, text(&files, "checkpoint")));
            let known = [NoteVerifier::parse(text(&files, "key").trim()).unwrap()];
            assert_eq!(proof.verify(leaf_hash(entry), ORIGIN, &known).unwrap().size, (NORTHERN + SOUTHERN) as u64);
            let clear: Value = serde_json::from_slice(entry).unwrap();
            assert_eq!(clear["stream"], "south_log");
            let entry = String::from_utf8_lossy(entry).to_lowercase();
            assert!(!entry.contains("bob") && !entry.contains("deals") && !entry.contains("198.51"), "an entry names nobody: {entry}");
        }
        assert_eq!(files.len(), 2 * SOUTHERN + 7, "{:?}", files.keys());

        let about: Value = serde_json::from_str(text(&files, "query.json")).unwrap();
        assert_eq!(about["question"]["asked"], json!(["filter=stream:south_log", "from=2026-01-01"]));
        assert_eq!((&about["question"]["from"], &about["question"]["until"]), (&json!("2026-01-01T00:00:00.000000Z"), &Value::Null));
        assert_eq!((&about["asked_by"]["name"], &about["asked_by"]["role"]), (&json!("Reader analyst"), &json!("analyst")));
        assert_eq!(about["counts"]["records"], SOUTHERN);
        assert_eq!((&about["ledger"]["origin"], &about["ledger"]["records"]), (&json!(ORIGIN), &json!(NORTHERN + SOUTHERN)));
        let [covered] = about["coverage"].as_array().unwrap().as_slice() else { panic!("{}", about["coverage"]) };
        let times: Vec<&str> = lines.iter().map(|line| line["time"].as_str().unwrap()).collect();
        assert_eq!((&covered["records_in_pack"], &covered["events_in_period"]), (&json!(SOUTHERN), &json!(SOUTHERN)));
        assert_eq!((covered["first"]["time"].as_str(), covered["last"]["time"].as_str()), (times.iter().min().copied(), times.iter().max().copied()));
        assert_eq!((covered["first"]["received"].as_str(), &covered["quarantined_in_period"]), (lines[0]["received"].as_str(), &json!(0)));

        for sum in text(&files, "SHA256SUMS").lines() {
            let (hash, name) = sum.split_once("  ").unwrap();
            assert_eq!(hash, hex::encode(Sha256::digest(&files[name])), "{name}");
        }
        assert_eq!(text(&files, "SHA256SUMS").lines().count(), files.len() - 1);
        let readme = text(&files, "README.md");
        assert!(readme.contains(&format!("--origin {ORIGIN}")) && readme.contains("Reader analyst (analyst)"), "{readme}");
        assert!(!readme.contains("{{") && !readme.contains("Witnesses") && !readme.contains("openssl ts"), "{readme}");
        let page = text(&files, "verify.html");
        assert!(!page.contains("{{") && page.matches("\\\"stream\\\":\\\"south_log\\\"").count() == SOUTHERN);
    }
}

#[tokio::test]
async fn an_external_auditors_pack_holds_nothing_of_another_department() {
    for company in companies().await {
        sign(&company).await;
        let auditor = company.member(Role::ExternalAuditor, &[NORTH], None).await;
        let files = packed(&company, &auditor, "").await;
        assert_eq!(text(&files, "events.ndjson").lines().count(), NORTHERN);
        for name in files.keys() {
            // Three letters of a name may well stand in a hash.
            let hashes = ["proofs/", "verify.html", "checkpoint", "key"].iter().any(|start| name.starts_with(start));
            if hashes { assert!(!text(&files, name).contains("south"), "{name}") } else { company.silent(text(&files, name)) }
        }
        let lead = company.member(Role::DepartmentLead, &[NORTH], None).await;
        let refused = [new(""), new("filter=source:nowhere")].map(|new| company.app.create_evidence(&lead, new));
        for refused in refused {
            assert!(matches!(refused.await, Err(AppError::Forbidden { operation: "evidence.create" })));
        }
        assert!(matches!(company.app.create_evidence(&auditor, new("filter=source:nowhere")).await, Err(AppError::Invalid(_))));
    }
}

#[tokio::test]
async fn that_nothing_matched_is_an_answer_too() {
    for company in companies().await {
        sign(&company).await;
        let auditor = company.member(Role::Auditor, &[], None).await;
        let files = packed(&company, &auditor, "filter=outcome:failure&filter=source:crm").await;
        assert_eq!((text(&files, "events.ndjson"), files.keys().filter(|name| name.contains('/')).count()), ("", 0));
        let about: Value = serde_json::from_str(text(&files, "query.json")).unwrap();
        assert_eq!((&about["counts"]["records"], about["coverage"].as_array().map(Vec::len)), (&json!(0), Some(2)));
        assert!(text(&files, "checkpoint").starts_with(ORIGIN) && !text(&files, "README.md").contains("aics-tlog verify-inclusion"));
    }
}

#[tokio::test]
async fn a_pack_ends_with_its_members_rights_and_when_it_is_cancelled() {
    for company in companies().await {
        sign(&company).await;
        let app = &company.app;
        let mut caller = company.member(Role::Auditor, &[], None).await;
        let cancelled = app.create_evidence(&caller, new("")).await.unwrap();
        let mut claimed = app.records.claim_job(&["export", "evidence"], company.house.clock.now(), 0).await.unwrap().unwrap();
        app.cancel_job(&caller, cancelled.id).await.unwrap();
        assert!(matches!(app.run_job(&mut claimed).await.unwrap(), Ended::Lost));
        assert!(app.blobs.list("exports/").await.unwrap().is_empty());

        let waiting = app.create_evidence(&caller, new("")).await.unwrap();
        caller.member.role = Role::ExternalAuditor;
        caller.member.departments = vec![NORTH];
        app.records.change_member(&caller.member).await.unwrap();
        assert!(app.run_jobs_step().await.unwrap());
        let failed = app.job(&caller, waiting.id).await.unwrap();
        assert_eq!((failed.state, failed.file), ("failed", None));
        assert!(app.blobs.list("exports/").await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn the_hosts_pack_is_recorded_and_an_erasure_looks_into_packs() {
    for company in companies().await {
        sign(&company).await;
        let mut heard = Vec::new();
        let host = Caller::host(Role::Auditor);
        let zip = company.app.make_evidence(&host, new("filter=stream:south_log"), &mut |done, total| heard.push((done, total))).await.unwrap();
        assert_eq!(heard, [(SOUTHERN as u64, SOUTHERN as u64)]);
        let query = SelfQuery { operation: Some("evidence.create".into()), limit: 10, ..SelfQuery::default() };
        let recorded = company.app.records.self_events(&query).await.unwrap();
        assert!(recorded.len() == 1 && recorded[0].target.starts_with("pack:"), "{recorded:?}");

        let names = |name: &str| names_any("exports/1.zip", &zip, &[name.to_owned()]);
        assert!(names("bob baker") && !names("ann archer"), "the names of the south alone are in it");
        assert!(names_any("exports/1.zip", b"no zip", &["bob baker".to_owned()]), "what cannot be opened might name him");
        assert!(!names_any("exports/1.csv", &zip, &["bob baker".to_owned()]), "deflated, a name cannot be seen from outside");
    }
}

#[tokio::test]
async fn what_the_index_holds_otherwise_than_the_ledger_is_not_packed() {
    for company in companies().await {
        sign(&company).await;
        // A record that was never appended, at the place of one that was.
        let (first, other) = (&company.entries[0], &company.entries[1]);
        let forged = IndexEntry { position: first.position.clone(), ..other.clone() };
        company.app.events.clear().await.unwrap();
        company.app.events.add(vec![forged]).await.unwrap();
        company.app.events.commit(1).await.unwrap();
        let made = company.app.make_evidence(&Caller::host(Role::Auditor), new(""), &mut |_, _| {}).await;
        assert!(matches!(made, Err(AppError::Internal(why)) if why.contains("rebuild the index")));
    }
}

#[tokio::test]
async fn a_pack_leads_from_one_key_of_the_ledger_to_the_next() {
    for company in companies().await {
        sign(&company).await;
        let (old, new) = (signer(), NoteSigner::new("example.org", &[4; 32]).unwrap());
        let keys = LogKeys::from(old.verifier()).hand_over(ORIGIN, (NORTHERN + SOUTHERN + 1) as u64, &old, &new).unwrap();
        company.app.board.keys(ACTIVITY, ORIGIN, keys.clone());
        let auditor = company.member(Role::Auditor, &[], None).await;
        let files = packed(&company, &auditor, "").await;
        assert_eq!(text(&files, "key").trim(), old.verifier().to_string(), "the one that signed the checkpoint, not the newest");
        assert_eq!(LogKeys::parse(text(&files, "keys"), ORIGIN, &new.verifier()).unwrap(), keys);
        assert!(text(&files, "README.md").contains("`keys` leads from each to the next"));
    }
}

#[test]
fn more_than_a_pack_holds_is_refused_with_what_to_do() {
    assert!(not_too_many(10_000).is_ok());
    assert!(matches!(not_too_many(10_001), Err(AppError::Conflict(why)) if why.contains("shorter time")));
}
