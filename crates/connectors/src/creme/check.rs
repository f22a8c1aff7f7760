//! Tries what each stream needs, changing nothing.

use super::{
    access_log,
    database::Database,
    log_file::unreadable,
    manifest::{ACCESS_LOG, ACCOUNTS, HISTORYLINE, IMPRINT, LAST_VIEWED},
};
use crate::{CheckReport, CheckedStream, ConnectorError, Settings};
use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

/// The tables of each stream; one row of each is asked for.
const TABLES: &[(&str, &[&str])] = &[
    (HISTORYLINE, &["creme_core_historyline", "django_content_type", "creme_core_cremeuser"]),
    (IMPRINT, &["creme_core_imprint", "creme_core_cremeentity"]),
    (LAST_VIEWED, &["creme_core_lastviewedentity", "creme_core_cremeentity"]),
    (
        ACCOUNTS,
        &[
            "creme_core_cremeuser",
            "creme_core_cremeuser_roles",
            "creme_core_cremeuser_teammates_set",
            "creme_core_userrole",
            "creme_core_userrole_creatable_ctypes",
            "creme_core_userrole_listable_ctypes",
            "creme_core_userrole_exportable_ctypes",
            "creme_core_setcredentials",
        ],
    ),
];
/// The end of the log that is looked at.
const TAIL_BYTES: u64 = 16 * 1024;

pub(super) async fn check(settings: &Settings) -> Result<CheckReport, ConnectorError> {
    let mut streams = Vec::new();
    let version = match Database::open(settings).await {
        Ok(mut database) => {
            for (stream, tables) in TABLES {
                streams.push(of_tables(&mut database, stream, tables).await);
            }
            let version = database.one("SELECT value FROM creme_core_version ORDER BY id DESC LIMIT 1").await;
            database.close().await;
            version.map(|v| v.unwrap_or_else(|| "of unknown version".to_owned()))
        }
        Err(error) => {
            streams.extend(TABLES.iter().map(|(stream, _)| answer(stream, false, error.to_string())));
            Err(error)
        }
    };
    streams.push(match settings.text("access_log") {
        None => answer(ACCESS_LOG, false, "No path is set: sign-ins, report exports and refusals are not seen.".into()),
        Some(path) => match settings.reach().file("access_log", Path::new(path)) {
            Ok(path) => of_log(&path),
            Err(error) => answer(ACCESS_LOG, false, error.to_string()),
        },
    });
    // The log is a choice: without a path the rest still counts as working.
    let ok = streams.iter().all(|s| s.available || s.stream == ACCESS_LOG && settings.text("access_log").is_none());
    let summary = match version {
        Err(error) => sentence(&error.to_string()),
        Ok(version) if ok => format!("Connected to Creme {version}, reading only."),
        Ok(version) => format!("Connected to Creme {version}, but not every stream can be read."),
    };
    Ok(CheckReport { ok, summary, streams })
}

async fn of_tables(database: &mut Database, stream: &str, tables: &[&str]) -> CheckedStream {
    for table in tables {
        if let Err(error) = database.one(&format!("SELECT CAST(MAX(id) AS TEXT) FROM {table}")).await {
            return answer(stream, false, error.to_string());
        }
    }
    let count = database.one(&format!("SELECT CAST(COUNT(*) AS TEXT) FROM {}", tables[0])).await;
    match count {
        Ok(count) => answer(stream, true, format!("{} rows can be read.", count.unwrap_or_default())),
        Err(error) => answer(stream, false, error.to_string()),
    }
}

fn of_log(path: &Path) -> CheckedStream {
    match last_line(path) {
        Err(error) => answer(ACCESS_LOG, false, unreadable(path, &error).to_string()),
        Ok(None) => answer(ACCESS_LOG, true, "The log can be read; it is empty so far.".into()),
        Ok(Some(line)) if access_log::is_line(&line) => answer(ACCESS_LOG, true, "The log can be read; its last line is in combined format.".into()),
        Ok(Some(_)) => {
            answer(ACCESS_LOG, false, "The file's last line is not in combined log format: set the web server to write that, or correct the path.".into())
        }
    }
}

/// The last whole line among the file's last bytes.
fn last_line(path: &Path) -> std::io::Result<Option<String>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut tail = Vec::new();
    file.by_ref().take(TAIL_BYTES).read_to_end(&mut tail)?;
    let whole = tail.iter().rposition(|b| *b == b'\n').map_or(&[][..], |end| &tail[..end]);
    Ok(whole.rsplit(|b| *b == b'\n').next().filter(|l| !l.is_empty()).map(|l| String::from_utf8_lossy(l).into_owned()))
}

fn answer(stream: &str, available: bool, detail: String) -> CheckedStream {
    CheckedStream { stream: stream.to_owned(), available, detail: sentence(&detail) }
}

/// With a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.trim_end_matches('.').chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
