//! Where bytes lie: files, the pages of PostgreSQL, the segments of a searchable view.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// The files of every table and index of a PostgreSQL database, as they lie.
pub(super) fn relations(url: &str) -> Vec<(String, Vec<u8>)> {
    let ask = |sql: &str| {
        let output = Command::new("psql").args([url, "-At", "-c", sql]).output().expect("psql comes with PostgreSQL");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    ask("CHECKPOINT");
    let files = "SELECT c.relname || ' ' || encode(pg_read_binary_file(pg_relation_filepath(c.oid)), 'hex') FROM pg_class c \
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 't', 'i') AND n.nspname IN ('public', 'pg_toast') AND pg_relation_filepath(c.oid) IS NOT NULL";
    let of = |line: &str| line.split_once(' ').map(|(name, hex)| (format!("relation {name}"), hex::decode(hex).unwrap()));
    ask(files).lines().filter_map(of).collect()
}

/// What tantivy packs: every term and every stored record of every segment, deleted ones included, of each index below this folder.
pub(super) fn splits(folder: &Path) -> Vec<(String, Vec<u8>)> {
    if !folder.is_dir() {
        return Vec::new();
    }
    let indexes = files(folder).into_iter().filter(|path| path.ends_with("meta.json"));
    indexes.flat_map(|meta| unpacked(meta.parent().unwrap())).collect()
}

fn unpacked(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let index = tantivy::Index::open_in_dir(folder).unwrap();
    let schema = index.schema();
    for segment in index.reader().unwrap().searcher().segment_readers() {
        let place = format!("{}, segment {}", folder.display(), segment.segment_id().short_uuid_string());
        for (field, entry) in schema.fields().filter(|(_, entry)| entry.is_indexed()) {
            let (mut terms, inverted) = (Vec::new(), segment.inverted_index(field).unwrap());
            let mut stream = inverted.terms().stream().unwrap();
            while stream.advance() {
                terms.extend_from_slice(stream.key());
                terms.push(b'\n');
            }
            found.push((format!("{place}, terms of {}", entry.name()), terms));
        }
        let stored = segment.get_store_reader(1).unwrap();
        let records: Vec<Vec<u8>> = (0..segment.max_doc()).map(|at| stored.get_document_bytes(at).unwrap().to_vec()).collect();
        found.push((format!("{place}, stored"), records.join(&b'\n')));
    }
    found
}
