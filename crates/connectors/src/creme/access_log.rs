//! The web server's access log in combined format. It names addresses and pages, never Creme's users.
//!
//! Format: Apache HTTP Server 2.4 documentation, "Log Files", Combined Log Format; gunicorn's default is the same.

use super::{
    attribution::{Login, SignedIn},
    manifest::{ACCESS_LOG, NORMALISER},
    normalise::{Judged, account},
};
use crate::{Context, RawRecord, State};
use model::{Activity, Class, Event, EventTime, Micros, Network, Outcome, Refusal, SubjectRef, Target, TimeConfidence, class::act, event::Identity};
use regex::Regex;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

static LINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^(\S+) \S+ (?:\S+|"[^"]*") \[([^\]]+)\] "([A-Z]+) (\S+)[^"]*" (\d{3}) (\d+|-)(?: "(?:[^"\\]|\\.)*" "((?:[^"\\]|\\.)*)")?"#)
        .expect("the pattern is a constant and tested")
});

/// A line as the reader hands it on; a line of a file comes bare.
#[derive(Deserialize)]
struct Followed {
    line: String,
    offset: u64,
    #[serde(default)]
    logins: Vec<Login>,
    /// The accepted sign-ins that follow this one too closely to be told apart by their time.
    #[serde(default)]
    next: Vec<Micros>,
}

struct Line<'a> {
    address: &'a str,
    time: EventTime,
    method: &'a str,
    /// Without the query, which may hold search terms.
    path: &'a str,
    status: u16,
    bytes: Option<u64>,
    user_agent: Option<&'a str>,
}

fn parse(text: &str) -> Result<Line<'_>, Refusal> {
    let found = LINE.captures(text).ok_or_else(|| Refusal::new("bad_log_line", "the line is not in combined log format"))?;
    let part = |i: usize| found.get(i).map_or("", |m| m.as_str());
    let time = stamp(part(2)).ok_or_else(|| Refusal::field("bad_time", "time", "the line's time cannot be read"))?;
    Ok(Line {
        address: part(1),
        time,
        method: part(3),
        path: part(4).split(['?', '#']).next().unwrap_or_default(),
        status: part(5).parse().map_err(|_| Refusal::field("bad_log_line", "status", "the status is not a number"))?,
        bytes: part(6).parse().ok().filter(|b| *b > 0),
        user_agent: Some(part(7)).filter(|s| !s.is_empty() && *s != "-"),
    })
}

/// `02/Mar/2026:10:15:00 +0100`: a second, not the act's own instant.
fn stamp(text: &str) -> Option<EventTime> {
    let t = jiff::fmt::strtime::parse("%d/%b/%Y:%H:%M:%S %z", text).ok()?;
    let offset = i16::try_from(t.offset()?.seconds() / 60).ok()?;
    Some(EventTime { micros: t.to_timestamp().ok()?.as_microsecond(), offset_minutes: Some(offset), confidence: TimeConfidence::Coarse })
}

/// What a request was for: its event's kind, class and act, and the thing it was done to.
struct Act {
    vendor_type: &'static str,
    class: Class,
    activity: Activity,
    target: Option<Target>,
}

/// Whether this is a line of a log in combined format.
pub(super) fn is_line(text: &str) -> bool {
    parse(text).is_ok()
}

/// When an accepted sign-in was answered, if this line is one.
pub(super) fn accepted_login(text: &str) -> Option<Micros> {
    let line = parse(text).ok()?;
    (line.method == "POST" && line.path.trim_matches('/') == "creme_login" && (300..400).contains(&line.status)).then_some(line.time.micros)
}

/// Which act a request was. What Creme's database records with its user is no second act here, but a request.
fn act_of(context: &Context, line: &Line<'_>) -> Option<Act> {
    let record =
        |object_type: &str, id: &str| Some(Target { subject: SubjectRef::record(context.source, id), object_type: object_type.to_owned(), label: None });
    let web = |vendor_type, activity, target| Some(Act { vendor_type, class: Class::WebResources, activity, target });
    let user = |vendor_type, activity, id: &str| {
        let target = Some(Target { subject: SubjectRef::account(context.source, id), object_type: "user".to_owned(), label: None });
        Some(Act { vendor_type, class: Class::AccountChange, activity, target })
    };
    let segments: Vec<&str> = line.path.split('/').filter(|s| !s.is_empty()).collect();
    let (get, post) = (matches!(line.method, "GET" | "HEAD"), line.method == "POST");
    match segments.as_slice() {
        ["creme_login"] if post => Some(Act { vendor_type: "access.login", class: Class::Authentication, activity: act::LOGON, target: None }),
        ["creme_logout"] => Some(Act { vendor_type: "access.logout", class: Class::Authentication, activity: act::LOGOFF, target: None }),
        ["reports", "export", "preview", id] if number(id) => web("access.report_preview", act::READ, record("report", id)),
        ["reports", "export", id] if number(id) => web("access.report_export", act::EXPORT, record("report", id)),
        ["creme_core", "download", ctype, id, _] if get && number(id) => web("access.download", act::READ, record("file", &format!("file/{ctype}/{id}"))),
        ["vcfs", id, "generate_vcf"] if get && number(id) => web("access.card", act::EXPORT, record("contact", id)),
        ["creme_core", "auth", "password", "own", "change"] if post => {
            Some(Act { vendor_type: "access.own_password", class: Class::AccountChange, activity: Activity(3), target: None })
        }
        ["creme_config", "user", "edit", "password", id] if post && number(id) => user("access.password", Activity(4), id),
        _ if matches!(line.status, 401 | 403) => {
            let activity = match line.method {
                _ if segments.starts_with(&["creme_core", "mass_export"]) => act::EXPORT,
                _ if get => act::READ,
                _ => act::UPDATE,
            };
            web("access.denied", activity, page(context, line))
        }
        ["static_media" | "site_media" | "jsi18n", ..] => None,
        [_, object_type, id] if get && number(id) => web("access.request", Activity::OTHER, record(object_type, id)),
        _ => web("access.request", Activity::OTHER, page(context, line)),
    }
}

fn page(context: &Context, line: &Line<'_>) -> Option<Target> {
    let subject = SubjectRef::record(context.source, format!("page{}", line.path));
    Some(Target { subject, object_type: "page".to_owned(), label: Some(line.path.to_owned()) })
}

fn number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Reads one line. The state holds who is signed in from where.
pub(super) fn normalise(context: &Context, state: &mut State, record: &RawRecord) -> Result<Judged, Refusal> {
    let followed = serde_json::from_str::<Followed>(&record.text).ok();
    let text = followed.as_ref().map_or(record.text.as_str(), |f| f.line.as_str());
    let line = parse(text)?;
    let Some(act) = act_of(context, &line) else {
        return Ok(Judged::Ignored("a file of the pages' looks"));
    };
    let (outcome, reason) = match (act.vendor_type, line.status) {
        (_, 401 | 403) => (Outcome::Failure, Some("denied")),
        ("access.login", 300..=399) => (Outcome::Success, None),
        // Creme answers a wrong name or password with the form again.
        ("access.login", 200) => (Outcome::Failure, Some("wrong_credentials")),
        // A refused form comes back with a body, an accepted one without.
        ("access.password", 200) if line.bytes.is_some() => (Outcome::Failure, Some("form_refused")),
        ("access.own_password", 200) => (Outcome::Failure, Some("form_refused")),
        (_, 404) => (Outcome::Failure, Some("not_found")),
        (_, 400..) => (Outcome::Failure, Some("request_failed")),
        // Without a session every page answers with the way to the sign-in form.
        _ => (Outcome::Success, None),
    };
    let mut e = Event::new(context.source, ACCESS_LOG, NORMALISER, act.vendor_type, act.class, act.activity, line.time);
    if let Some(f) = &followed {
        // Place and text: two equal lines are two events, and a file read again after a rotation is none.
        e.identity = Identity::Vendor(format!("{}:{}", f.offset, &hex::encode(Sha256::digest(text))[..16]));
    }
    e.outcome = outcome;
    e.reason = reason.map(str::to_owned);
    e.network = Some(Network { address: Some(line.address.to_owned()), user_agent: line.user_agent.map(str::to_owned), ..Network::default() });
    if matches!(act.activity, act::EXPORT | act::READ) && act.class == Class::WebResources {
        e.counts.bytes = line.bytes;
    }
    let mut signed_in = SignedIn::of(state);
    let origin = (line.address, line.user_agent.unwrap_or_default());
    let found = match (act.vendor_type, outcome) {
        ("access.login", Outcome::Success) => {
            let (logins, next) = followed.as_ref().map_or((&[][..], &[][..]), |f| (&f.logins, &f.next));
            signed_in.login(origin, &[&[line.time.micros], next].concat(), logins)
        }
        ("access.login", _) => None,
        ("access.logout", _) => signed_in.logout(origin, line.time.micros),
        _ => signed_in.who(origin, line.time.micros),
    };
    *state = signed_in.into_state();
    if let Some(found) = found {
        e.actor = Some(account(context.source, Some(found.user), &found.username));
        e.detail.insert("attributed_by".to_owned(), found.by.into());
        e.detail.insert("attribution_confidence".to_owned(), found.confidence.into());
    }
    e.target = act.target;
    if act.vendor_type == "access.own_password" {
        e.target = e.actor.as_ref().map(|user| Target { subject: user.subject.clone(), object_type: "user".to_owned(), label: user.username.clone() });
    }
    e.detail.insert("status".to_owned(), line.status.into());
    e.detail.insert("method".to_owned(), line.method.into());
    e.detail.insert("path".to_owned(), line.path.into());
    e.raw = text.to_owned();
    Ok(Judged::one(e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;
    use uuid::Uuid;

    fn judge(text: &str) -> Result<Judged, Refusal> {
        let context = Context { source: Uuid::nil(), received: 0, settings: Settings::default() };
        normalise(&context, &mut State::Null, &RawRecord { text: text.into(), origin: "access.log line 1".into(), kind: String::new() })
    }

    fn line(request: &str, rest: &str) -> String {
        format!(r#"192.0.2.7 - - [02/Mar/2026:10:15:00 +0100] "{request} HTTP/1.1" {rest} "-" "Mozilla/5.0 (X11)""#)
    }

    fn event(request: &str, rest: &str) -> Event {
        match judge(&line(request, rest)) {
            Ok(Judged::Events(mut events)) if events.len() == 1 => events.remove(0),
            other => panic!("{request}: one event expected, got {other:?}"),
        }
    }

    fn check(request: &str, rest: &str, kind: &str, outcome: Outcome, reason: Option<&str>, target: Option<&str>) {
        let e = event(request, rest);
        assert_eq!((e.vendor_type.as_str(), e.outcome, e.reason.as_deref()), (kind, outcome, reason), "{request} {rest}");
        assert_eq!(e.target.as_ref().map(|t| t.subject.vendor_id.as_str()), target, "{request}");
        assert_eq!(e.actor, None, "the log names no user");
    }

    /// What the database tells better is here a request, not an act of its own.
    fn request(request: &str, rest: &str, outcome: Outcome) {
        let e = event(request, rest);
        assert_eq!((e.vendor_type.as_str(), e.activity, e.outcome), ("access.request", Activity::OTHER, outcome), "{request} {rest}");
    }

    #[test]
    fn signs_in_fails_and_signs_out() {
        check("POST /creme_login", "302 0", "access.login", Outcome::Success, None, None);
        check("POST /creme_login?next=/", "200 20888", "access.login", Outcome::Failure, Some("wrong_credentials"), None);
        check("POST /creme_login", "403 980", "access.login", Outcome::Failure, Some("denied"), None);
        check("POST /creme_logout", "302 0", "access.logout", Outcome::Success, None, None);
        request("GET /creme_login", "200 20704", Outcome::Success);
    }

    #[test]
    fn exports_and_reads_are_seen_without_their_user() {
        check("GET /reports/export/5?doc_type=csv&date_field=", "200 104", "access.report_export", Outcome::Success, None, Some("5"));
        check("GET /reports/export/5?doc_type=csv", "403 90", "access.report_export", Outcome::Failure, Some("denied"), Some("5"));
        check("GET /vcfs/9/generate_vcf", "200 217", "access.card", Outcome::Success, None, Some("9"));
        check("GET /persons/organisation/9", "200 1337", "access.request", Outcome::Success, None, Some("9"));
        check("GET /reports/export/5", "404 90", "access.report_export", Outcome::Failure, Some("not_found"), Some("5"));
        check("GET /creme_core/download/35/2/filedata", "200 0", "access.download", Outcome::Success, None, Some("file/35/2"));
        assert_eq!(event("GET /reports/export/5", "200 104").counts.bytes, Some(104));
        request("GET /creme_core/mass_export?ct_id=98&type=csv", "200 221", Outcome::Success);
        request("POST /persons/contact/edit/8", "302 0", Outcome::Success);
        assert!(matches!(judge(&line("GET /static_media/main.css", "200 9")), Ok(Judged::Ignored(_))));
    }

    #[test]
    fn a_403_is_a_denied_act() {
        check("GET /creme_config/user/portal/", "403 3607", "access.denied", Outcome::Failure, Some("denied"), Some("page/creme_config/user/portal/"));
        assert_eq!(event("GET /creme_core/mass_export?ct_id=98", "403 90").activity, act::EXPORT);
        assert_eq!(event("POST /persons/contact/edit/8", "403 90").activity, act::UPDATE);
    }

    #[test]
    fn a_password_set_names_the_account() {
        check("POST /creme_core/auth/password/own/change", "302 0", "access.own_password", Outcome::Success, None, None);
        check("POST /creme_core/auth/password/own/change", "200 9120", "access.own_password", Outcome::Failure, Some("form_refused"), None);
        check("POST /creme_config/user/edit/password/2", "200 0", "access.password", Outcome::Success, None, Some("2"));
        check("POST /creme_config/user/edit/password/2", "200 3350", "access.password", Outcome::Failure, Some("form_refused"), Some("2"));
    }

    #[test]
    fn time_address_and_browser_are_read() {
        let e = event("POST /creme_login", "302 0");
        assert_eq!(e.time, EventTime { micros: 1_772_442_900_000_000, offset_minutes: Some(60), confidence: TimeConfidence::Coarse });
        let n = e.network.expect("an address");
        assert_eq!((n.address.as_deref(), n.user_agent.as_deref()), (Some("192.0.2.7"), Some("Mozilla/5.0 (X11)")));
    }

    #[test]
    fn a_followed_line_has_an_identity_and_perhaps_a_user() {
        let text = serde_json::json!({ "line": line("POST /creme_login", "302 0"), "offset": 7,
            "logins": [{ "user": 4, "username": "dana", "micros": 1_772_442_900_400_000_i64 }] });
        let Ok(Judged::Events(events)) = judge(&text.to_string()) else { panic!() };
        assert_eq!(events[0].actor.as_ref().and_then(|a| a.username.as_deref()), Some("dana"));
        assert!(matches!(&events[0].identity, Identity::Vendor(id) if id.starts_with("7:")));
        assert_eq!(events[0].raw, line("POST /creme_login", "302 0"));
    }

    #[test]
    fn what_is_no_log_line_is_refused() {
        assert_eq!(judge("").unwrap_err().code, "bad_log_line");
        assert_eq!(judge("[2026-03-02] Booting worker").unwrap_err().code, "bad_log_line");
        assert_eq!(judge(&line("GET /", "200 1").replace("Mar", "Foo")).unwrap_err().code, "bad_time");
    }
}
