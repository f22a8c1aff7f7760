//! The readers: each frame becomes a record, or is refused with a reason; reading goes on after a refusal.

use super::{
    FileHint, HEAD_BYTES, Item, MAX_RECORD_BYTES, Records,
    frames::{Frame, Frames, Rule},
};
use crate::RawRecord;
use model::Refusal;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use std::io::BufRead;

/// Lines of a log; empty ones are skipped.
pub fn lines<'a>(hint: &FileHint, input: Box<dyn BufRead + Send + 'a>) -> Records<'a> {
    records(hint, Frames::new(input, Rule::Line), |text| Ok(text.to_owned()))
}

/// One JSON value per line.
pub fn ndjson<'a>(hint: &FileHint, input: Box<dyn BufRead + Send + 'a>) -> Records<'a> {
    records(hint, Frames::new(input, Rule::Line), json_text)
}

/// A JSON array's members, or values one after the other, over as many lines as they like.
pub fn json<'a>(hint: &FileHint, input: Box<dyn BufRead + Send + 'a>) -> Records<'a> {
    records(hint, Frames::new(input, Rule::JSON), json_text)
}

/// CSV (RFC 4180) with a header: each row becomes the text of a JSON object of strings. Quoted fields may hold line ends.
pub fn csv<'a>(hint: &FileHint, input: Box<dyn BufRead + Send + 'a>) -> Records<'a> {
    let mut header: Option<Vec<String>> = None;
    let mut frames = Frames::new(input, Rule::CSV);
    let hint = hint.clone();
    Box::new(std::iter::from_fn(move || {
        loop {
            let frame = match frames.next() {
                Err(e) => return Some(Err(e)),
                Ok(frame) => frame?,
            };
            let Some(names) = &header else {
                match text(&frame).and_then(fields) {
                    Ok(names) => {
                        header = Some(names.into_iter().map(|n| n.trim().to_owned()).collect());
                        continue;
                    }
                    Err(refusal) => {
                        // Without a header no row has names: all of them are refused for their column count.
                        header = Some(Vec::new());
                        return Some(Ok(refused(&hint, frame, refusal)));
                    }
                }
            };
            return Some(Ok(item(&hint, frame, |text| row(names, text))));
        }
    }))
}

/// Picks the reader by media type, then by file name: CSV, NDJSON, JSON, else lines.
pub fn by_name<'a>(hint: &FileHint, input: Box<dyn BufRead + Send + 'a>) -> Records<'a> {
    let name = hint.name.to_ascii_lowercase();
    let media = hint.media_type.split(';').next().unwrap_or("").trim();
    match media {
        "text/csv" => csv(hint, input),
        "application/x-ndjson" => ndjson(hint, input),
        "application/json" => json(hint, input),
        _ if name.ends_with(".csv") => csv(hint, input),
        _ if name.ends_with(".ndjson") || name.ends_with(".jsonl") => ndjson(hint, input),
        _ if name.ends_with(".json") => json(hint, input),
        _ => lines(hint, input),
    }
}

fn records<'a>(hint: &FileHint, mut frames: Frames<'a>, read: fn(&str) -> Result<String, Refusal>) -> Records<'a> {
    let hint = hint.clone();
    Box::new(std::iter::from_fn(move || match frames.next() {
        Err(e) => Some(Err(e)),
        Ok(frame) => Some(Ok(item(&hint, frame?, read))),
    }))
}

fn item(hint: &FileHint, frame: Frame, read: impl Fn(&str) -> Result<String, Refusal>) -> Item {
    match text(&frame).and_then(read) {
        Err(refusal) => refused(hint, frame, refusal),
        Ok(text) => {
            let record = RawRecord { text, origin: origin(hint, &frame), kind: String::new() };
            Item::Record { stream: hint.stream.clone(), record }
        }
    }
}

fn refused(hint: &FileHint, frame: Frame, refusal: Refusal) -> Item {
    let (origin, size_bytes, mut bytes) = (origin(hint, &frame), frame.size_bytes, frame.bytes);
    if size_bytes > MAX_RECORD_BYTES as u64 {
        bytes.truncate(HEAD_BYTES);
        bytes.shrink_to_fit();
    }
    Item::Refused { stream: hint.stream.clone(), bytes, size_bytes, origin, refusal }
}

fn origin(hint: &FileHint, frame: &Frame) -> String {
    let name = if hint.name.is_empty() { "input" } else { &hint.name };
    format!("{name} line {}", frame.line)
}

fn text(frame: &Frame) -> Result<&str, Refusal> {
    if frame.is_too_large() {
        let message = format!("The record has {} bytes; at most {MAX_RECORD_BYTES} are taken.", frame.size_bytes);
        return Err(Refusal::new("too_large", message));
    }
    std::str::from_utf8(&frame.bytes).map_err(|e| Refusal::new("not_utf8", format!("The record is not UTF-8 after byte {}.", e.valid_up_to())))
}

fn json_text(text: &str) -> Result<String, Refusal> {
    // The parser's message names position and kind only, never values.
    serde_json::from_str::<IgnoredAny>(text)
        .map_err(|e| Refusal::new("bad_json", format!("The record is not JSON: column {} of its line {}.", e.column(), e.line())))?;
    Ok(text.to_owned())
}

fn row(names: &[String], text: &str) -> Result<String, Refusal> {
    let values = fields(text)?;
    if values.len() != names.len() {
        return Err(Refusal::new("bad_csv", format!("The row has {} columns where the header has {}.", values.len(), names.len())));
    }
    let object: Map<String, Value> = names.iter().cloned().zip(values.into_iter().map(Value::String)).collect();
    Ok(Value::Object(object).to_string())
}

fn fields(text: &str) -> Result<Vec<String>, Refusal> {
    let capacity = text.len().clamp(64, 8192);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).buffer_capacity(capacity).from_reader(text.as_bytes());
    match reader.records().next() {
        Some(Ok(record)) => Ok(record.iter().map(str::to_owned).collect()),
        _ => Err(Refusal::new("bad_csv", "The row cannot be read as CSV.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufReader, Read};

    type Reader = for<'a> fn(&FileHint, Box<dyn BufRead + Send + 'a>) -> Records<'a>;

    fn check(reader: Reader, input: &[u8], expect: &[&str]) {
        let hint = FileHint { name: "f".into(), ..FileHint::default() };
        // One byte at a time, so that every record crosses a buffer's end.
        let input = BufReader::with_capacity(1, input);
        let got: Vec<String> = reader(&hint, Box::new(input))
            .map(|item| match item.unwrap() {
                Item::Record { record, .. } => format!("{} {}", &record.origin[7..], record.text),
                Item::Refused { refusal, origin, .. } => format!("{} !{}", &origin[7..], refusal.code),
            })
            .collect();
        assert_eq!(got, expect);
    }

    #[test]
    fn lines_without_ends_and_with_foreign_bytes() {
        check(lines, b"\xEF\xBB\xBFa\r\n\r\n\xff\nb", &["1 a", "3 !not_utf8", "4 b"]);
    }

    #[test]
    fn csv_rows_are_named_by_the_header() {
        check(
            csv,
            b"\xEF\xBB\xBF\"A\",B\r\n1,\"x\ny \"\"q\"\"\"\r\n1\r\n2,\r\n\xff,1\n3,c",
            &[r#"2 {"A":"1","B":"x\ny \"q\""}"#, "4 !bad_csv", r#"5 {"A":"2","B":""}"#, "6 !not_utf8", r#"7 {"A":"3","B":"c"}"#],
        );
    }

    #[test]
    fn json_arrays_and_sequences() {
        check(json, b"[{\"a\":[1,\"]\\\"}\"]},\n {\"b\":{}}, 7]", &[r#"1 {"a":[1,"]\"}"]}"#, r#"2 {"b":{}}"#, "2 7"]);
        check(json, b"{\n\"a\":1}{\"b\":2}\n{oops}\n{\"c\":\"x\n{\"d\":4}", &["1 {\n\"a\":1}", r#"2 {"b":2}"#, "3 !bad_json", "4 !bad_json", r#"5 {"d":4}"#]);
        check(ndjson, b"{\"a\":1}\n{\n{\"b\":2}\n", &[r#"1 {"a":1}"#, "2 !bad_json", r#"3 {"b":2}"#]);
    }

    #[test]
    fn a_line_of_200_mb_is_refused_by_its_beginning() {
        let long = std::io::repeat(b'x').take(200_000_000).chain(&b"\nafter\n"[..]);
        let items: Vec<Item> = lines(&FileHint::default(), Box::new(BufReader::new(long))).map(Result::unwrap).collect();
        let [Item::Refused { bytes, size_bytes, refusal, .. }, Item::Record { record, .. }] = &items[..] else { panic!("{}", items.len()) };
        assert_eq!((bytes.len(), *size_bytes, refusal.code.as_str(), record.text.as_str()), (HEAD_BYTES, 200_000_000, "too_large", "after"));
    }
}
