//! Cuts a byte stream into records without holding more than one, and of an over-long one only its beginning.

use super::MAX_RECORD_BYTES;
use std::io::{BufRead, ErrorKind, Result};

/// The bytes of one record, at most one more than [`MAX_RECORD_BYTES`]; `size_bytes` is what it really had.
#[derive(Debug)]
pub(super) struct Frame {
    pub bytes: Vec<u8>,
    pub size_bytes: u64,
    /// The line its first byte stood on, from 1.
    pub line: u64,
}

impl Frame {
    pub fn is_too_large(&self) -> bool {
        self.size_bytes > MAX_RECORD_BYTES as u64
    }
}

/// Where records end.
#[derive(Debug)]
pub(super) enum Rule {
    Line,
    /// At a line end outside quotes (RFC 4180).
    Csv {
        quoted: bool,
    },
    /// After each top-level value; an outer array's brackets and commas are skipped.
    Json {
        depth: u32,
        in_string: bool,
        escaped: bool,
        scalar: bool,
    },
}

enum Step {
    Skip,
    Keep,
    KeepAndEnd,
    End,
}

impl Rule {
    pub const CSV: Rule = Rule::Csv { quoted: false };
    pub const JSON: Rule = Rule::Json { depth: 0, in_string: false, escaped: false, scalar: false };

    fn step(&mut self, byte: u8, size: u64) -> Step {
        match self {
            Rule::Line if byte == b'\n' => Step::End,
            Rule::Line => Step::Keep,
            Rule::Csv { quoted } => {
                // A quote never closed would swallow the rest of the file: past the limit any line end is the end.
                if byte == b'\n' && (!*quoted || size > MAX_RECORD_BYTES as u64) {
                    *quoted = false;
                    return Step::End;
                }
                *quoted ^= byte == b'"';
                Step::Keep
            }
            Rule::Json { depth, in_string, escaped, scalar } => {
                if *in_string {
                    match byte {
                        // JSON forbids a bare line end in a string (RFC 8259 section 7): the quote was never closed; go on after it.
                        b'\n' => {
                            *self = Rule::JSON;
                            return Step::KeepAndEnd;
                        }
                        _ if *escaped => *escaped = false,
                        b'\\' => *escaped = true,
                        b'"' => {
                            *in_string = false;
                            if *depth == 0 {
                                return Step::KeepAndEnd;
                            }
                        }
                        _ => {}
                    }
                    return Step::Keep;
                }
                match byte {
                    b' ' | b'\t' | b'\r' | b'\n' | b',' | b']' if *scalar => {
                        *scalar = false;
                        return Step::End;
                    }
                    _ if *scalar => {}
                    b' ' | b'\t' | b'\r' | b'\n' | b',' | b'[' | b']' | 0xEF | 0xBB | 0xBF if *depth == 0 => return Step::Skip,
                    b'"' => *in_string = true,
                    b'{' | b'[' => *depth += 1,
                    b'}' | b']' if *depth > 0 => {
                        *depth -= 1;
                        if *depth == 0 {
                            return Step::KeepAndEnd;
                        }
                    }
                    _ if *depth == 0 => *scalar = true,
                    _ => {}
                }
                Step::Keep
            }
        }
    }
}

pub(super) struct Frames<'a> {
    input: Box<dyn BufRead + Send + 'a>,
    rule: Rule,
    line: u64,
    first: bool,
}

impl<'a> Frames<'a> {
    pub fn new(input: Box<dyn BufRead + Send + 'a>, rule: Rule) -> Self {
        Self { input, rule, line: 1, first: true }
    }

    /// The next record that is not empty.
    pub fn next(&mut self) -> Result<Option<Frame>> {
        loop {
            let Some(mut frame) = self.read()? else { return Ok(None) };
            if std::mem::take(&mut self.first) && frame.bytes.starts_with(b"\xEF\xBB\xBF") {
                frame.bytes.drain(..3);
                frame.size_bytes -= 3;
            }
            if frame.bytes.last() == Some(&b'\r') {
                frame.bytes.pop();
                frame.size_bytes -= 1;
            }
            if frame.size_bytes > 0 {
                return Ok(Some(frame));
            }
        }
    }

    fn read(&mut self) -> Result<Option<Frame>> {
        let mut frame = Frame { bytes: Vec::new(), size_bytes: 0, line: self.line };
        loop {
            let chunk = match self.input.fill_buf() {
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                other => other?,
            };
            if chunk.is_empty() {
                return Ok((frame.size_bytes > 0).then_some(frame));
            }
            let (mut used, mut ended) = (0, false);
            for &byte in chunk {
                used += 1;
                let step = self.rule.step(byte, frame.size_bytes);
                if matches!(step, Step::Keep | Step::KeepAndEnd) {
                    if frame.size_bytes == 0 {
                        frame.line = self.line;
                    }
                    frame.size_bytes += 1;
                    if frame.bytes.len() <= MAX_RECORD_BYTES {
                        frame.bytes.push(byte);
                    }
                }
                self.line += u64::from(byte == b'\n');
                if matches!(step, Step::End | Step::KeepAndEnd) {
                    ended = true;
                    break;
                }
            }
            self.input.consume(used);
            if ended {
                return Ok(Some(frame));
            }
        }
    }
}
