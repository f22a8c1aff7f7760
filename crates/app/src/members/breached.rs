//! Passwords that became known: a list the host supplies, of the passwords themselves or of their SHA-1 in order, as Have I Been Pwned gives it.

use crate::{AppError, Result};
use sha1::{Digest, Sha1};
use std::{
    collections::HashSet,
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Hexadecimal digits of a SHA-1.
const HEX: usize = 40;
/// The longest line of hash and count there may be.
const MOST_LINE_BYTES: u64 = 128;
/// Passwords are held in memory up to so many; more are given as ordered hashes, which are looked up in the file.
const MOST_WORDS: usize = 1_000_000;

/// Where known passwords are looked up.
#[derive(Clone, Default)]
pub enum Breached {
    #[default]
    NoList,
    Words(Arc<HashSet<[u8; 20]>>),
    /// Lines `HASH` or `HASH:COUNT`, in order.
    Hashes(PathBuf),
}

impl std::fmt::Debug for Breached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoList => f.write_str("no list"),
            Self::Words(words) => write!(f, "{} passwords", words.len()),
            Self::Hashes(path) => write!(f, "hashes in '{}'", path.display()),
        }
    }
}

impl Breached {
    /// # Errors
    /// `Internal` naming what is wrong with the file.
    pub fn open(path: &Path) -> Result<Self> {
        let wrong = |why: String| AppError::Internal(format!("the list of known passwords '{}' cannot be used: {why}", path.display()));
        let mut lines = BufReader::new(File::open(path).map_err(|e| wrong(e.to_string()))?).split(b'\n').peekable();
        let first = lines.peek().and_then(|line| line.as_ref().ok()).cloned().unwrap_or_default();
        if hash_of(&first).is_some() {
            return Ok(Self::Hashes(path.to_owned()));
        }
        let mut words = HashSet::new();
        for line in lines {
            let mut line = line.map_err(|e| wrong(e.to_string()))?;
            line.truncate(line.trim_ascii_end().len());
            if !line.is_empty() {
                words.insert(Sha1::digest(&line).into());
            }
            if words.len() > MOST_WORDS {
                return Err(wrong(format!("it holds more than {MOST_WORDS} passwords; give their SHA-1 in order instead")));
            }
        }
        Ok(Self::Words(Arc::new(words)))
    }

    /// Whether the password is in the list.
    pub(crate) async fn has(&self, password: &str) -> Result<bool> {
        let hash: [u8; 20] = Sha1::digest(password.as_bytes()).into();
        match self {
            Self::NoList => Ok(false),
            Self::Words(words) => Ok(words.contains(&hash)),
            Self::Hashes(path) => {
                let path = path.clone();
                let looked = tokio::task::spawn_blocking(move || listed(&mut File::open(path)?, &hex::encode_upper(hash))).await;
                looked.map_err(|e| AppError::Internal(e.to_string()))?.map_err(|e| AppError::Internal(format!("the list of known passwords: {e}")))
            }
        }
    }
}

/// The hash that a line begins with, in upper case.
fn hash_of(line: &[u8]) -> Option<String> {
    let hash = std::str::from_utf8(line.get(..HEX)?).ok()?;
    let ends = matches!(line.get(HEX), None | Some(b':' | b'\r'));
    (ends && hash.bytes().all(|b| b.is_ascii_hexdigit())).then(|| hash.to_ascii_uppercase())
}

/// A binary search over lines in order.
fn listed(file: &mut (impl Read + Seek), hash: &str) -> io::Result<bool> {
    // Both are where lines begin, or the end.
    let (mut low, mut high) = (0, file.seek(SeekFrom::End(0))?);
    while low < high {
        let middle = low + (high - low) / 2;
        let (begin, line, next) = line_at(file, middle, low)?;
        let there = hash_of(&line).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("no hash at byte {begin}")))?;
        match there.as_str().cmp(hash) {
            std::cmp::Ordering::Equal => return Ok(true),
            std::cmp::Ordering::Less => low = next,
            std::cmp::Ordering::Greater => high = begin,
        }
    }
    Ok(false)
}

/// The line that this byte is in: where it begins, the line, where the next one begins. Some line begins at `low`.
fn line_at(file: &mut (impl Read + Seek), byte: u64, low: u64) -> io::Result<(u64, Vec<u8>, u64)> {
    let start = byte.saturating_sub(MOST_LINE_BYTES).max(low);
    file.seek(SeekFrom::Start(start))?;
    let mut window = Vec::new();
    file.take(2 * MOST_LINE_BYTES).read_to_end(&mut window)?;
    let at = usize::try_from(byte - start).unwrap_or(0);
    let begin = window[..at].iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1);
    let end = window[at..].iter().position(|b| *b == b'\n').map_or(window.len(), |end| at + end);
    Ok((start + begin as u64, window[begin..end].to_vec(), start + end as u64 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn hash(word: &str) -> String {
        hex::encode_upper(Sha1::digest(word.as_bytes()))
    }

    #[test]
    fn every_hash_of_the_list_is_found_and_no_other() {
        for count in [1, 2, 3, 50, 501] {
            let mut lines: Vec<String> = (0..count).map(|n| format!("{}:{}", hash(&n.to_string()), n * 7_919)).collect();
            lines.sort();
            for text in [lines.join("\n"), lines.join("\r\n") + "\r\n"] {
                let mut file = Cursor::new(text.clone().into_bytes());
                for n in 0..count {
                    assert!(listed(&mut file, &hash(&n.to_string())).unwrap(), "{n} of {count}");
                }
                for n in count..count + 50 {
                    assert!(!listed(&mut file, &hash(&n.to_string())).unwrap(), "{n} beside {count}");
                }
            }
        }
        assert!(!listed(&mut Cursor::new(Vec::new()), &hash("x")).unwrap(), "an empty list");
        assert!(listed(&mut Cursor::new(b"not a list of hashes".to_vec()), &hash("x")).is_err());
    }

    #[tokio::test]
    async fn words_and_hashes_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let (words, hashes) = (folder.path().join("words.txt"), folder.path().join("hashes.txt"));
        std::fs::write(&words, "correct horse battery\r\nanother one\n").unwrap();
        std::fs::write(&hashes, format!("{}:3\n", hash("correct horse battery"))).unwrap();
        for path in [words, hashes] {
            let breached = Breached::open(&path).unwrap();
            assert!(breached.has("correct horse battery").await.unwrap(), "{breached:?}");
            assert!(!breached.has("correct horse batterz").await.unwrap(), "{breached:?}");
            assert!(!format!("{breached:?}").contains("horse"));
        }
        assert!(Breached::open(&folder.path().join("nothing")).is_err());
        assert!(!Breached::NoList.has("password").await.unwrap());
    }
}
