//! What a job was asked, and the rights it was asked with.
//!
//! The rights are looked at before every page and again when the file is fetched. Should they differ from those he asked with, the job
//! ends: what was written so far could hold events he may no longer see.

use crate::{
    App, AppError, Caller, Entry, Operation, Result,
    events::{Asked, Viewer, When, resolve_for},
};
use model::{Member, Micros, Reach, Role, Scope, query::EventQuery};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A question, what its relative times meant, and the rights it was asked with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Question {
    /// As a query string.
    pub query: String,
    pub from: Option<Micros>,
    pub until: Option<Micros>,
    pub role: Role,
    pub scope: Scope,
    /// In the file and in the record of the request; nil in jobs that an older version queued.
    #[serde(default)]
    pub mark: Uuid,
}

impl Question {
    /// Looks at the question as its reader, so that he hears at once what is wrong with it. `None` with it: he may not ask, which is said at the door.
    pub async fn new(app: &App, caller: &Caller, operation: Operation, query: &str, now: Micros) -> Result<(Self, Asked, Option<EventQuery>)> {
        let asked = Asked::parse(query, &[])?;
        let role = caller.member.role;
        let scope = app.scope_of(caller, operation).await?;
        let at = |when: Option<When>| when.map(|when| when.micros(now));
        let question = Self { query: query.to_owned(), from: at(asked.from), until: at(asked.until), role, scope, mark: Uuid::new_v4() };
        // Who may not ask at all learns nothing before he is refused.
        let resolved = match question.scope.reach {
            Reach::Nothing => None,
            _ => Some(question.resolve(app, &question.viewer()).await?),
        };
        Ok((question, asked, resolved))
    }

    pub fn viewer(&self) -> Viewer {
        Viewer::new(self.role, self.scope.clone())
    }

    pub async fn resolve(&self, app: &App, viewer: &Viewer) -> Result<EventQuery> {
        let mut asked = Asked::parse(&self.query, &[])?;
        asked.from = self.from.map(When::At);
        asked.until = self.until.map(When::At);
        resolve_for(app, viewer, &asked).await
    }

    /// The reader this job is for, if he still is that reader.
    pub async fn check_rights(&self, app: &App, operation: Operation, member: &Member) -> Result<Viewer> {
        let caller = Caller { member: member.clone(), address: None, request: Uuid::nil(), entry: Entry::Host };
        let scope = app.scope_of(&caller, operation).await?;
        if !member.active || scope.reach == Reach::Nothing {
            return Err(AppError::Forbidden { operation: operation.name() });
        }
        if (member.role, &scope) != (self.role, &self.scope) {
            return Err(AppError::Conflict("what you may see changed since this was asked for; export again".into()));
        }
        Ok(Viewer::new(member.role, scope))
    }
}
