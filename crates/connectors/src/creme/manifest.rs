//! What the Creme connector needs, reads, and cannot know.

use crate::manifest::{Manifest, Recorded, Setting, SettingKind, StreamManifest};

pub const HISTORYLINE: &str = "historyline";
pub const IMPRINT: &str = "imprint";
pub const LAST_VIEWED: &str = "last_viewed";
pub const ACCOUNTS: &str = "accounts";
pub const ACCESS_LOG: &str = "access_log";

/// Written on every event; raised with `MANIFEST.version`.
pub const NORMALISER: &str = "creme/2";

pub static MANIFEST: Manifest = Manifest {
    id: "creme",
    version: 2,
    title: "Creme CRM",
    summary: "Reads Creme 2.8's history, contact reads and accounts from its database, and sign-ins and refusals from its web server's access log.",
    settings: &[
        Setting {
            name: "database_url",
            title: "Database",
            help: "A read-only account on Creme's PostgreSQL or SQLite database. Creme is never written to.",
            kind: SettingKind::Secret,
            required: true,
            example: "postgres://veritrail:password@db.example.com/creme or sqlite:///srv/creme/creme.sqlite3",
        },
        Setting {
            name: "access_log",
            title: "Access log",
            help: "The combined-format access log of the web server in front of Creme, readable on this machine. Without it sign-ins, report exports and refusals are not seen.",
            kind: SettingKind::Path,
            required: false,
            example: "/var/log/creme/access.log",
        },
    ],
    streams: &[
        StreamManifest { name: HISTORYLINE, title: "History of records", poll_secs: 3, lateness_secs: 120 },
        StreamManifest { name: IMPRINT, title: "Contact reads", poll_secs: 5, lateness_secs: 120 },
        StreamManifest { name: LAST_VIEWED, title: "Last viewed records", poll_secs: 3, lateness_secs: 120 },
        StreamManifest { name: ACCOUNTS, title: "Accounts, roles and rights", poll_secs: 5, lateness_secs: 120 },
        StreamManifest { name: ACCESS_LOG, title: "Web server's access log", poll_secs: 2, lateness_secs: 180 },
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
    by(
        "Sign in",
        ACCESS_LOG,
        "Address and browser. The user by the account's last sign-in of the same moment, when only one fits; the event says so and how sure it is.",
    ),
    by("Fail to sign in", ACCESS_LOG, "A sign-in form answered with itself: address and browser. The name that was tried is recorded nowhere."),
    by("Sign out", ACCESS_LOG, "Address and browser; the user as for a sign-in."),
    by(
        "Read a contact",
        IMPRINT,
        "With the user, once per user, contact and hour; further reads arrive as last viewed. Creme removes imprints with the contact.",
    ),
    by(
        "Read another record",
        LAST_VIEWED,
        "With the user and the time of the last view only: Creme keeps 20 records per user, so several views of one record between two reads are one. A report's preview counts as a view.",
    ),
    by(
        "List or search records",
        ACCESS_LOG,
        "The page's address (kept as a request; what was searched for stands in its sealed line only): not which records were shown.",
    ),
    by("Create a record", HISTORYLINE, "With the user and the record's name; a copy (clone) likewise."),
    by("Import records from a file", HISTORYLINE, "A creation for each record, with the user; the file is a document of Creme's."),
    by(
        "Change a record",
        HISTORYLINE,
        "Old and new values of short fields; long texts and lists of other records by name of the field or by ids. One line a record when many are changed at once.",
    ),
    by("Change a custom field", HISTORYLINE, "Old and new values, by the custom field's id."),
    by("Change a part of a record", HISTORYLINE, "An address, an invoice's line: created, changed with old and new values, removed."),
    by("Mark or unmark a record with a property", HISTORYLINE, "The property by its id."),
    by("Link or unlink two records", HISTORYLINE, "A line at each of both ends."),
    by("Move a record to the trash", HISTORYLINE, "Also its return from there."),
    by(
        "Delete a record",
        HISTORYLINE,
        "Creme takes the record's id off all its lines; the events already read keep it, and the deletion and what it empties are joined to them by the trash. Emptying the trash is one deletion a record.",
    ),
    by(
        "Merge two records",
        HISTORYLINE,
        "The merged one's deletion by name only, as it never was in the trash, and the kept one's changes, where there are any.",
    ),
    by("Export a list", HISTORYLINE, "With the user and the number of rows."),
    by(
        "Export a report",
        ACCESS_LOG,
        "Report and address, without the number of rows; the user only where one alone is signed in from that address and browser.",
    ),
    by("Export a contact as a visiting card", ACCESS_LOG, "Contact and address; the user as for a report's export."),
    by("Download a file", ACCESS_LOG, "File and address; the user as for a report's export."),
    by("Create, disable or delete an account", ACCOUNTS, "Found by comparing snapshots: when and what, not by whom."),
    by(
        "Give or take a right",
        ACCOUNTS,
        "Roles, superuser, teams and a role's rights by comparing snapshots: not by whom; a change undone between two reads is not seen.",
    ),
    by("Set another user's password", ACCESS_LOG, "For whom and from which address; by whom as for a report's export. The account's row is seen to change."),
    by("Change one's own password", ACCESS_LOG, "From which address; whose as for a report's export. The account's row is seen to change."),
    by("Be denied", ACCESS_LOG, "Answer 403 to an address; Creme's history knows nothing of it."),
    nowhere("The name tried in a failed sign-in", "Neither the database nor any log has it."),
    nowhere("Read a record again within moments", "The last view overwrites the one before; the page's address is in the access log."),
    nowhere("Read a record's fields without opening its page", "Creme answers its own pages' questions without a view; only the request is in the access log."),
    nowhere("See records in a list or a search result", "Nothing says which records a list showed."),
    nowhere("Change a record and change it back within one form", "Creme compares a record before and after saving; what is equal leaves no line."),
    nowhere("Save a form without changing anything", "The record's own time of change moves, without a user; only the request is in the access log."),
    nowhere("Change Creme's configuration", "Custom fields, properties, lists and settings are state without history; only the request is in the access log."),
    nowhere("Hand a deleted account's records to another user", "The owner changes without a line; the account's deletion is seen."),
    nowhere("Read or change Creme's database directly", "Below Creme; only the database server's own audit could tell."),
];
