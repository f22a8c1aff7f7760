//! What every file that leaves says of itself: who took it, when, what he asked, and a mark that leads back to his request in the own trail.

use super::question::Question;
use crate::{Result, events::Asked};
use model::{Member, Micros, time::rfc3339};
use serde::Serialize;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Watermark {
    /// Random; also in the record of the request (`exports.create`, `evidence.create`).
    pub mark: Uuid,
    pub member: Uuid,
    pub name: String,
    pub email: String,
    pub role: &'static str,
    pub asked_at: String,
    /// One parameter an item.
    pub question: Vec<String>,
}

impl Watermark {
    pub fn new(question: &Question, asker: &Member, asked_at: Micros) -> Result<Self> {
        let asked = Asked::parse(&question.query, &[])?;
        Ok(Self {
            mark: question.mark,
            member: asker.id,
            name: asker.name.clone(),
            email: asker.email.clone(),
            role: question.role.name(),
            asked_at: rfc3339(asked_at),
            question: asked.canonical.lines().map(str::to_owned).collect(),
        })
    }

    /// As one line of a comment; `pandas.read_csv(comment="#")` and the like pass over it.
    pub fn comment(&self) -> String {
        let question = if self.question.is_empty() { "everything".to_owned() } else { self.question.join(" & ") };
        let Self { mark, name, email, role, asked_at, .. } = self;
        let line = format!("# From Veritrail, asked for by {name} <{email}> ({}) at {asked_at}: {question}. Mark {mark}", role.replace('_', " "));
        let whole: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        whole + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_stays_on_its_line() {
        let watermark = Watermark {
            mark: Uuid::from_u128(7),
            member: Uuid::nil(),
            name: "Ada\nposition,time".into(),
            email: "ada@example.com".into(),
            role: "external_auditor",
            asked_at: "2026-11-23T00:00:00Z".into(),
            question: vec!["from=-1h".into(), "q=a\rb".into()],
        };
        let line = watermark.comment();
        assert_eq!(line.matches(['\n', '\r']).count(), 1, "{line}");
        assert!(line.starts_with("# From Veritrail, asked for by Ada position,time <ada@example.com> (external auditor)"), "{line}");
        assert!(line.ends_with("from=-1h & q=a b. Mark 00000000-0000-0000-0000-000000000007\n"), "{line}");
    }
}
