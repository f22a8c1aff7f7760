use super::super::{Config, Salesforce};
use super::client::{Client, config, error, is, start};
use serde_json::Value;
use std::collections::HashSet;

#[tokio::test]
async fn versions_are_open_and_count_for_nothing() {
    let salesforce = start().await;
    let response = reqwest::get(format!("{}/services/data/", salesforce.url())).await.unwrap();
    assert!(response.headers().get("sforce-limit-info").is_none());
    let versions: Vec<Value> = response.json().await.unwrap();
    let v63 = versions.iter().find(|version| version["version"] == "63.0").unwrap();
    assert_eq!((v63["label"].as_str(), v63["url"].as_str()), (Some("Spring '25"), Some("/services/data/v63.0")));
    assert_eq!(versions.iter().find(|version| version["version"] == "62.0").unwrap()["label"], "Winter '25");
    let client = Client::new(&salesforce).await;
    is(&error(client.get("/services/data/v99.0/limits").await).await, 404, "NOT_FOUND");
    is(&error(client.get("/services/data/v62.0/nothing").await).await, 404, "NOT_FOUND");
}

#[tokio::test]
async fn requests_are_counted_down_until_none_is_left() {
    let salesforce = Salesforce::start(Config { api_requests: 10, ..config() }).await.unwrap();
    let client = Client::new(&salesforce).await;
    assert_eq!(client.remaining().await, 9);
    let query = client.query("SELECT Id FROM User LIMIT 1").await;
    assert_eq!(query.headers()["sforce-limit-info"], "api-usage=2/10");
    assert_eq!(client.query("SELECT nonsense").await.status(), 400);
    assert_eq!(client.remaining().await, 6);
    salesforce.set_api_requests_left(1);
    assert_eq!(client.query("SELECT Id FROM User LIMIT 1").await.status(), 200);
    for _ in 0..2 {
        is(&error(client.query("SELECT Id FROM User LIMIT 1").await).await, 403, "REQUEST_LIMIT_EXCEEDED");
    }
    is(&error(client.get("/services/data/v62.0/limits").await).await, 403, "REQUEST_LIMIT_EXCEEDED");
    salesforce.set_api_requests_left(5);
    assert_eq!(client.remaining().await, 4);
}

#[tokio::test]
async fn pages_hold_every_record_once() {
    let salesforce = Salesforce::start(Config { page_size: 7, ..config() }).await.unwrap();
    let client = Client::new(&salesforce).await;
    let first: Value = client.query("SELECT Id FROM LoginHistory ORDER BY LoginTime").await.json().await.unwrap();
    let total = first["totalSize"].as_u64().unwrap() as usize;
    assert!(total > 100, "{total}");
    assert_eq!(first["records"].as_array().unwrap().len(), 7);
    assert!(first["nextRecordsUrl"].as_str().unwrap().starts_with("/services/data/v62.0/query/0r8"));
    let ids: HashSet<String> = client.all("SELECT Id FROM LoginHistory").await.iter().map(|record| record["Id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), total);
    let kept: HashSet<String> = salesforce.emitted().iter().filter(|record| record.stream == "LoginHistory").map(|record| record.id.clone()).collect();
    assert_eq!(ids, kept);
}

#[tokio::test]
async fn the_batch_size_is_bounded() {
    let salesforce = start().await;
    let client = Client::new(&salesforce).await;
    let size = |header: &'static str| {
        let client = &client;
        async move {
            let url = format!("{}/services/data/v62.0/query", client.base);
            let request = client.http.get(url).query(&[("q", "SELECT Id FROM EventLogFile")]).bearer_auth(&client.token);
            let page: Value = request.header("Sforce-Query-Options", header).send().await.unwrap().json().await.unwrap();
            (page["records"].as_array().unwrap().len(), page["totalSize"].as_u64().unwrap() as usize)
        }
    };
    let total = size("batchSize=2000").await.1;
    assert!(total > 250, "{total}");
    assert_eq!(size("batchSize=1").await.0, 200);
    assert_eq!(size("batchSize=250").await.0, 250);
    assert_eq!(size("batchSize=9999").await.0, total.min(2_000));
}

#[tokio::test]
async fn locators_that_do_not_exist_are_refused() {
    let salesforce = Salesforce::start(Config { page_size: 2, ..config() }).await.unwrap();
    let client = Client::new(&salesforce).await;
    for locator in ["nonsense", "0r8SM0000000001AAA-2", "0r8SM0000000001AAA-x"] {
        is(&error(client.get(&format!("/services/data/v62.0/query/{locator}")).await).await, 400, "INVALID_QUERY_LOCATOR");
    }
    let first: Value = client.query("SELECT Id FROM User").await.json().await.unwrap();
    let next = first["nextRecordsUrl"].as_str().unwrap();
    for _ in 0..20 {
        client.query("SELECT Id FROM User").await;
    }
    assert_eq!(client.get(next).await.status(), 200, "others do not end it");
    salesforce.expire_cursors();
    is(&error(client.get(next).await).await, 400, "INVALID_QUERY_LOCATOR");
}

#[tokio::test]
async fn requests_of_another_form_are_refused() {
    let salesforce = start().await;
    let client = Client::new(&salesforce).await;
    let posted = client.http.post(format!("{}/services/data/v62.0/query", client.base)).bearer_auth(&client.token).send().await.unwrap();
    is(&error(posted).await, 405, "METHOD_NOT_ALLOWED");
    let long = format!("SELECT Id FROM User WHERE Name = '{}'", "x".repeat(17_000));
    assert_eq!(client.query(&long).await.status(), 414);
    assert_eq!(client.query("SELECT Id FROM User").await.headers()["content-type"], "application/json;charset=UTF-8");
}

#[tokio::test]
async fn a_page_is_of_the_moment_of_its_query() {
    let config = Config { page_size: 5, ..config() };
    let end = config.now.unwrap();
    let salesforce = Salesforce::start(config).await.unwrap();
    let client = Client::new(&salesforce).await;
    let first: Value = client.query("SELECT Id FROM LoginHistory").await.json().await.unwrap();
    salesforce.set_now(0);
    let none: Value = client.query("SELECT Id FROM LoginHistory").await.json().await.unwrap();
    assert_eq!((none["totalSize"].as_u64(), none["done"].as_bool()), (Some(0), Some(true)));
    let second: Value = client.get(first["nextRecordsUrl"].as_str().unwrap()).await.json().await.unwrap();
    assert_eq!(second["totalSize"], first["totalSize"]);
    salesforce.set_now(end);
}

#[tokio::test]
async fn records_are_written_as_documented() {
    let salesforce = start().await;
    let client = Client::new(&salesforce).await;
    let records = client.all("SELECT logfile, LogFileLength, CreatedDate, Interval, Sequence FROM EventLogFile WHERE Interval = 'Daily' LIMIT 1").await;
    let record = &records[0];
    assert_eq!(record["attributes"]["type"], "EventLogFile");
    let url = record["attributes"]["url"].as_str().unwrap();
    assert!(url.starts_with("/services/data/v62.0/sobjects/EventLogFile/0AT"), "{url}");
    assert_eq!(record["LogFile"], format!("{url}/LogFile"));
    assert!(record["CreatedDate"].as_str().unwrap().ends_with(":00.000+0000"));
    assert!(record["LogFileLength"].is_f64());
    assert_eq!(record["Sequence"], 0);
    assert!(record.get("Id").is_none(), "only what was asked for");
}

#[tokio::test]
async fn every_object_is_served_and_others_are_not() {
    let salesforce = start().await;
    let client = Client::new(&salesforce).await;
    for object in super::super::schema::OBJECTS.iter() {
        let fields: Vec<&str> = object.fields.iter().map(|field| field.name).collect();
        let records = client.all(&format!("SELECT {} FROM {}", fields.join(", "), object.name)).await;
        assert!(!records.is_empty(), "{} is empty", object.name);
        assert!(records.iter().all(|record| fields.iter().all(|field| record.get(*field).is_some())));
    }
    is(&error(client.query("SELECT Id FROM Nothing").await).await, 400, "INVALID_TYPE");
    is(&error(client.query("SELECT Nothing FROM User").await).await, 400, "INVALID_FIELD");
    is(&error(client.query("SELEKT Id FROM User").await).await, 400, "MALFORMED_QUERY");
    is(&error(client.get("/services/data/v62.0/query").await).await, 400, "MALFORMED_QUERY");
}

#[tokio::test]
async fn a_record_brings_fields_of_its_parent() {
    let salesforce = start().await;
    let client = Client::new(&salesforce).await;
    let changes = client.all("SELECT Id, CreatedById, CreatedBy.Username, CreatedBy.Id FROM SetupAuditTrail WHERE CreatedBy.Department = 'Operations'").await;
    assert!(!changes.is_empty());
    for change in &changes {
        assert_eq!(change["CreatedBy"]["attributes"]["type"], "User");
        assert_eq!(change["CreatedBy"]["Id"], change["CreatedById"]);
        assert!(change["CreatedBy"]["Username"].as_str().unwrap().ends_with("@company.example"));
    }
    let files = client.all("SELECT CreatedBy.Name FROM EventLogFile LIMIT 1").await;
    assert!(files[0]["CreatedBy"].is_null(), "made by no user of the organisation");
    let count: Value = client.query("SELECT COUNT() FROM User WHERE IsActive = true").await.json().await.unwrap();
    assert_eq!((count["totalSize"].as_u64(), count["records"].as_array().map(Vec::len)), (Some(15), Some(0)));
}

#[tokio::test]
async fn objects_are_described() {
    let salesforce = start().await;
    let client = Client::new(&salesforce).await;
    let description: Value = client.get("/services/data/v62.0/sobjects/LoginHistory/describe").await.json().await.unwrap();
    let fields = description["fields"].as_array().unwrap();
    let status = fields.iter().find(|field| field["name"] == "Status").unwrap();
    assert_eq!((status["type"].as_str(), status["filterable"].as_bool()), (Some("string"), Some(false)));
    salesforce.set_event_monitoring(false);
    for object in ["EventLogFile", "Nothing"] {
        is(&error(client.get(&format!("/services/data/v62.0/sobjects/{object}/describe")).await).await, 404, "NOT_FOUND");
    }
}
