//! Our cookies: the session's, and those of a sign-in under way. `__Host-` binds them to this host over TLS; plain http is for loopback only.

use axum::http::{HeaderMap, HeaderValue, header};

/// What a cookie holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    Session,
    /// The token between the password and the second factor.
    Step,
    /// What must come back from the company's own sign-in.
    Trip,
}

impl Cookie {
    fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Session, true) => "__Host-veritrail",
            (Self::Session, false) => "veritrail",
            (Self::Step, true) => "__Host-veritrail-step",
            (Self::Step, false) => "veritrail-step",
            (Self::Trip, true) => "__Host-veritrail-trip",
            (Self::Trip, false) => "veritrail-trip",
        }
    }

    /// The token a request carries.
    pub fn read(self, headers: &HeaderMap, secure: bool) -> Option<&str> {
        let name = self.name(secure);
        let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|c| c.to_str().ok());
        cookies.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().split_once('=').filter(|(n, _)| *n == name).map(|(_, value)| value))
    }

    /// Sets the token; `None` removes it.
    pub fn set(self, token: Option<&str>, secure: bool) -> HeaderValue {
        let name = self.name(secure);
        let secure = if secure { "; Secure" } else { "" };
        let site = match self {
            Self::Session => "Lax",
            Self::Step | Self::Trip => "Strict",
        };
        let text = match token {
            Some(token) => format!("{name}={token}; Path=/; HttpOnly; SameSite={site}{secure}"),
            None => format!("{name}=; Path=/; HttpOnly; SameSite={site}; Max-Age=0{secure}"),
        };
        HeaderValue::from_str(&text).expect("tokens are URL-safe base64")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others_and_never_under_another_name() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; veritrail-step=st3p; veritrail=t0ken; c=d"));
        assert_eq!(Cookie::Session.read(&headers, false), Some("t0ken"));
        assert_eq!(Cookie::Step.read(&headers, false), Some("st3p"));
        assert_eq!(Cookie::Session.read(&headers, true), None);
        let set = Cookie::Session.set(Some("x"), true);
        assert!(set.to_str().expect("text").contains("__Host-veritrail=x; Path=/; HttpOnly; SameSite=Lax; Secure"));
    }
}
