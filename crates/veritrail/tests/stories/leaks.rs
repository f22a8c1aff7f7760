//! What lies in another department is nowhere: not in lists, counts, facets, histograms, details, proofs, exports or live updates.

use crate::{
    house::{House, SetUp, eventually},
    on_both,
    records::{act, ndjson},
};
use serde_json::Value;
use std::time::Duration;

const PEOPLE: &str = "employee_id,name,email,title,zone,department,manager_employee_id,from,until,accounts
1,Dana Kim,dana@example.org,Seller,Europe/Berlin,Sales,,2020-01-01,,dana
2,Emil Roth,emil@example.org,Clerk,Europe/Berlin,Finance,,2020-01-01,,emil
";

on_both!(a_lead_sees_one_department);

async fn a_lead_sees_one_department(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    let people = house.file("people.csv", PEOPLE);
    let key = house.source("desk", "generic", &[]);
    house.run(&["directory", "import", people.to_str().unwrap()]);
    let (lead, outside) = (house.member("department_lead", &["Sales"]), house.member("external_auditor", &["Sales"]));
    house.serve().await;
    let mine = act("mine", "dana", "export", 3);
    let mut other = act("other", "emil", "export", 2);
    other["address"] = "198.51.100.77".into();
    other["rows"] = 120_000.into();
    let taken = house.stranger().push("desk", &key, "application/x-ndjson", ndjson(&[mine, other])).await.unwrap().ok();
    assert_eq!(taken["accepted"], 2);

    for email in [lead, outside] {
        let mut reader = house.signed_in(&email).await;
        let seen = async || Some(reader.clone().get("/events?from=-1h").await.ok()).filter(|p| !p["items"].as_array().unwrap().is_empty());
        let page = eventually("his own department's event", Duration::from_secs(5), seen).await;
        assert_eq!(page["items"].as_array().unwrap().len(), 1, "{page}");
        assert_eq!(reader.get("/events/count?from=-1h").await.ok()["count"], 1);
        let of_emil = [
            reader.get("/events?from=-1h").await.ok(),
            reader.get("/events/facets?from=-1h&fields=actor,person,department,activity").await.ok(),
            reader.get("/overview?from=-1h").await.ok(),
            reader.get("/persons").await.ok(),
            reader.get("/alerts").await.ok(),
            reader.get("/search?q=emil").await.ok(),
        ];
        for answer in of_emil {
            let text = answer.to_string();
            for secret in ["emil", "Emil", "198.51.100.77", "Finance", "120000", "120,000", "Contact other"] {
                assert!(!text.contains(secret), "{email} sees {secret}: {text}");
            }
        }
        let buckets = reader.get("/events/histogram?from=-1h").await.ok();
        let sum: u64 =
            buckets["buckets"].as_array().unwrap().iter().map(|b| ["success", "failure", "unknown"].iter().filter_map(|k| b[*k].as_u64()).sum::<u64>()).sum();
        assert_eq!(sum, 1, "{buckets}");
        let own: Value = page["items"][0]["position"].clone();
        let others = if own == "activity.0:0" { "activity.0:1" } else { "activity.0:0" };
        reader.get(&format!("/events/{others}")).await.problem(404);
        reader.get(&format!("/events/{others}/proof")).await.problem(404);
        // Words search sealed values: nothing is found, or, where they are masked for him, they may not be asked for.
        let words = reader.get("/events/count?from=-1h&q=emil").await;
        assert!(words.status == 422 || words.ok()["count"] == 0);
    }
}
