//! A published log over HTTP/1.0: one GET a connection, no TLS. What is fetched is verified, so the way there needs no trust.

use crate::{Error, Files, folder::MAX_FILE_BYTES};
use std::{
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    time::Duration,
};

const PATIENCE: Duration = Duration::from_secs(30);
/// Status line and headers; more is no answer of a file server.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// An `http://host[:port]/path` under which a log's files lie.
#[derive(Debug)]
pub struct Web {
    place: String,
    /// As the Host header names it.
    host: String,
    path: String,
}

struct Answer {
    status: u16,
    location: Option<String>,
    body: Vec<u8>,
}

impl Web {
    pub fn open(place: &str) -> Result<Self, Error> {
        let rest = place.strip_prefix("http://").unwrap_or(place);
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let odd = |c: char| c.is_whitespace() || c.is_control();
        if host.is_empty() || host.contains('@') || place.contains(odd) {
            return Err(Error::unreadable(place, "it is not http://host[:port]/path"));
        }
        Ok(Self { place: place.trim_end_matches('/').to_owned(), host: host.to_owned(), path: format!("/{path}").trim_end_matches('/').to_owned() })
    }

    fn get(&self, path: &str) -> io::Result<Answer> {
        // An IPv6 address stands in brackets, so a colon after the last of them is the port's.
        let with_port = self.host.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
        let address = if with_port { self.host.clone() } else { format!("{}:80", self.host) };
        let mut last = io::Error::new(io::ErrorKind::NotFound, format!("'{address}' has no address"));
        for address in address.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(stream) => return self.ask(stream, path),
                Err(why) => last = why,
            }
        }
        Err(last)
    }

    fn ask(&self, mut stream: TcpStream, path: &str) -> io::Result<Answer> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        write!(stream, "GET {}/{path} HTTP/1.0\r\nHost: {}\r\nUser-Agent: veritrail-verify\r\nConnection: close\r\n\r\n", self.path, self.host)?;
        let mut bytes = Vec::new();
        stream.take(MAX_FILE_BYTES + MAX_HEAD_BYTES as u64).read_to_end(&mut bytes)?;
        answer(&bytes).map_err(|why| io::Error::new(io::ErrorKind::InvalidData, why))
    }
}

/// Takes an HTTP/1.x answer that ends with its connection apart.
fn answer(bytes: &[u8]) -> Result<Answer, &'static str> {
    let end = bytes.windows(4).take(MAX_HEAD_BYTES).position(|w| w == b"\r\n\r\n").ok_or("it answered no HTTP")?;
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| "it answered no HTTP")?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()).ok_or("it answered no HTTP")?;
    let mut answer = Answer { status, location: None, body: bytes[end + 4..].to_vec() };
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" if value.parse() != Ok(answer.body.len()) => return Err("the answer was cut short"),
            "transfer-encoding" | "content-encoding" if value != "identity" => return Err("it answered in an encoding that was not asked for"),
            "location" => answer.location = Some(value.to_owned()),
            _ => {}
        }
    }
    Ok(answer)
}

impl Files for Web {
    fn place(&self) -> &str {
        &self.place
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        let name = || format!("{}/{path}", self.place);
        let answer = self.get(path).map_err(|why| Error::unreadable(name(), why))?;
        match (answer.status, answer.location) {
            (200, _) => Ok(Some(answer.body)),
            (404 | 410, _) => Ok(None),
            (300..=399, Some(to)) => Err(Error::unreadable(name(), format!("it is at {to} now; name that place"))),
            (status, _) => Err(Error::unreadable(name(), format!("the server answered {status}"))),
        }
    }

    fn list(&self) -> Result<Option<Vec<String>>, Error> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_taken_apart_and_cut_ones_refused() {
        let whole = answer(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc").unwrap();
        assert_eq!((whole.status, whole.body.as_slice()), (200, b"abc".as_slice()));
        assert_eq!(answer(b"HTTP/1.0 302 Found\r\nLocation: https://x/\r\n\r\n").unwrap().location.as_deref(), Some("https://x/"));
        for bad in
            [&b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc"[..], b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc", b"SSH-2.0\r\n\r\n", b""]
        {
            assert!(answer(bad).is_err());
        }
    }

    #[test]
    fn places_are_read() {
        let web = Web::open("http://example.org:81/ledger/activity/").unwrap();
        assert_eq!((web.host.as_str(), web.path.as_str(), web.place()), ("example.org:81", "/ledger/activity", "http://example.org:81/ledger/activity"));
        assert_eq!(Web::open("http://example.org").unwrap().path, "");
        for bad in ["http://", "http:///x", "http://a b/", "http://user@example.org/"] {
            assert!(Web::open(bad).is_err(), "{bad}");
        }
    }
}
