//! A browser's or a program's side of the conversation: a cookie, the header of our own pages, JSON.

use reqwest::{Method, header};
use serde_json::Value;
use std::time::Duration;

#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    cookie: Option<String>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<String>,
    pub content_type: String,
    pub body: Value,
}

impl Answer {
    /// The body of an answer that must be good.
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.body);
        self.body
    }

    /// What is wrong, in words, of an answer that must be a problem of this status.
    pub fn problem(&self, status: u16) -> &str {
        assert_eq!((self.status, self.content_type.as_str()), (status, "application/problem+json"), "{}", self.body);
        self.body["detail"].as_str().unwrap()
    }
}

/// A hung answer is a failure that says which request hung, not a test that never ends. Live streams end earlier by themselves.
const PATIENCE: Duration = Duration::from_secs(60);

impl Client {
    pub fn new(url: &str) -> Self {
        Self { http: reqwest::Client::builder().timeout(PATIENCE).build().unwrap(), url: url.to_owned(), cookie: None }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub async fn post(&mut self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    pub async fn call(&mut self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.http.request(method, format!("{}/api/v1{path}", self.url)).header("x-veritrail", "1");
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let response = request.send().await.unwrap();
        if let Some(cookie) = response.headers().get(header::SET_COOKIE) {
            self.cookie = cookie.to_str().unwrap().split(';').next().map(str::to_owned);
        }
        read(response).await
    }

    /// A change as a page of somebody else's would have the browser send it: with the cookie, from there, without our own header or with it.
    pub async fn from_elsewhere(&self, path: &str, origin: Option<&str>, our_header: bool) -> u16 {
        let mut request = self.http.post(format!("{}/api/v1{path}", self.url)).header(header::COOKIE, self.cookie.as_deref().unwrap_or_default());
        request = origin.into_iter().fold(request, |request, origin| request.header(header::ORIGIN, origin));
        if our_header {
            request = request.header("x-veritrail", "1");
        }
        request.header(header::CONTENT_TYPE, "application/json").body("{}").send().await.unwrap().status().as_u16()
    }

    /// What the session's cookie holds.
    pub fn secret(&self) -> &str {
        self.cookie.as_deref().and_then(|cookie| cookie.split_once('=')).map(|(_, secret)| secret).unwrap_or_default()
    }

    /// An answer that has begun, whatever it is.
    pub async fn begun(&self, path: &str) -> reqwest::Response {
        let request = self.http.get(format!("{}/api/v1{path}", self.url)).header(header::COOKIE, self.cookie.as_deref().unwrap_or_default());
        request.send().await.unwrap()
    }

    /// A good answer with its headers.
    pub async fn response(&self, path: &str) -> reqwest::Response {
        self.begun(path).await.error_for_status().unwrap()
    }

    /// A file, as a page downloads it.
    pub async fn file(&self, path: &str) -> Vec<u8> {
        self.response(path).await.bytes().await.unwrap().to_vec()
    }

    /// A file to a source, as a page uploads it.
    pub async fn upload(&self, source: &str, name: &str, bytes: Vec<u8>) -> Answer {
        let request = self.http.post(format!("{}/api/v1/sources/{source}/upload?name={name}", self.url)).header("x-veritrail", "1");
        let request = request.header(header::COOKIE, self.cookie.as_deref().unwrap_or_default()).header(header::CONTENT_TYPE, "application/octet-stream");
        read(request.body(bytes).send().await.unwrap()).await
    }

    /// Records pushed with an ingest key. `Err` where no answer came.
    pub async fn push(&self, source: &str, key: &str, media_type: &str, body: impl Into<reqwest::Body>) -> reqwest::Result<Answer> {
        let request = self.http.post(format!("{}/api/v1/ingest/{source}", self.url)).bearer_auth(key);
        Ok(read(request.header(header::CONTENT_TYPE, media_type).body(body).send().await?).await)
    }
}

async fn read(response: reqwest::Response) -> Answer {
    let text = |name: header::HeaderName| response.headers().get(name).and_then(|h| h.to_str().ok()).map(str::to_owned);
    let (retry_after, content_type) = (text(header::RETRY_AFTER), text(header::CONTENT_TYPE).unwrap_or_default());
    let status = response.status().as_u16();
    let body = response.bytes().await.unwrap_or_default();
    let body = serde_json::from_slice(&body).unwrap_or_else(|_| String::from_utf8_lossy(&body).into_owned().into());
    Answer { status, retry_after, content_type, body }
}
