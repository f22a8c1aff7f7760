use crate::{Manifest, Recorded, StreamManifest};

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
    settings: &[],
    streams: &[
        stream("event_log_file", "Event log files (CSV)", 2 * DAY_SECS),
        stream("login_history", "Login history export", DAY_SECS),
        stream("setup_audit_trail", "Setup audit trail export", DAY_SECS),
        stream("real_time", "Real-time events (JSON)", 3_600),
    ],
    recorded: &[
        recorded("Sign-in", Some("login_history"), "Also in event log files (Login) and real-time events (LoginEventStream)."),
        recorded("Report run or export", Some("event_log_file"), "Report, ReportExport; in real time ReportEventStream."),
        recorded("Permission change", Some("setup_audit_trail"), "Kept by Salesforce for 180 days."),
        recorded("Field values before and after a change", None, "Field history is not part of these exports."),
    ],
};
