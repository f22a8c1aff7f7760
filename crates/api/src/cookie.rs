//! The session cookie. `__Host-` binds it to this host over TLS; plain http is for loopback only.

use axum::http::{HeaderMap, HeaderValue, header};

const SECURE: &str = "__Host-veritrail";
const PLAIN: &str = "veritrail";

/// The session token a request carries.
pub fn read(headers: &HeaderMap, secure: bool) -> Option<&str> {
    let name = if secure { SECURE } else { PLAIN };
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|c| c.to_str().ok());
    cookies.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().split_once('=').filter(|(n, _)| *n == name).map(|(_, value)| value))
}

/// Sets the token; `None` removes it.
pub fn set(token: Option<&str>, secure: bool) -> HeaderValue {
    let name = if secure { SECURE } else { PLAIN };
    let secure = if secure { "; Secure" } else { "" };
    let text = match token {
        Some(token) => format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax{secure}"),
        None => format!("{name}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{secure}"),
    };
    HeaderValue::from_str(&text).expect("tokens are URL-safe base64")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others_and_never_under_the_other_name() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; veritrail=t0ken; c=d"));
        assert_eq!(read(&headers, false), Some("t0ken"));
        assert_eq!(read(&headers, true), None);
        assert!(set(Some("x"), true).to_str().expect("text").contains("__Host-veritrail=x; Path=/; HttpOnly; SameSite=Lax; Secure"));
    }
}
