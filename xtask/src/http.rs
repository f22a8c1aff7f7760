//! A connection that stays open and asks one thing after the other. It is as thin as can be, so that what is measured is the server.

use anyhow::{Context, Result, bail};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    time::Duration,
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(600);

pub struct Connection {
    stream: BufReader<TcpStream>,
    head: String,
}

pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("status {}: {}", self.status, String::from_utf8_lossy(&self.body)))
    }

    /// # Errors
    /// When the status is not 200, with what the server says.
    pub fn ok(self) -> Result<Self> {
        if self.status != 200 {
            bail!("the server answered {}: {}", self.status, String::from_utf8_lossy(&self.body));
        }
        Ok(self)
    }
}

/// A port of loopback that nobody listens on just now.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

impl Connection {
    /// `headers` are sent with every request, each ending in CRLF.
    pub fn open(address: &str, headers: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| format!("nobody listens on {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::with_capacity(64 << 10, stream), head: format!("Host: {address}\r\nX-Veritrail: 1\r\n{headers}") })
    }

    /// Gives up on an answer that takes longer.
    pub fn within(self, patience: Duration) -> Result<Self> {
        self.stream.get_ref().set_read_timeout(Some(patience))?;
        Ok(self)
    }

    pub fn get(&mut self, path: &str) -> Result<Answer> {
        self.ask("GET", path, "", b"")
    }

    pub fn post(&mut self, path: &str, media_type: &str, body: &[u8]) -> Result<Answer> {
        self.ask("POST", path, &format!("Content-Type: {media_type}\r\n"), body)
    }

    pub fn put(&mut self, path: &str) -> Result<Answer> {
        self.ask("PUT", path, "", b"")
    }

    fn ask(&mut self, method: &str, path: &str, further: &str, body: &[u8]) -> Result<Answer> {
        let head = format!("{method} {path} HTTP/1.1\r\n{}{further}Content-Length: {}\r\n\r\n", self.head, body.len());
        let stream = self.stream.get_mut();
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        let status_line = self.line()?;
        let status = status_line.split(' ').nth(1).and_then(|s| s.parse().ok()).with_context(|| format!("'{status_line}' is no HTTP status"))?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let header = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        let mut body = Vec::new();
        if header("transfer-encoding") == Some("chunked") {
            loop {
                let size = usize::from_str_radix(self.line()?.trim(), 16).context("a chunk has no size")?;
                let start = body.len();
                body.resize(start + size, 0);
                self.stream.read_exact(&mut body[start..])?;
                self.line()?;
                if size == 0 {
                    break;
                }
            }
        } else if let Some(length) = header("content-length") {
            body.resize(length.parse().context("Content-Length")?, 0);
            self.stream.read_exact(&mut body)?;
        }
        Ok(Answer { status, headers, body })
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            bail!("the server closed the connection");
        }
        line.truncate(line.trim_end().len());
        Ok(line)
    }
}
