//! Who a line of the access log is about. The log names no user; Creme's accounts name the time of each one's last sign-in.
//!
//! A sign-in line and an account's last sign-in of the same moment belong together when they are the only ones, or, where as many
//! lines as accounts are of these seconds, in their order; later lines from the same address and browser are that user's while
//! nobody else signed in from there. Each event says how sure that is.

use model::{HOUR, Micros, SECOND};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The log's time is a whole second at the answer's end (or the request's beginning): a sign-in lies this far around it.
const BEFORE: Micros = SECOND;
const AFTER: Micros = 2 * SECOND;
/// A laden server ends its answer later; looked at only where nothing lies nearer.
pub(super) const LONG_BEFORE: Micros = 5 * SECOND;
/// Sign-ins closer to each other than this may have been logged the other way round.
const IN_ORDER: Micros = SECOND / 4;
/// How long after a sign-in its address and browser still speak for the user.
const SESSION: Micros = 12 * HOUR;
/// Sign-ins remembered; the oldest go first.
const MAX_SESSIONS: usize = 2_000;

/// An account's last sign-in, as the database has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Login {
    pub user: i64,
    pub username: String,
    pub micros: Micros,
}

/// Whether a sign-in at `login` is of the moment of the line.
fn near(line: Micros, login: Micros) -> bool {
    (line - BEFORE..line + AFTER).contains(&login)
}

/// Whether a sign-in at `login` can be the one the log wrote at `line` at all.
pub(super) fn possible(line: Micros, login: Micros) -> bool {
    (line - LONG_BEFORE..line + AFTER).contains(&login)
}

/// How many of these accepted sign-ins, from the first, lie so close that one account's last sign-in could be of two of them.
pub(super) fn close_together(lines: &[Micros]) -> usize {
    1 + lines.windows(2).take_while(|pair| (0..BEFORE + AFTER).contains(&(pair[1] - pair[0]))).count()
}

/// The first of these sign-ins, if the accounts' last ones are as many and far enough apart to be told by their order.
fn first_in_order<'a>(lines: &[Micros], logins: impl Iterator<Item = &'a Login>) -> Option<&'a Login> {
    let mut logins: Vec<&Login> = logins.filter(|l| lines.iter().any(|line| near(*line, l.micros))).collect();
    logins.sort_by_key(|l| l.micros);
    let each = logins.len() == lines.len() && lines.iter().zip(&logins).all(|(line, l)| near(*line, l.micros));
    let apart = logins.windows(2).all(|pair| pair[1].micros - pair[0].micros >= IN_ORDER);
    if each && apart { logins.first().copied() } else { None }
}

/// Whom a line was attributed to, and why.
pub(super) struct Found {
    pub user: i64,
    pub username: String,
    pub by: &'static str,
    pub confidence: &'static str,
}

#[derive(Serialize, Deserialize)]
struct Session {
    /// Address and browser, hashed.
    origin: String,
    /// `None` where a sign-in could not be attributed: nobody can be told apart from it.
    login: Option<Login>,
    since: Micros,
}

/// The fold's state: who signed in from where.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct SignedIn {
    sessions: Vec<Session>,
}

impl SignedIn {
    pub fn of(state: &Value) -> Self {
        serde_json::from_value(state.clone()).unwrap_or_default()
    }

    pub fn into_state(self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Sign-ins were accepted at `lines`, one soon after the other; who is the first? `logins` are the accounts' last sign-ins around them.
    pub fn login(&mut self, origin: (&str, &str), lines: &[Micros], logins: &[Login]) -> Option<Found> {
        let at = *lines.first()?;
        let used = |l: &Login| self.sessions.iter().any(|s| s.login.as_ref() == Some(l));
        let mut candidates: Vec<&Login> = logins.iter().filter(|l| near(at, l.micros) && !used(l)).collect();
        let (mut by, mut confidence) = ("the only account whose last sign-in is of this moment", "high");
        if candidates.is_empty() {
            candidates = logins.iter().filter(|l| possible(at, l.micros) && !used(l)).collect();
            (by, confidence) = ("the only account whose last sign-in is of the seconds before", "medium");
        } else if candidates.len() > 1 {
            candidates = first_in_order(lines, logins.iter().filter(|l| !used(l))).into_iter().collect();
            (by, confidence) = ("the order of the sign-ins of these seconds", "medium");
        }
        let login = if let [only] = candidates.as_slice() { Some((*only).clone()) } else { None };
        let origin = hashed(origin);
        if let Some(login) = &login {
            self.sessions.retain(|s| s.origin != origin || s.login.as_ref().map(|l| l.user) != Some(login.user));
        }
        self.sessions.retain(|s| at - s.since < SESSION);
        self.sessions.push(Session { origin, login: login.clone(), since: at });
        let surplus = self.sessions.len().saturating_sub(MAX_SESSIONS);
        self.sessions.drain(..surplus);
        login.map(|l| Found { user: l.user, username: l.username, by, confidence })
    }

    /// The only user known to be signed in from this address and browser.
    pub fn who(&self, origin: (&str, &str), at: Micros) -> Option<Found> {
        let origin = hashed(origin);
        let mut sessions = self.sessions.iter().filter(|s| s.origin == origin && (0..SESSION).contains(&(at - s.since)));
        let first = sessions.next()?.login.as_ref()?;
        let alone = sessions.all(|s| s.login.as_ref().is_some_and(|l| l.user == first.user));
        let by = "the only account signed in from this address and browser";
        alone.then(|| Found { user: first.user, username: first.username.clone(), by, confidence: "medium" })
    }

    /// A sign-out ends the session it can be told to belong to.
    pub fn logout(&mut self, origin: (&str, &str), at: Micros) -> Option<Found> {
        let found = self.who(origin, at)?;
        let origin = hashed(origin);
        self.sessions.retain(|s| s.origin != origin);
        Some(found)
    }
}

fn hashed((address, user_agent): (&str, &str)) -> String {
    let mut hash = Sha256::new();
    hash.update((address.len() as u64).to_be_bytes());
    hash.update(address);
    hash.update(user_agent);
    hex::encode(&hash.finalize()[..12])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(user: i64, micros: Micros) -> Login {
        Login { user, username: format!("u{user}"), micros }
    }
    fn user(found: Option<Found>) -> Option<i64> {
        found.map(|f| f.user)
    }

    #[test]
    fn one_sign_in_at_a_time_is_attributed_and_its_requests_too() {
        let mut s = SignedIn::default();
        let (home, office) = (("192.0.2.1", "A"), ("192.0.2.2", "A"));
        assert_eq!(user(s.login(home, &[10 * SECOND], &[login(1, 10 * SECOND + 5), login(2, 60 * SECOND)])), Some(1));
        assert_eq!(user(s.who(home, 20 * SECOND)), Some(1));
        assert_eq!(user(s.who(office, 20 * SECOND)), None);
        assert_eq!(user(s.who(home, 10 * SECOND + SESSION)), None);
        assert_eq!(user(s.logout(home, 30 * SECOND)), Some(1));
        assert_eq!(user(s.who(home, 31 * SECOND)), None);
    }

    #[test]
    fn what_could_be_two_users_is_nobodys() {
        let mut s = SignedIn::default();
        let office = ("192.0.2.2", "A");
        assert_eq!(user(s.login(office, &[10 * SECOND], &[login(1, 10 * SECOND), login(2, 10 * SECOND)])), None);
        assert_eq!(user(s.login(office, &[20 * SECOND], &[login(3, 20 * SECOND)])), Some(3));
        assert_eq!(user(s.who(office, 21 * SECOND)), None, "an unknown user is signed in from there too");
    }

    #[test]
    fn a_slow_answer_is_attributed_with_less_confidence() {
        let mut s = SignedIn::default();
        let logins = [login(1, 6 * SECOND), login(2, 10 * SECOND)];
        assert_eq!(s.login(("192.0.2.1", "A"), &[10 * SECOND], &logins).map(|f| (f.user, f.confidence)), Some((2, "high")));
        assert_eq!(s.login(("192.0.2.2", "A"), &[10 * SECOND], &logins).map(|f| (f.user, f.confidence)), Some((1, "medium")));
        assert_eq!(user(s.login(("192.0.2.3", "A"), &[20 * SECOND], &[login(3, 16 * SECOND), login(4, 17 * SECOND)])), None);
    }

    #[test]
    fn sign_ins_of_the_same_seconds_are_told_by_their_order() {
        let (first, second) = (("192.0.2.1", "A"), ("192.0.2.2", "A"));
        // The first was answered after the turn of the second: only the order tells that it is not the other's.
        let logins = [login(1, 9 * SECOND + 900_000), login(2, 10 * SECOND + 300_000)];
        let mut s = SignedIn::default();
        let found = s.login(first, &[10 * SECOND, 10 * SECOND], &logins);
        assert_eq!(found.map(|f| (f.user, f.confidence)), Some((1, "medium")));
        assert_eq!(user(s.login(second, &[10 * SECOND], &logins)), Some(2));

        let too_close = [login(1, 10 * SECOND), login(2, 10 * SECOND + 100_000)];
        assert_eq!(user(SignedIn::default().login(first, &[10 * SECOND, 10 * SECOND], &too_close)), None);
        let one_too_many = [login(1, 9 * SECOND), login(2, 10 * SECOND), login(3, 11 * SECOND)];
        assert_eq!(user(SignedIn::default().login(first, &[10 * SECOND, 10 * SECOND], &one_too_many)), None);
    }

    #[test]
    fn sign_ins_are_close_while_one_account_could_be_of_two() {
        assert_eq!(close_together(&[0, SECOND, 3 * SECOND, 6 * SECOND, 7 * SECOND]), 3);
        assert_eq!(close_together(&[SECOND]), 1);
    }

    #[test]
    fn one_last_sign_in_answers_for_one_line() {
        let mut s = SignedIn::default();
        let logins = [login(1, 10 * SECOND)];
        assert_eq!(user(s.login(("192.0.2.1", "A"), &[10 * SECOND], &logins)), Some(1));
        assert_eq!(user(s.login(("192.0.2.9", "B"), &[10 * SECOND], &logins)), None);
    }
}
