//! What the simulator remembers between requests.

use super::config::Config;
use super::error::{ApiError, OauthError};
use super::faults::{Cut, Failure, Permission};
use super::org::Org;
use super::record::Record;
use super::schema::Object;
use axum::http::StatusCode;
use jiff::Timestamp;
use model::{Micros, SECOND};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most open query cursors; the oldest gives way. Salesforce has no such limit ("API Query Cursor Limits", since 56.0) and keeps them for two days: this is
/// for the simulator's memory alone.
const MOST_CURSORS: usize = 200;
/// Most requests remembered for [`super::Salesforce::requests`]; the oldest are forgotten.
const MOST_SEEN: usize = 100_000;

/// A request that came, and what was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    pub status: u16,
}

#[derive(Clone, Debug)]
pub struct Session {
    pub user_id: String,
    left: Option<u32>,
    ends: Micros,
}

/// The rest of a query's answer.
pub struct Cursor {
    pub locator: String,
    pub object: &'static Object,
    /// None where only COUNT() was asked for.
    pub fields: Vec<super::soql::Path>,
    pub records: Vec<Record>,
    pub page: usize,
}

pub struct Shared {
    pub config: Config,
    pub org: Org,
    pub url: String,
    /// DER of the app's certificate or key.
    pub key: Option<super::jwt::Key>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
pub struct Inner {
    sessions: HashMap<String, Session>,
    issued: u64,
    pub api_used: u64,
    /// What becomes of the next requests; `None` passes.
    pub failures: VecDeque<Option<Failure>>,
    pub cuts: VecDeque<(Cut, f64)>,
    pub repeats: u32,
    pub cursors: VecDeque<Cursor>,
    pub cursors_made: usize,
    /// The secret after a rotation.
    pub client_secret: Option<String>,
    pub app_revoked: bool,
    pub user_inactive: bool,
    pub not_licensed: bool,
    pub lacking: Vec<Permission>,
    pub clock_skew_secs: i64,
    pub now: Option<Micros>,
    pub seen: VecDeque<Seen>,
}

impl Shared {
    pub fn new(config: Config, org: Org, url: String, key: Option<super::jwt::Key>) -> Self {
        let inner = Inner { now: config.now, ..Inner::default() };
        Self { config, org, url, key, inner: Mutex::new(inner) }
    }

    pub fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The vendor's clock, skew included.
    pub fn clock(&self) -> Micros {
        wall() + self.inner().clock_skew_secs * SECOND
    }

    /// The moment up to which the world has happened.
    pub fn now(&self) -> Micros {
        self.inner().now.unwrap_or_else(wall)
    }

    /// A new session of a user.
    pub fn open(&self, user_id: &str) -> String {
        let mut inner = self.inner();
        inner.issued += 1;
        let token = format!("{}!AQ.Simulated_{:08}.{:x}", super::ids::short(super::org::ORGANIZATION), inner.issued, wall());
        let ends = wall() + Micros::from(self.config.token_secs) * SECOND;
        inner.sessions.insert(token.clone(), Session { user_id: user_id.to_owned(), left: self.config.token_requests, ends });
        token
    }

    /// Whether the app may have a token at all.
    ///
    /// Salesforce Help, "OAuth 2.0 Authorization Errors" and "Manage Access to a Connected App": blocked, or the user not admin-approved any more.
    pub fn may_sign_in(&self) -> Result<(), OauthError> {
        let inner = self.inner();
        if inner.app_revoked {
            return Err(OauthError::new("invalid_grant", "user hasn't approved this consumer"));
        }
        if inner.user_inactive {
            return Err(OauthError::new("inactive_user", "user is inactive"));
        }
        Ok(())
    }

    /// One request of the REST interface: is the session open, is the interface allowed, is there a request left today?
    pub fn admit(&self, token: Option<&str>) -> Result<Session, ApiError> {
        let mut inner = self.inner();
        let token = token.ok_or_else(ApiError::session)?;
        let session = inner.sessions.get_mut(token).ok_or_else(ApiError::session)?;
        if session.ends <= wall() || session.left == Some(0) {
            inner.sessions.remove(token);
            return Err(ApiError::session());
        }
        session.left = session.left.map(|left| left - 1);
        let session = session.clone();
        if inner.lacking.contains(&Permission::ApiEnabled) {
            return Err(ApiError::new(StatusCode::FORBIDDEN, "API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner"));
        }
        if inner.api_used >= self.config.api_requests {
            return Err(ApiError::new(StatusCode::FORBIDDEN, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."));
        }
        inner.api_used += 1;
        Ok(session)
    }

    /// The next failure that is due for a request of this kind.
    pub fn failure(&self, token_endpoint: bool) -> Option<Failure> {
        let mut inner = self.inner();
        match inner.failures.front() {
            Some(next) if !token_endpoint || next.is_some_and(Failure::everywhere) => inner.failures.pop_front().flatten(),
            _ => None,
        }
    }

    pub fn keep(&self, cursor: Cursor) {
        let mut inner = self.inner();
        while inner.cursors.len() >= MOST_CURSORS {
            inner.cursors.pop_front();
        }
        inner.cursors.push_back(cursor);
    }

    pub fn saw(&self, seen: Seen) {
        let mut inner = self.inner();
        while inner.seen.len() >= MOST_SEEN {
            inner.seen.pop_front();
        }
        inner.seen.push_back(seen);
    }
}

impl Inner {
    pub fn end_sessions(&mut self) {
        self.sessions.clear();
    }
}

pub fn wall() -> Micros {
    Timestamp::now().as_microsecond()
}
