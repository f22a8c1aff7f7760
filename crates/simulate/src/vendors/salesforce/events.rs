//! What people and programs did, as rows of event log files.

use super::{ids, org::ORGANIZATION};
use crate::{Act, Kind};
use jiff::Timestamp;
use model::{Micros, SECOND};
use rand::Rng;
use rand::rngs::StdRng;
use std::borrow::Cow;
use std::net::IpAddr;

/// One row of one type. Rows of one transaction have the same REQUEST_ID ("A transaction can contain one or more events"), even within a type.
#[derive(Clone, Debug)]
pub struct Event {
    pub event_type: &'static str,
    pub time: Micros,
    pub request_id: String,
    /// Whose session it is, 15 characters.
    user: String,
    address: IpAddr,
    /// What the columns of the type alone hold, and what differs from what follows from the above.
    own: Vec<(&'static str, String)>,
}

impl Event {
    fn new(event_type: &'static str, act: &Act, time: Micros, own: Vec<(&'static str, String)>) -> Self {
        Self { event_type, time, request_id: act.id.clone(), user: ids::short(&act.account).to_owned(), address: act.address, own }
    }

    /// The row's cell in a column; empty where nothing is known.
    pub fn cell(&self, column: &str) -> Cow<'_, str> {
        if let Some((_, own)) = self.own.iter().find(|(name, _)| *name == column) {
            return own.into();
        }
        match column {
            "EVENT_TYPE" => self.event_type.into(),
            "TIMESTAMP" => self.at("%Y%m%d%H%M%S.%3f").into(),
            "REQUEST_ID" => self.request_id.as_str().into(),
            "ORGANIZATION_ID" => ids::short(ORGANIZATION).into(),
            "USER_ID" => self.user.as_str().into(),
            "TIMESTAMP_DERIVED" => self.at("%Y-%m-%dT%H:%M:%S.%3fZ").into(),
            "USER_ID_DERIVED" => ids::long(&self.user).into(),
            "CLIENT_IP" => self.address.to_string().into(),
            "SESSION_KEY" => format!("S{}{}", &self.user[11..], self.at("%Y%m%d")).into(),
            "LOGIN_KEY" => format!("LK{}{}", &self.user[11..], self.at("%Y%m%d")).into(),
            "RUN_TIME" => (7 + self.time.unsigned_abs() % 400).to_string().into(),
            "CPU_TIME" => (3 + self.time.unsigned_abs() % 90).to_string().into(),
            "DB_TOTAL_TIME" => (1_000_000 + self.time.unsigned_abs() % 9_000_000).to_string().into(),
            "USER_TYPE" => if self.event_type == "Logout" { "S" } else { "Standard" }.into(),
            _ => "".into(),
        }
    }

    /// Empty for a time no calendar holds.
    fn at(&self, format: &str) -> String {
        Timestamp::from_microsecond(self.time).map(|at| at.strftime(format).to_string()).unwrap_or_default()
    }

    /// A value that the type's columns do not show.
    #[cfg(test)]
    pub fn stray(&self) -> Option<&'static str> {
        let columns = super::event_types::columns(self.event_type);
        self.own.iter().map(|(name, _)| *name).find(|name| !columns.contains(name))
    }
}

/// The audit trail's action of an administrator who signs in as someone else.
pub const LOGIN_AS: &str = "suOrgAdminLogin";

/// The user that a line of the audit trail is about, 15 characters.
pub fn target(display: &str) -> Option<&str> {
    let (_, rest) = display.split_once("UserID: [")?;
    rest.split_once(']').map(|(id, _)| id)
}

/// The rows of an act, several where it has more than one view or is more than one step.
pub fn events(act: &Act, rng: &mut StdRng) -> Vec<Event> {
    let mut rows = Vec::new();
    match &act.kind {
        Kind::Login { success } => {
            let program = act.email.contains("@integration.");
            let own = vec![
                ("URI", if program { "/services/oauth2/token" } else { "/index.jsp" }.to_owned()),
                ("REQUEST_STATUS", if *success { "S" } else { "F" }.to_owned()),
                (
                    "BROWSER_TYPE",
                    if program { "Go-http-client/1.1" } else { "Mozilla/5.0 (Windows NT 10.0; rv%3A50.0) Gecko/20100101 Firefox/50.0" }.to_owned(),
                ),
                ("API_VERSION", if program { "62.0" } else { "9998.0" }.to_owned()),
                ("USER_NAME", act.email.clone()),
                ("TLS_PROTOCOL", "TLSv1.3".to_owned()),
                ("CIPHER_SUITE", "TLS_AES_256_GCM_SHA384".to_owned()),
                ("LOGIN_TYPE", if program { "i" } else { "A" }.to_owned()),
                ("LOGIN_SUB_TYPE", if program { "oauthclientcredential" } else { "uiup" }.to_owned()),
                ("LOGIN_STATUS", if *success { "LOGIN_NO_ERROR" } else { "LOGIN_ERROR_INVALID_PASSWORD" }.to_owned()),
                ("SOURCE_IP", act.address.to_string()),
            ];
            rows.push(Event::new("Login", act, act.time, own));
        }
        Kind::Logout => {
            let own = vec![
                ("SESSION_TYPE", "U".to_owned()),
                ("SESSION_LEVEL", "1".to_owned()),
                ("BROWSER_TYPE", "Mozilla/5.0 (Windows NT 10.0; rv%3A50.0) Gecko/20100101 Firefox/50.0".to_owned()),
                ("PLATFORM_TYPE", "1015".to_owned()),
                ("APP_TYPE", "1000".to_owned()),
                ("USER_INITIATED_LOGOUT", u8::from(rng.gen_bool(0.8)).to_string()),
            ];
            rows.push(Event::new("Logout", act, act.time, own));
        }
        Kind::ReportExport { report, rows: count } => {
            rows.push(Event::new("Report", act, act.time, report_run(report, *count, "ReportExported")));
            let own = vec![
                ("URI", format!("/{}", ids::short(report))),
                ("URI_ID_DERIVED", ids::long(ids::short(report))),
                ("CLIENT_INFO", "Chrome 142".to_owned()),
                // A value in quotes of its own: three of them stand in the file ("EventLogFile Supported Event Types").
                ("REPORT_DESCRIPTION", "\"All accounts, by region\"".to_owned()),
            ];
            rows.push(Event::new("ReportExport", act, act.time + SECOND / 4, own));
        }
        Kind::Uri { record } => {
            let own = vec![
                ("URI", format!("/{}", ids::short(record))),
                ("URI_ID_DERIVED", ids::long(ids::short(record))),
                ("REQUEST_STATUS", "S".to_owned()),
                ("REFERRER_URI", "https-//company-my-salesforce-com/001/o".to_owned()),
            ];
            rows.push(Event::new("URI", act, act.time, own));
        }
        Kind::PageView { record } => {
            rows.push(Event::new("LightningPageView", act, act.time, page_view(act, record, rng)));
            // A dashboard on the page: three reports in one transaction.
            if rng.gen_bool(0.04) {
                for component in 0..3_u32 {
                    let report = ids::nth("00O", 50 + component as usize);
                    let own = report_run(&report, 40 + component, "DashboardComponentUpdated");
                    rows.push(Event::new("Report", act, act.time + Micros::from(component) * SECOND / 20, own));
                }
            }
        }
        Kind::BulkApi { rows: count } => bulk_job(act, *count, &mut rows),
        Kind::Setup { action, display, .. } if *action == LOGIN_AS => {
            if let Some(id) = target(display) {
                let own = vec![
                    ("URI", "/servlet/servlet.su".to_owned()),
                    ("DELEGATED_USER_ID", ids::short(&act.account).to_owned()),
                    ("DELEGATED_USER_NAME", act.email.clone()),
                    ("DELEGATED_USER_ID_DERIVED", ids::long(ids::short(&act.account))),
                    // The one whose account is used.
                    ("USER_ID", id.to_owned()),
                    ("USER_ID_DERIVED", ids::long(id)),
                ];
                rows.push(Event::new("LoginAs", act, act.time, own));
            }
        }
        Kind::Setup { .. } => {}
        Kind::DeskView { .. } | Kind::DeskUpdate { .. } => {}
    }
    rows
}

fn report_run(report: &str, rows: u32, origin: &str) -> Vec<(&'static str, String)> {
    vec![
        ("URI", format!("/{}", ids::short(report))),
        ("REQUEST_STATUS", "S".to_owned()),
        ("ENTITY_NAME", "Account".to_owned()),
        ("DISPLAY_TYPE", if origin == "ReportExported" { "S" } else { "D" }.to_owned()),
        ("RENDERING_TYPE", if origin == "ReportExported" { "C" } else { "W" }.to_owned()),
        ("REPORT_ID", ids::short(report).to_owned()),
        ("REPORT_ID_DERIVED", ids::long(ids::short(report))),
        ("ROW_COUNT", rows.to_string()),
        ("NUMBER_COLUMNS", "12".to_owned()),
        ("AVERAGE_ROW_SIZE", "700".to_owned()),
        ("ORIGIN", origin.to_owned()),
    ]
}

fn page_view(act: &Act, record: &str, rng: &mut StdRng) -> Vec<(&'static str, String)> {
    let record = ids::long(ids::short(record));
    let millis = act.time / 1_000;
    vec![
        ("APP_NAME", "one:one".to_owned()),
        ("BROWSER_NAME", "CHROME".to_owned()),
        ("BROWSER_VERSION", "142.0".to_owned()),
        ("OS_NAME", "WINDOWS".to_owned()),
        ("OS_VERSION", "10".to_owned()),
        ("PAGE_APP_NAME", "LightningSales".to_owned()),
        ("PAGE_CONTEXT", "one:recordHomeFlexipage2Wrapper".to_owned()),
        ("PAGE_URL", format!("/lightning/r/Account/{record}/view")),
        ("PAGE_ENTITY_TYPE", "Account".to_owned()),
        ("PAGE_ENTITY_ID", record),
        ("PAGE_START_TIME", (millis - 900).to_string()),
        ("DURATION", format!("{}.0", rng.gen_range(200..900))),
        ("EFFECTIVE_PAGE_TIME", format!("{}.0", rng.gen_range(200..900))),
        ("UI_EVENT_ID", "ltng:pageView".to_owned()),
        ("UI_EVENT_SOURCE", "read".to_owned()),
        ("UI_EVENT_TIMESTAMP", millis.to_string()),
    ]
}

/// A query job: the REST call that makes it, a SOAP call before it, and the job's states, which have one JOB_ID and requests of their own.
fn bulk_job(act: &Act, count: u32, rows: &mut Vec<Event>) {
    let soap = Act { id: format!("4Ss{}", &act.id[3..]), ..act.clone() };
    let own = vec![
        ("URI", "/services/Soap/u/62.0".to_owned()),
        ("REQUEST_STATUS", "S".to_owned()),
        ("API_TYPE", "P".to_owned()),
        ("API_VERSION", "62.0".to_owned()),
        ("CLIENT_NAME", "Invoice/1".to_owned()),
        ("METHOD_NAME", "getServerTimestamp".to_owned()),
        ("ROWS_PROCESSED", "0".to_owned()),
    ];
    rows.push(Event::new("API", &soap, act.time - SECOND, own));
    let own = vec![
        ("URI", "/services/data/v62.0/jobs/query".to_owned()),
        ("REQUEST_STATUS", "S".to_owned()),
        ("METHOD", "POST".to_owned()),
        ("MEDIA_TYPE", "application/json".to_owned()),
        ("STATUS_CODE", "200".to_owned()),
        ("USER_AGENT", "9999".to_owned()),
        ("ENTITY_NAME", "Account".to_owned()),
        ("CONNECTED_APP_ID", ids::nth("0H4", 1)),
        ("ROWS_PROCESSED", "1".to_owned()),
    ];
    rows.push(Event::new("RestApi", act, act.time, own));
    // The day and the place within it.
    let job = format!("750SM{}{}", &act.id[5..11], &act.id[18..]);
    for (step, (status, processed)) in [("UploadComplete", 0), ("InProgress", count / 2), ("JobComplete", count)].into_iter().enumerate() {
        // The job begins in the transaction of the call.
        let id = if step == 0 { act.id.clone() } else { format!("4S{}{}", ['x', 'y', 'z'][step], &act.id[3..]) };
        let own = vec![
            ("URI", format!("/services/data/v62.0/jobs/query/{job}")),
            ("JOB_ID", job.clone()),
            ("JOB_STATUS", status.to_owned()),
            ("OPERATION_TYPE", "QUERY".to_owned()),
            ("ENTITY_TYPE", "Account".to_owned()),
            ("RECORDS_PROCESSED", processed.to_string()),
            ("RECORDS_FAILED", "0".to_owned()),
        ];
        let time = act.time + Micros::try_from(step).unwrap_or_default() * 20 * SECOND;
        rows.push(Event::new("BulkApi2", &Act { id, ..act.clone() }, time, own));
    }
}
