//! A rule file's documents and where they stand, so that an error can point at a line.

use serde_yaml_ng::Value;

/// A rule file as the caller read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFile {
    /// `D01_brute_force.yml`
    pub name: String,
    pub text: String,
}

/// A rule that cannot be used, and where to look.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rule file {file}, line {line}{}: {problem}", if .rule.is_empty() { String::new() } else { format!(", rule {}", .rule) })]
pub struct RuleError {
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// Id or title, where one could be read.
    pub rule: String,
    pub problem: String,
}

impl RuleError {
    pub fn new(file: &str, line: usize, rule: &str, problem: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, rule: rule.to_owned(), problem: problem.into() }
    }
}

/// One YAML document of a file.
pub(super) struct Document<'a> {
    pub file: &'a str,
    /// Line of the file on which the document begins, counted from 1.
    pub line: usize,
    pub text: String,
    pub value: Value,
}

impl Document<'_> {
    /// Text under a top-level key.
    pub fn text_of(&self, key: &str) -> Option<&str> {
        self.value.get(key).and_then(Value::as_str)
    }

    /// How errors call this document.
    pub fn title(&self) -> &str {
        self.text_of("name").or_else(|| self.text_of("title")).unwrap_or_default()
    }

    /// The file's line on which `key:` stands in this document, or its first.
    pub fn line_of(&self, key: &str) -> usize {
        let found = self.text.lines().position(|line| line.trim_start().strip_prefix(key).is_some_and(|rest| rest.starts_with(':')));
        self.line + found.unwrap_or(0)
    }

    pub fn error(&self, key: &str, problem: impl Into<String>) -> RuleError {
        RuleError::new(self.file, self.line_of(key), self.title(), problem)
    }
}

/// Splits a file at its `---` lines.
pub(super) fn documents(file: &RuleFile) -> Result<Vec<Document<'_>>, RuleError> {
    let mut texts: Vec<(usize, String)> = vec![(1, String::new())];
    for (index, line) in file.text.lines().enumerate() {
        if line.trim_end() == "---" {
            texts.push((index + 2, String::new()));
        } else if let Some((_, text)) = texts.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    let mut documents = Vec::new();
    for (line, text) in texts {
        if text.lines().all(|l| l.trim().is_empty() || l.trim_start().starts_with('#')) {
            continue;
        }
        let value = serde_yaml_ng::from_str(&text).map_err(|e| {
            let at = line + e.location().map_or(0, |l| l.line().saturating_sub(1));
            RuleError::new(&file.name, at, "", format!("this is not YAML: {e}"))
        })?;
        documents.push(Document { file: &file.name, line, text, value });
    }
    if documents.is_empty() {
        return Err(RuleError::new(&file.name, 1, "", "the file holds no rule"));
    }
    Ok(documents)
}
