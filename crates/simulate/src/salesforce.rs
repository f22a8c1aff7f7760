//! Salesforce's files: EventLogFile CSV per event type and day, and a LoginHistory export.
//!
//! Column names: Salesforce Object Reference, EventLogFile Supported Event Types (pages Login, Logout, Report, Report Export, URI, Lightning Page View, Bulk API),
//! <https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_eventlogfile_supportedeventtypes.htm>,
//! and LoginHistory, sforce_api_objects_loginhistory.htm. A subset of the columns is written, the common ones first.

use crate::{Act, Error, Kind};
use jiff::Timestamp;

/// The event types written, as EVENT_TYPE says them.
pub const EVENT_TYPES: [&str; 7] = ["Login", "Logout", "Report", "ReportExport", "URI", "LightningPageView", "BulkApi"];
const ORGANIZATION: &str = "00DSM0000000001";
const COMMON: [&str; 9] =
    ["EVENT_TYPE", "TIMESTAMP", "REQUEST_ID", "ORGANIZATION_ID", "USER_ID", "CLIENT_IP", "LOGIN_KEY", "TIMESTAMP_DERIVED", "USER_ID_DERIVED"];
const LOGIN_HISTORY: [&str; 9] = ["Id", "UserId", "LoginTime", "LoginType", "SourceIp", "Status", "Browser", "Platform", "Application"];

/// EVENT_TYPE of an act; `None` when event log files do not hold it.
pub fn event_type(kind: &Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Login { .. } => "Login",
        Kind::Logout => "Logout",
        Kind::ReportExport { .. } => "ReportExport",
        Kind::Uri { .. } => "URI",
        Kind::PageView { .. } => "LightningPageView",
        Kind::BulkApi { .. } => "BulkApi",
        Kind::Setup { .. } | Kind::DeskView { .. } | Kind::DeskUpdate { .. } => return None,
    })
}

/// Columns of one event type, in order.
pub fn columns(event_type: &str) -> Vec<&'static str> {
    let own: &[&str] = match event_type {
        "Login" => &["USER_NAME", "SOURCE_IP", "LOGIN_STATUS", "BROWSER_TYPE"],
        "Logout" => &["USER_INITIATED_LOGOUT"],
        // Report holds every export too, and alone says how many rows it had.
        "Report" => &["URI", "REPORT_ID_DERIVED", "ORIGIN", "ROW_COUNT", "NUMBER_COLUMNS"],
        "ReportExport" => &["URI", "URI_ID_DERIVED"],
        "URI" => &["URI", "URI_ID_DERIVED", "REQUEST_STATUS"],
        "LightningPageView" => &["PAGE_ENTITY_ID", "PAGE_ENTITY_TYPE", "PAGE_URL"],
        "BulkApi" => &["ENTITY_TYPE", "OPERATION_TYPE", "ROWS_PROCESSED", "NUMBER_FAILURES", "SUCCESS"],
        _ => &[],
    };
    COMMON.iter().chain(own).copied().collect()
}

/// The EventLogFile of one type, for acts of one day.
pub fn event_log_file(event_type_wanted: &str, acts: &[Act]) -> Result<Vec<u8>, Error> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(columns(event_type_wanted))?;
    for act in acts.iter().filter(|act| holds(event_type_wanted, &act.kind)) {
        let time = Timestamp::from_microsecond(act.time)?;
        // TIMESTAMP is written like 20130715233322.670, TIMESTAMP_DERIVED in ISO 8601; USER_ID is the 15-character id.
        let mut row = vec![
            event_type_wanted.to_owned(),
            time.strftime("%Y%m%d%H%M%S.%3f").to_string(),
            act.id.clone(),
            ORGANIZATION.to_owned(),
            act.account[..15].to_owned(),
            act.address.to_string(),
            format!("LK{}{}", &act.account[11..15], time.strftime("%Y%m%d")),
            time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
            act.account.clone(),
        ];
        row.extend(own_fields(event_type_wanted, act));
        out.write_record(row)?;
    }
    out.into_inner().map_err(|error| Error::Io(error.into_error()))
}

/// An export is in two files: as a report run, and as an export.
fn holds(wanted: &str, kind: &Kind) -> bool {
    event_type(kind) == Some(wanted) || (wanted == "Report" && matches!(kind, Kind::ReportExport { .. }))
}

fn own_fields(event_type: &str, act: &Act) -> Vec<String> {
    match &act.kind {
        Kind::Login { success } => {
            let status = if *success { "LOGIN_NO_ERROR" } else { "LOGIN_ERROR_INVALID_PASSWORD" };
            vec![act.email.clone(), act.address.to_string(), status.to_owned(), "Mozilla/5.0".to_owned()]
        }
        Kind::Logout => vec!["1".to_owned()],
        Kind::ReportExport { report, rows } if event_type == "Report" => {
            vec![format!("/{}", &report[..15]), report.clone(), "ReportExported".to_owned(), rows.to_string(), "12".to_owned()]
        }
        Kind::ReportExport { report, .. } => vec![format!("/{}", &report[..15]), report.clone()],
        Kind::Uri { record } => vec![format!("/{}", &record[..15]), record.clone(), "S".to_owned()],
        Kind::PageView { record } => vec![record.clone(), "Account".to_owned(), format!("/lightning/r/Account/{record}/view")],
        Kind::BulkApi { rows } => vec!["Account".to_owned(), "query".to_owned(), rows.to_string(), "0".to_owned(), "1".to_owned()],
        Kind::Setup { .. } | Kind::DeskView { .. } | Kind::DeskUpdate { .. } => Vec::new(),
    }
}

/// The day's logins as an export of the LoginHistory object: a second view of the acts in the Login file, with ids of its own (prefix `0Ya`).
pub fn login_history(acts: &[Act]) -> Result<Vec<u8>, Error> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(LOGIN_HISTORY)?;
    for act in acts {
        let Kind::Login { success } = &act.kind else { continue };
        let id = format!("0Ya{}", &act.id[act.id.len() - 15..]);
        let time = Timestamp::from_microsecond(act.time)?.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
        let status = if *success { "Success" } else { "Invalid Password" };
        out.write_record([&id, &act.account, &time, "Application", &act.address.to_string(), status, "Chrome 120", "Windows 11", "Browser"])?;
    }
    out.into_inner().map_err(|error| Error::Io(error.into_error()))
}

/// The day's changes in Setup as an export of the SetupAuditTrail object (Object Reference, SetupAuditTrail; ids have the prefix `0Ym`).
pub fn setup_audit_trail(acts: &[Act]) -> Result<Vec<u8>, Error> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(["Id", "CreatedDate", "CreatedById", "Action", "Section", "Display", "DelegateUser"])?;
    for act in acts {
        let Kind::Setup { action, display, section } = &act.kind else { continue };
        let id = format!("0Ym{}", &act.id[act.id.len() - 15..]);
        let time = Timestamp::from_microsecond(act.time)?.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
        out.write_record([id.as_str(), &time, &act.account, action, section, display, ""])?;
    }
    out.into_inner().map_err(|error| Error::Io(error.into_error()))
}
