//! Follows the access log through rotation, by renaming or by copying and truncating.
//!
//! A file is known by its inode and by a fingerprint of its beginning. When the file at the path is no longer the one read,
//! the old one is looked for beside it and read to its end; servers go on writing to it for a while.

use super::rows::bad_cursor;
use crate::{
    ConnectorError, Page, RawRecord,
    input::{HEAD_BYTES, MAX_RECORD_BYTES},
};
use model::{Micros, Refusal, SECOND};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// Bytes of a file's beginning that tell it from others: a line with its time.
const FINGERPRINT_BYTES: u64 = 256;
/// How long a rotated file is still looked at for lines of a server that had not reopened its log.
const LINGER: Micros = 120 * SECOND;
/// Rotated files read at the same time.
const MAX_ROTATED: usize = 16;

/// A place in one file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Place {
    inode: u64,
    offset: u64,
    /// SHA-256 of the first `fingerprint_bytes`, hex; empty while nothing was read.
    fingerprint: String,
    fingerprint_bytes: u64,
    /// Inside a line longer than is taken; its rest is skipped.
    #[serde(default)]
    skipping: bool,
}

#[derive(Default, Serialize, Deserialize)]
struct Cursor {
    current: Place,
    /// Files that were rotated away, oldest first, and when that was noticed.
    #[serde(default)]
    rotated: Vec<(Place, Micros)>,
}

/// Reads on from `cursor`; a first read begins at the file's beginning. `now` decides only when a rotated file is let go.
pub(super) fn read(path: &Path, cursor: &Value, limit: usize, now: Micros) -> Result<Page, ConnectorError> {
    let mut at: Cursor = if cursor.is_null() { Cursor::default() } else { serde_json::from_value(cursor.clone()).map_err(bad_cursor)? };
    let mut page = Page::default();
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) => return in_between(path, at, limit, &error),
    };
    let inode = file.metadata().map_err(|e| unreadable(path, &e))?.ino();
    let known = at.current.inode != 0;
    if known && !is_same(&mut file, &at.current, true).map_err(|e| unreadable(path, &e))? {
        let left = std::mem::take(&mut at.current);
        let newer = newer_than(path, &left, inode);
        at.rotated.push((left, now));
        at.rotated.extend(newer.into_iter().map(|place| (place, now)));
        for (place, _) in at.rotated.drain(MAX_ROTATED.min(at.rotated.len())..).collect::<Vec<_>>() {
            gap(&mut page, path, &place);
        }
    }
    if at.current.inode == 0 {
        at.current.inode = inode;
    }
    let mut kept = Vec::new();
    for (mut place, since) in std::mem::take(&mut at.rotated) {
        let let_go = now - since >= LINGER;
        match find(path, &place, inode) {
            Some((name, mut old)) => {
                let room = limit.saturating_sub(page.records.len());
                let ended = lines(&name, &mut old, &mut place, room, let_go, &mut page).map_err(|e| unreadable(&name, &e))?;
                if !(ended && let_go) {
                    kept.push((place, since));
                }
                page.more |= !ended;
            }
            None if let_go => gap(&mut page, path, &place),
            None => kept.push((place, since)),
        }
    }
    at.rotated = kept;
    let room = limit.saturating_sub(page.records.len());
    let ended = lines(path, &mut file, &mut at.current, room, false, &mut page).map_err(|e| unreadable(path, &e))?;
    page.more |= !ended;
    page.cursor = serde_json::to_value(at).map_err(bad_cursor)?;
    Ok(page)
}

/// The moment of a rotation: the file was renamed and its successor is not there yet. Its end can be read all the same.
fn in_between(path: &Path, mut at: Cursor, limit: usize, error: &std::io::Error) -> Result<Page, ConnectorError> {
    let renamed = if error.kind() == std::io::ErrorKind::NotFound && at.current.inode != 0 { find(path, &at.current, 0) } else { None };
    let (name, mut file) = renamed.ok_or_else(|| unreadable(path, error))?;
    let mut page = Page::default();
    let ended = lines(&name, &mut file, &mut at.current, limit, false, &mut page).map_err(|e| unreadable(&name, &e))?;
    page.more = !ended;
    page.cursor = serde_json::to_value(at).map_err(bad_cursor)?;
    Ok(page)
}

/// Says in quarantine that lines may be missing.
fn gap(page: &mut Page, path: &Path, place: &Place) {
    let message = "The access log was rotated and the old file is not beside it (compressed or moved at once): lines written after the last \
        read may be missing. Keep the last rotated file uncompressed (logrotate: delaycompress).";
    let lost = json!({ "read_up_to_byte": place.offset }).to_string().into_bytes();
    page.refused.push((lost, path.display().to_string(), Refusal::new("log_gap", message)));
}

pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> ConnectorError {
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            ConnectorError::Unavailable { why: format!("there is no access log at {}; check the path", path.display()), retry_after_secs: None }
        }
        std::io::ErrorKind::PermissionDenied => {
            ConnectorError::Credential(format!("the access log {} may not be read: give Veritrail's user the right to read it", path.display()))
        }
        _ => ConnectorError::Unavailable { why: format!("the access log {} cannot be read: {error}", path.display()), retry_after_secs: None },
    }
}

fn fingerprint(file: &mut File, bytes: u64) -> std::io::Result<String> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.by_ref().take(bytes).read_to_end(&mut head)?;
    Ok(hex::encode(Sha256::digest(&head)))
}

/// Whether an open file is the one of `place`. A copy has another inode, so `by_inode` asks for that only where nothing was read yet.
fn is_same(file: &mut File, place: &Place, by_inode: bool) -> std::io::Result<bool> {
    let meta = file.metadata()?;
    if meta.len() < place.offset {
        return Ok(false);
    }
    if place.fingerprint_bytes == 0 {
        return Ok(by_inode && meta.ino() == place.inode);
    }
    Ok(fingerprint(file, place.fingerprint_bytes)? == place.fingerprint)
}

/// Files beside `path` whose names begin with its name: `access.log.1`, `access.log-20260302`; oldest first.
fn siblings(path: &Path) -> Vec<PathBuf> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|n| n.to_str())) else { return Vec::new() };
    let mut found: Vec<(std::time::SystemTime, PathBuf)> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(|n| n != name && n.starts_with(name) && !n.ends_with(".gz")))
        .filter_map(|entry| Some((entry.metadata().ok().filter(std::fs::Metadata::is_file)?.modified().ok()?, entry.path())))
        .collect();
    // Of two files of the same moment the one with the higher number is older.
    found.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.cmp(&a.1)));
    found.into_iter().map(|(_, path)| path).collect()
}

fn find(path: &Path, place: &Place, current_inode: u64) -> Option<(PathBuf, File)> {
    siblings(path).into_iter().find_map(|name| {
        let mut file = File::open(&name).ok()?;
        (file.metadata().ok()?.ino() != current_inode && is_same(&mut file, place, true).ok()?).then_some((name, file))
    })
}

/// Files rotated after the one of `place`: several rotations happened between two reads.
fn newer_than(path: &Path, place: &Place, current_inode: u64) -> Vec<Place> {
    let all = siblings(path);
    let old = find(path, place, current_inode).map(|(name, _)| name);
    let Some(at) = old.and_then(|old| all.iter().position(|name| *name == old)) else { return Vec::new() };
    all[at + 1..].iter().filter_map(|name| Some(Place { inode: std::fs::metadata(name).ok()?.ino(), ..Place::default() })).collect()
}

/// Takes whole lines from `place` on; true when the file's end was reached. `last` takes an unfinished line too.
fn lines(name: &Path, file: &mut File, place: &mut Place, room: usize, last: bool, page: &mut Page) -> std::io::Result<bool> {
    if room == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::Start(place.offset))?;
    let mut buffer = Vec::new();
    file.by_ref().take(MAX_RECORD_BYTES as u64 + 1).read_to_end(&mut buffer)?;
    let whole_file_read = buffer.len() <= MAX_RECORD_BYTES;
    let (mut start, mut taken) = (0, 0);
    while start < buffer.len() && taken < room {
        let end = match buffer[start..].iter().position(|b| *b == b'\n') {
            Some(length) => start + length + 1,
            None if whole_file_read && last => buffer.len(),
            None => break,
        };
        let line = buffer[start..end].trim_ascii_end();
        let offset = place.offset + start as u64;
        start = end;
        if std::mem::take(&mut place.skipping) || line.is_empty() {
            continue;
        }
        taken += 1;
        let origin = format!("{} byte {offset}", name.file_name().unwrap_or_default().to_string_lossy());
        match std::str::from_utf8(line) {
            // The place stands for an id: equal lines of one second stay apart wherever pages are cut.
            Ok(text) => page.records.push(RawRecord { text: json!({ "line": text, "offset": offset }).to_string(), origin, kind: String::new() }),
            Err(e) => {
                let why = format!("The line is not UTF-8 after byte {}.", e.valid_up_to());
                page.refused.push((line.to_vec(), origin, Refusal::new("not_utf8", why)));
            }
        }
    }
    if start == 0 && !whole_file_read {
        if !place.skipping {
            let message = format!("The line has more than {MAX_RECORD_BYTES} bytes.");
            page.refused.push((buffer[..HEAD_BYTES].to_vec(), format!("{} byte {}", name.display(), place.offset), Refusal::new("too_large", message)));
        }
        place.skipping = true;
        start = buffer.len();
    }
    place.offset += start as u64;
    if place.fingerprint_bytes < FINGERPRINT_BYTES && place.offset > place.fingerprint_bytes {
        place.fingerprint_bytes = place.offset.min(FINGERPRINT_BYTES);
        place.fingerprint = fingerprint(file, place.fingerprint_bytes)?;
    }
    Ok(whole_file_read && taken < room)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn append(path: &Path, text: &str) {
        File::options().create(true).append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
    }

    struct Follower {
        folder: PathBuf,
        cursor: Value,
        now: Micros,
    }

    impl Follower {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("veritrail-log-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            Self { folder, cursor: Value::Null, now: 0 }
        }
        fn path(&self, name: &str) -> PathBuf {
            self.folder.join(name)
        }
        /// Lines and refusals of one read.
        fn check(&mut self, expect: &[&str]) {
            let page = read(&self.path("access.log"), &self.cursor, 100, self.now).unwrap();
            let line = |r: &RawRecord| serde_json::from_str::<Value>(&r.text).unwrap()["line"].as_str().unwrap().to_owned();
            let got: Vec<String> = page.records.iter().map(line).chain(page.refused.iter().map(|(.., r)| format!("!{}", r.code))).collect();
            assert_eq!(got, expect);
            assert!(!page.more);
            self.cursor = page.cursor;
        }
    }

    impl Drop for Follower {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.folder).ok();
        }
    }

    #[test]
    fn a_line_is_taken_once_it_is_whole() {
        let mut f = Follower::new("whole");
        append(&f.path("access.log"), "one\ntw");
        f.check(&["one"]);
        append(&f.path("access.log"), "o\ntwo\n");
        f.check(&["two", "two"]);
        f.check(&[]);
    }

    #[test]
    fn a_renamed_log_is_read_to_its_end() {
        let mut f = Follower::new("rename");
        append(&f.path("access.log"), "one\n");
        f.check(&["one"]);
        append(&f.path("access.log"), "two\n");
        std::fs::rename(f.path("access.log"), f.path("access.log.1")).unwrap();
        append(&f.path("access.log"), "three\n");
        f.check(&["two", "three"]);
        append(&f.path("access.log.1"), "late\n");
        append(&f.path("access.log"), "four\n");
        f.check(&["late", "four"]);
        f.now = LINGER;
        append(&f.path("access.log.1"), "unfinished");
        f.check(&["unfinished"]);
        f.check(&[]);
    }

    #[test]
    fn between_renaming_and_reopening_nothing_is_missing() {
        let mut f = Follower::new("between");
        append(&f.path("access.log"), "one\n");
        f.check(&["one"]);
        append(&f.path("access.log"), "two\n");
        std::fs::rename(f.path("access.log"), f.path("access.log.1")).unwrap();
        f.check(&["two"]);
        append(&f.path("access.log.1"), "late\n");
        append(&f.path("access.log"), "three\n");
        f.check(&["late", "three"]);
    }

    #[test]
    fn a_copied_and_truncated_log_is_read_to_its_end() {
        let mut f = Follower::new("truncate");
        append(&f.path("access.log"), "one\n");
        f.check(&["one"]);
        append(&f.path("access.log"), "two\n");
        std::fs::copy(f.path("access.log"), f.path("access.log.1")).unwrap();
        File::options().write(true).open(f.path("access.log")).unwrap().set_len(0).unwrap();
        append(&f.path("access.log"), "and three, longer than what was there before\n");
        f.check(&["two", "and three, longer than what was there before"]);
    }

    #[test]
    fn two_rotations_between_two_reads_lose_nothing() {
        let mut f = Follower::new("twice");
        append(&f.path("access.log"), "one\n");
        f.check(&["one"]);
        append(&f.path("access.log"), "two\n");
        std::fs::rename(f.path("access.log"), f.path("access.log.2")).unwrap();
        append(&f.path("access.log"), "three\n");
        std::fs::rename(f.path("access.log"), f.path("access.log.1")).unwrap();
        append(&f.path("access.log"), "four\n");
        f.check(&["two", "three", "four"]);
    }

    #[test]
    fn a_vanished_old_log_is_told() {
        let mut f = Follower::new("vanished");
        append(&f.path("access.log"), "one\n");
        f.check(&["one"]);
        std::fs::remove_file(f.path("access.log")).unwrap();
        append(&f.path("access.log"), "new\n");
        f.check(&["new"]);
        f.now = LINGER;
        f.check(&["!log_gap"]);
    }

    #[test]
    fn an_over_long_line_is_refused_and_passed() {
        let mut f = Follower::new("long");
        append(&f.path("access.log"), &format!("{}\nafter\n", "x".repeat(3 * MAX_RECORD_BYTES)));
        let mut seen = Vec::new();
        for _ in 0..6 {
            let page = read(&f.path("access.log"), &f.cursor, 100, 0).unwrap();
            seen.extend(page.refused.iter().map(|(.., r)| r.code.clone()));
            seen.extend(page.records.iter().map(|r| r.text.clone()));
            f.cursor = page.cursor;
        }
        assert_eq!(seen.len(), 2, "{seen:?}");
        assert_eq!(seen[0], "too_large");
    }
}
