//! What the Creme connector needs, reads, and cannot know.

use crate::manifest::{Manifest, Recorded, Setting, SettingKind, StreamManifest};

pub const HISTORYLINE: &str = "historyline";
pub const IMPRINT: &str = "imprint";
pub const ACCOUNTS: &str = "accounts";
pub const ACCESS_LOG: &str = "access_log";

/// Written on every event; raised with `MANIFEST.version`.
pub const NORMALISER: &str = "creme/1";

pub static MANIFEST: Manifest = Manifest {
    id: "creme",
    version: 1,
    title: "Creme CRM",
    summary: "Reads Creme 2.8's history, contact reads and accounts from its database, and sign-ins and refusals from its web server's access log.",
    settings: &[
        Setting {
            name: "database_url",
            title: "Database",
            help: "A read-only account on Creme's PostgreSQL or SQLite database. Creme is never written to.",
            kind: SettingKind::Secret,
            required: true,
            example: "postgres://veritrail:password@db.example.com/creme",
        },
        Setting {
            name: "access_log",
            title: "Access log",
            help: "The combined-format access log of the web server in front of Creme. Without it sign-ins, report exports and refusals are not seen.",
            kind: SettingKind::Path,
            required: false,
            example: "/var/log/creme/access.log",
        },
        Setting {
            name: "timezone",
            title: "Time zone",
            help: "The zone of database times written without one. SQLite and PostgreSQL installations of Creme write UTC, which is taken when this is empty.",
            kind: SettingKind::Text,
            required: false,
            example: "Europe/Paris",
        },
    ],
    streams: &[
        StreamManifest { name: HISTORYLINE, title: "History of records", poll_secs: 30, lateness_secs: 120 },
        StreamManifest { name: IMPRINT, title: "Contact reads", poll_secs: 30, lateness_secs: 120 },
        StreamManifest { name: ACCOUNTS, title: "Accounts, roles and rights", poll_secs: 60, lateness_secs: 120 },
        StreamManifest { name: ACCESS_LOG, title: "Web server's access log", poll_secs: 10, lateness_secs: 60 },
    ],
    recorded: RECORDED,
};

const fn by(act: &'static str, stream: &'static str, note: &'static str) -> Recorded {
    Recorded { act, stream: Some(stream), note }
}

const fn nowhere(act: &'static str, note: &'static str) -> Recorded {
    Recorded { act, stream: None, note }
}

static RECORDED: &[Recorded] = &[
    by("Sign in", ACCESS_LOG, "Address and browser, no user name: the log line carries none, and the database keeps only each user's last sign-in."),
    by("Fail to sign in", ACCESS_LOG, "A sign-in form answered with itself. No user name is recorded anywhere."),
    by("Sign out", ACCESS_LOG, "Address and browser, no user name."),
    by("Read a contact", IMPRINT, "Once per user, contact and hour. Creme removes these with the contact."),
    by("Read another record", ACCESS_LOG, "Record and address, no user name."),
    nowhere("List or search records", "A list page leaves only its address in the access log: neither the user nor what was shown."),
    by("Create a record", HISTORYLINE, "With the user and the record's name."),
    by("Change a record", HISTORYLINE, "Old and new values of short fields; long texts by name of the field only."),
    by("Change a custom field", HISTORYLINE, "Old and new values, by the custom field's id."),
    by("Move a record to the trash", HISTORYLINE, "Also its return from there."),
    by("Delete a record", HISTORYLINE, "Creme takes the record's id off all its earlier lines; the events already read keep it."),
    by("Export a list", HISTORYLINE, "With the user and the number of rows."),
    by("Export a report", ACCESS_LOG, "Report and address; neither the user nor the number of rows."),
    by("Download a file", ACCESS_LOG, "File and address, no user name."),
    by("Create, disable or delete an account", ACCOUNTS, "Found by comparing snapshots: when and what, not by whom."),
    by(
        "Give or take a right",
        ACCOUNTS,
        "Roles, superuser and role rights by comparing snapshots: not by whom; a change undone between two reads is not seen.",
    ),
    by("Set a password", ACCESS_LOG, "For whom and from which address, not by whom."),
    by("Be denied", ACCESS_LOG, "Only as answer 403 to an address: Creme's history knows nothing of it, and the line names no user."),
    nowhere("Read or change Creme's database directly", "Below Creme; only the database server's own audit could tell."),
];
