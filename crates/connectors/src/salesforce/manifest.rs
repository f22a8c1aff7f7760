use crate::{Manifest, Recorded, Setting, SettingKind, StreamManifest};

const DAY_SECS: u32 = 86_400;

const fn stream(name: &'static str, title: &'static str, lateness_secs: u32) -> StreamManifest {
    StreamManifest { name, title, poll_secs: 0, lateness_secs }
}

const fn recorded(act: &'static str, stream: Option<&'static str>, note: &'static str) -> Recorded {
    Recorded { act, stream, note }
}

pub(super) static MANIFEST: Manifest = Manifest {
    id: "salesforce",
    version: 1,
    title: "Salesforce",
    summary: "Reads exported event log files, login history, setup audit trail and real-time events from files and pushed bodies.",
    settings: &[
        Setting {
            name: "timezone",
            title: "Time zone of downloads",
            help: "The zone of times written without one, in login histories and audit trails downloaded from Setup. Empty means UTC.",
            kind: SettingKind::Text,
            required: false,
            example: "America/Los_Angeles",
        },
        Setting {
            name: "date_order",
            title: "Date order of downloads",
            help: "month_first (as in the United States) or day_first, in files downloaded from Setup. Empty means month_first.",
            kind: SettingKind::Choice,
            required: false,
            example: "day_first",
        },
    ],
    streams: &[
        stream("event_log_file", "Event log files (CSV)", 2 * DAY_SECS),
        stream("login_history", "Login history export", DAY_SECS),
        stream("setup_audit_trail", "Setup audit trail export", DAY_SECS),
        stream("real_time", "Real-time events (JSON)", 3_600),
    ],
    recorded: &[
        recorded("Sign-in", Some("login_history"), "Also in event log files (Login) and real-time events (LoginEventStream)."),
        recorded("Report run or export", Some("event_log_file"), "Report (with the number of rows) and ReportExport; in real time ReportEventStream."),
        recorded("Sign-in as somebody else", Some("event_log_file"), "LoginAs: by whom and as whom; in real time LoginAsEventStream."),
        recorded(
            "Read, create, change or delete a record",
            Some("real_time"),
            "LightningUriEventStream; event log files hold page views (URI, LightningPageView) only.",
        ),
        recorded("Read or change by a program", Some("event_log_file"), "API, RestApi, BulkApi, BulkApi2; in real time ApiEventStream."),
        recorded("Permission change", Some("setup_audit_trail"), "Kept by Salesforce for 180 days."),
        recorded("Field values before and after a change", None, "Field history is not part of these exports."),
    ],
};
