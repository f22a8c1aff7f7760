//! Veritrail's own trail, when it cannot be written: what goes on, what does not, and that nothing of it is forgotten.

use crate::{
    house::{House, SetUp, eventually},
    on_both,
};
use serde_json::json;
use std::time::Duration;
use store::sql::{Database, Handle};

on_both!(without_it_little_goes_on);

/// The records are another connection's for a moment.
async fn shut(house: &House, shut: bool) {
    let data = house.setting("DATA__DIRECTORY").unwrap();
    let url = house.setting("DATA__RECORDS").map_or_else(|| format!("sqlite://{data}/records.sqlite?mode=rw"), str::to_owned);
    let records = Database::open(&url, "records").await.unwrap();
    let when = "WHEN (NEW.ledger = 'self')";
    let statements = match (url.starts_with("sqlite"), shut) {
        (true, true) => vec![format!("CREATE TRIGGER shut BEFORE INSERT ON trail_batches {when} BEGIN SELECT RAISE(ABORT, 'no room'); END")],
        (true, false) => vec!["DROP TRIGGER shut".to_owned()],
        (false, true) => vec![
            "CREATE FUNCTION shut() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'no room'; END $$ LANGUAGE plpgsql".to_owned(),
            format!("CREATE TRIGGER shut BEFORE INSERT ON trail_batches FOR EACH ROW {when} EXECUTE FUNCTION shut()"),
        ],
        (false, false) => vec!["DROP TRIGGER shut ON trail_batches".to_owned(), "DROP FUNCTION shut()".to_owned()],
    };
    for statement in statements {
        records.execute(&statement, vec![]).await.unwrap();
    }
}

async fn without_it_little_goes_on(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    let roles = ["administrator", "analyst", "auditor"].map(|role| house.member(role, &[]));
    house.set("DATA__RESERVE_BYTES", 24 * 1024);
    house.serve().await;
    let [mut admin, mut analyst, mut auditor] = [house.signed_in(&roles[0]).await, house.signed_in(&roles[1]).await, house.signed_in(&roles[2]).await];
    let sources = admin.get("/sources").await.ok()["items"].as_array().unwrap().len();

    shut(&house, true).await;
    let refused = admin.post("/sources", json!({ "name": "desk", "connector": "generic", "title": "Desk", "settings": {} })).await;
    println!("a change: {}", refused.problem(503));
    admin.get("/members").await.problem(503);
    analyst.post("/exports", json!({ "query": "from=-1h", "format": "csv" })).await.problem(503);
    house.stranger().post("/session", json!({ "email": roles[1], "password": crate::house::PASSWORD })).await.problem(503);

    let mut read = 0;
    let refused = loop {
        let answer = analyst.get(&format!("/events/count?from=-1h&q=word{read}")).await;
        if answer.status != 200 {
            break answer;
        }
        read += 1;
    };
    println!("{read} masked reads went on, then: {}", refused.problem(503));
    assert!(read > 5, "{read}");
    let check = house.output(&["self", "check"]);
    let said = String::from_utf8_lossy(&check.stdout).into_owned();
    assert!(check.status.code() == Some(2) && said.contains("no room") && said.contains("`veritrail serve` has it"), "{said}");

    // Whatever happens to the process, what it answered is remembered.
    house.kill();
    let said = String::from_utf8_lossy(&house.output(&["self", "check"]).stdout).into_owned();
    assert!(said.contains(&format!("{read} reads wait to be recorded")), "{said}");
    assert!(!house.output(&["self", "repair"]).status.success(), "there is nothing to write to");
    shut(&house, false).await;
    assert!(house.run(&["self", "repair"]).contains(&format!("written from the reserve: {read}; rows put right: 0")));
    assert!(house.run(&["self", "check"]).contains("0 reads wait"));
    house.serve().await;
    assert_eq!(admin.get("/sources").await.ok()["items"].as_array().unwrap().len(), sources, "nothing was changed");
    let acts = auditor.get("/self?operation=events.search&limit=200").await.ok();
    let words = |n: u32| acts["items"].as_array().unwrap().iter().filter(|act| act["detail"].to_string().contains(&format!("word{n}\""))).count();
    let counted: Vec<usize> = (0..=read).map(words).collect();
    assert_eq!(
        (counted[..read as usize].iter().min(), counted[read as usize]),
        (Some(&1), 0),
        "what was answered is recorded, what was refused is not: {acts}"
    );

    // And without a stop between: the server writes what waits by itself.
    shut(&house, true).await;
    analyst.get("/events/count?from=-1h&q=later").await.ok();
    shut(&house, false).await;
    let recorded = async || {
        let acts = auditor.get("/self?operation=events.search&limit=5").await;
        (acts.status == 200 && acts.body.to_string().contains("later")).then_some(())
    };
    eventually("it is recorded once that can be done", Duration::from_secs(20), recorded).await;
    assert!(house.stop().await.success(), "{}", house.log());
    house.run(&["verify", "--ledger", "self"]);
    assert!(house.run(&["self", "check"]).contains("0 faults"));
}
