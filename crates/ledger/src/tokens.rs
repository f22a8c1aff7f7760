//! Search tokens: keyed hashes of the words an event holds, so that an index finds words without holding them.

use crate::{keyring::Keyring, seal::Opened};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// Distinct tokens of one event; a record with more words is found by its first ones.
pub const MAX_TOKENS: usize = 512;
/// Longest word with a token, in characters; longer ones are cut to it, in queries too.
const MAX_WORD_CHARS: usize = 64;

/// Words a tokenizer remembers before it starts afresh, at most some 10 MB.
const MAX_KNOWN: usize = 100_000;

/// The token of a word or e-mail address, whatever its case.
pub fn token(keyring: &Keyring, word: &str) -> u64 {
    let word: String = word.trim().to_lowercase().chars().take(MAX_WORD_CHARS).collect();
    let mac = keyring.mac("token", &[word.as_bytes()]);
    let (first, _) = mac.split_first_chunk::<8>().expect("a MAC has 32 bytes");
    u64::from_be_bytes(*first)
}

/// The tokens of one event ([`Tokenizer::tokens`]).
pub fn tokens(keyring: &Keyring, opened: &Opened) -> Vec<u64> {
    Tokenizer::new(keyring).tokens(opened)
}

/// Makes the tokens of many events: most of their words are the same few, so each is hashed once.
pub struct Tokenizer<'a> {
    keyring: &'a Keyring,
    known: HashMap<String, u64>,
}

impl<'a> Tokenizer<'a> {
    pub fn new(keyring: &'a Keyring) -> Self {
        Self { keyring, known: HashMap::new() }
    }

    /// The tokens of an opened event, sorted: names, labels, e-mail addresses, network, changed values, details and the raw record's values.
    pub fn tokens(&mut self, opened: &Opened) -> Vec<u64> {
        let mut words = Words { tokenizer: self, lower: String::new(), tokens: HashSet::new() };
        if let Some(actor) = &opened.actor {
            for text in [&actor.username, &actor.name, &actor.email, &actor.application].into_iter().flatten() {
                words.add(text);
            }
            words.add(&actor.subject.vendor_id);
        }
        if let Some(target) = &opened.target {
            target.label.iter().for_each(|label| words.add(label));
            words.add(&target.subject.vendor_id);
        }
        if let Some(network) = &opened.network {
            for text in [&network.address, &network.user_agent, &network.country, &network.city].into_iter().flatten() {
                words.add(text);
            }
        }
        for change in &opened.changes {
            words.add_values(&change.new);
            words.add_values(&change.old);
        }
        opened.detail.values().for_each(|value| words.add_values(value));
        if let Some(raw) = opened.raw.as_ref().filter(|_| !opened.raw_is_detail) {
            match serde_json::from_str::<Value>(raw) {
                Ok(value @ (Value::Object(_) | Value::Array(_))) => words.add_values(&value),
                _ => words.add(raw),
            }
        }
        let mut tokens: Vec<u64> = words.tokens.into_iter().collect();
        tokens.sort_unstable();
        tokens
    }

    /// [`token`], of a word already in lower case and cut.
    fn token(&mut self, word: &str) -> u64 {
        if let Some(token) = self.known.get(word) {
            return *token;
        }
        if self.known.len() >= MAX_KNOWN {
            self.known.clear();
        }
        let token = token(self.keyring, word);
        self.known.insert(word.to_owned(), token);
        token
    }
}

/// Distinct words of one event.
struct Words<'w, 'a> {
    tokenizer: &'w mut Tokenizer<'a>,
    lower: String,
    tokens: HashSet<u64>,
}

impl Words<'_, '_> {
    /// Every run without white space as a whole (addresses, numbers with dashes), and every run of letters and digits in it.
    fn add(&mut self, text: &str) {
        for whole in text.split(|c: char| c.is_whitespace() || "\"'<>,;()[]{}".contains(c)) {
            let whole = whole.trim_matches(|c: char| !c.is_alphanumeric());
            self.put(whole);
            if whole.contains(|c: char| !c.is_alphanumeric()) {
                whole.split(|c: char| !c.is_alphanumeric()).for_each(|word| self.put(word));
            }
        }
    }

    fn add_values(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.add(text),
            Value::Number(number) => self.add(&number.to_string()),
            Value::Array(values) => values.iter().for_each(|v| self.add_values(v)),
            Value::Object(members) => members.values().for_each(|v| self.add_values(v)),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn put(&mut self, word: &str) {
        if word.is_empty() || self.tokens.len() >= MAX_TOKENS {
            return;
        }
        self.lower.clear();
        if word.is_ascii() {
            self.lower.extend(word.chars().take(MAX_WORD_CHARS).map(|c| c.to_ascii_lowercase()));
        } else {
            // As a whole: the last letter of a Greek word depends on what precedes it.
            self.lower.extend(word.to_lowercase().chars().take(MAX_WORD_CHARS));
        }
        let token = self.tokenizer.token(&self.lower);
        self.tokens.insert(token);
    }
}
