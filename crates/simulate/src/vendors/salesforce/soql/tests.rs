use super::*;
use crate::vendors::salesforce::record::{Record, Value};
use crate::vendors::salesforce::schema::Object;
use model::SECOND;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

fn records() -> Vec<Record> {
    let object = Object::named("SetupAuditTrail").unwrap();
    let actions = [("PermSetAssign", Some("a@x.example"), 3), ("resetpassword", None, 1), ("permsetassign", Some("b@x.example"), 2)];
    actions
        .into_iter()
        .enumerate()
        .map(|(place, (action, delegate, second))| {
            let named = vec![
                ("Action", action.into()),
                ("DelegateUser", delegate.map_or(Value::Null, Value::from)),
                ("CreatedDate", Value::Time(second * SECOND)),
                ("CreatedById", Value::from("005D0000001QX8WIAW")),
            ];
            Record::new(object, format!("0Ym{place}"), 0, named)
        })
        .collect()
}

/// One user, by whatever id.
struct Ada;

impl Parents for Ada {
    fn parent(&self, object: &Object, _: &str) -> Option<&Record> {
        static ADA: std::sync::OnceLock<Record> = std::sync::OnceLock::new();
        Some(ADA.get_or_init(|| Record::new(object, "005".to_owned(), 0, vec![("Name", "Ada".into())])))
    }
}

/// The ids found, without their prefix.
fn found(rest: &str) -> Result<String, String> {
    let query = format!("SELECT Id FROM SetupAuditTrail {rest}");
    let plan = parse(&query).and_then(|select| plan(&query, select)).map_err(|error| error.code.to_owned())?;
    Ok(plan.run(&records(), &Ada, 1).iter().map(|record| &record.id[3..]).collect::<Vec<_>>().join(""))
}

#[track_caller]
fn check(rest: &str, expect: &str) {
    assert_eq!(found(rest).as_deref(), Ok(expect), "{rest}");
}

#[track_caller]
fn refused(query: &str, code: &str, words: &str) {
    let error = parse(query).and_then(|select| plan(query, select)).unwrap_err();
    assert_eq!(error.code, code, "{query}");
    assert!(error.message.contains(words), "{}", error.message);
}

#[test]
fn comparisons_choose() {
    check("", "012");
    check("WHERE Action = 'PERMSETASSIGN'", "02");
    check("WHERE Action != 'PermSetAssign'", "1");
    check("WHERE CreatedDate > 1970-01-01T00:00:01Z", "02");
    check("WHERE CreatedDate >= 1970-01-01T01:00:01.000+01:00", "012");
    check("where createddate<1970-01-01T00:00:02.000Z", "1");
    check("WHERE DelegateUser = null", "1");
    check("WHERE DelegateUser != 'a@x.example'", "12");
    check("WHERE DelegateUser LIKE '_@%.example'", "02");
    check("WHERE CreatedById = '005D0000001QX8W'", "012");
    check("WHERE CreatedById = '005D0000001qx8w'", "");
    check("WHERE Action IN ('resetpassword', 'x')", "1");
    check("WHERE Action NOT IN ('resetpassword', 'x')", "02");
    check("WHERE NOT Action = 'resetpassword'", "02");
    check("WHERE Action = 'o\\'clock'", "");
    check("WHERE CreatedBy.Name = 'ada' AND CreatedBy.Title = null", "012");
    check("WHERE CreatedBy.Name != 'Ada'", "");
    check("WHERE CreatedDate = TODAY", "012");
    check("WHERE CreatedDate > yesterday", "012");
    check("WHERE CreatedDate <= YESTERDAY", "");
    check("WHERE CreatedDate > TODAY", "");
    check("WHERE CreatedDate >= LAST_N_DAYS:3", "012");
}

#[test]
fn conditions_are_joined() {
    check("WHERE Action = 'PermSetAssign' AND CreatedDate > 1970-01-01T00:00:02Z", "0");
    check("WHERE Action = 'resetpassword' OR CreatedDate > 1970-01-01T00:00:02Z", "01");
    check("WHERE (Action = 'resetpassword' OR DelegateUser = 'b@x.example') AND CreatedDate < 1970-01-01T00:00:02Z", "1");
    assert_eq!(found("WHERE Action = 'a' AND Action = 'b' OR Action = 'c'"), Err("MALFORMED_QUERY".into()));
}

#[test]
fn records_are_ordered_and_limited() {
    check("ORDER BY CreatedDate", "120");
    check("ORDER BY CreatedDate DESC LIMIT 2", "02");
    check("ORDER BY Action, CreatedDate ASC", "201");
    check("ORDER BY DelegateUser", "102");
    check("ORDER BY DelegateUser NULLS LAST", "021");
    check("ORDER BY DelegateUser DESC NULLS LAST", "201");
    check("LIMIT 0", "");
}

#[test]
fn faults_have_the_documented_codes() {
    refused("SELECT Id FROM Nothing", "INVALID_TYPE", "sObject type 'Nothing' is not supported");
    refused("SELECT Id FROM Nothing", "INVALID_TYPE", "ERROR at Row:1:Column:16");
    refused("SELECT Nothing FROM User", "INVALID_FIELD", "No such column 'Nothing' on entity 'User'");
    refused("SELECT Id FROM LoginHistory WHERE Status = 'Success'", "INVALID_FIELD", "can not be filtered");
    refused("SELECT Id FROM EventLogFile ORDER BY LogFile", "INVALID_FIELD", "can not be sorted");
    refused("SELECT Id FROM EventLogFile WHERE CreatedDate > '2026-03-02T00:00:00Z'", "INVALID_FIELD", "must be of type dateTime");
    refused("SELECT Id FROM EventLogFile WHERE CreatedDate > 2026-03-02", "INVALID_FIELD", "must be of type dateTime");
    refused("SELECT Id FROM EventLogFile WHERE Sequence = 1.5", "INVALID_FIELD", "must be of type int");
    refused("SELECT User.Name FROM LoginHistory", "INVALID_FIELD", "Didn't understand relationship 'User'");
    refused("SELECT CreatedBy.Nothing FROM SetupAuditTrail", "INVALID_FIELD", "No such column 'Nothing' on entity 'User'");
    refused("SELECT CreatedBy.Profile.Name FROM SetupAuditTrail", "INVALID_FIELD", "No such column 'Profile.Name'");
    refused("SELECT Id FROM User WHERE Id = 'short'", "INVALID_FIELD", "invalid ID field");
    for query in [
        "",
        "SELECT",
        "SELECT Id FROM",
        "SELECT FROM User",
        "SELECT Id, FROM User",
        "SELECT * FROM User",
        "SELECT Id FROM User WHERE",
        "SELECT Id FROM User WHERE Id",
        "SELECT Id FROM User WHERE (Id = null",
        "SELECT Id FROM User WHERE Id = ",
        "SELECT Id FROM User WHERE Name = 'open",
        "SELECT Id FROM User WHERE Name = 'bad\\q'",
        "SELECT Id FROM User WHERE Name IS NULL",
        "SELECT Id FROM User LIMIT x",
        "SELECT Id FROM User LIMIT 1 LIMIT 2",
        "SELECT Id FROM User GROUP BY Name",
        "SELECT COUNT(), Id FROM User",
        "SELECT COUNT(Id) FROM User",
        "SELECT CreatedBy. FROM User",
        "SELECT .Name FROM User",
        "SELECT Id FROM User WHERE CreatedDate > LAST_N_DAYS:x",
        "SELECT Id FROM User WHERE CreatedDate > 2026-13-45T00:00:00Z",
    ] {
        let error = parse(query).expect_err(query);
        assert_eq!((error.status.as_u16(), error.code), (400, "MALFORMED_QUERY"), "{query}");
    }
    let deep = format!("SELECT Id FROM User WHERE {}Id = null{}", "(".repeat(5_000), ")".repeat(5_000));
    assert_eq!(parse(&deep).unwrap_err().code, "QUERY_TOO_COMPLICATED");
    let negated = format!("SELECT Id FROM User WHERE {} Id = null", "NOT ".repeat(5_000));
    assert_eq!(parse(&negated).unwrap_err().code, "QUERY_TOO_COMPLICATED");
}

/// Queries cut, doubled and sprinkled with anything: they are answered or refused, never worse.
#[test]
fn no_text_is_too_strange() {
    const QUERY: &str = "SELECT Id, CreatedBy.Name FROM SetupAuditTrail WHERE (Action = 'a\\'b' OR CreatedDate > 2026-03-02T00:00:00.000Z) \
        AND DelegateUser NOT IN ('ü', null) AND CreatedDate = LAST_N_DAYS:7 ORDER BY CreatedDate DESC NULLS LAST LIMIT 9";
    const STRANGE: [&str; 14] = ["'", "\\", "(", ")", ",", "=", "<", ".", "ü", "\u{0}", "99999999999999999999", "LAST_N_DAYS:70000", "NOT ", "T"];
    let mut rng = StdRng::seed_from_u64(1);
    let (mut answered, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let mut text: Vec<char> = QUERY.chars().collect();
        for _ in 0..rng.gen_range(0..4) {
            let (a, b) = (rng.gen_range(0..=text.len()), rng.gen_range(0..=text.len()));
            match rng.gen_range(0..3) {
                0 => drop(text.drain(a.min(b)..(a.min(b) + 5).min(a.max(b)))),
                1 => drop(text.splice(a..a, STRANGE[rng.gen_range(0..STRANGE.len())].chars())),
                _ => text.truncate(a.max(b)),
            }
        }
        let query: String = text.into_iter().collect();
        match parse(&query).and_then(|select| plan(&query, select)) {
            Ok(plan) => answered += usize::from(plan.run(&records(), &Ada, 1).len() <= 3),
            Err(error) => refused += usize::from(error.status == 400 && !error.code.is_empty()),
        }
    }
    assert_eq!(answered + refused, 20_000);
    assert!(answered > 2_000 && refused > 2_000, "{answered} {refused}");
}
