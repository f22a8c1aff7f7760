//! Blobs in S3-compatible object storage. Compare-and-swap is the store's conditional put (`If-Match`, `If-None-Match`) on the ETag.

use super::{Blobs, Version, is_plain};
use crate::{Result, StoreError};
use async_trait::async_trait;
use bytes::Bytes;
use futures::TryStreamExt;
use model::reach::is_here;
use object_store::{
    Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, UpdateVersion,
    aws::{AmazonS3, AmazonS3Builder},
    path::Path,
};
use std::sync::Arc;
use url::Url;

const DEFAULT_REGION: &str = "us-east-1";

/// A bucket, or a prefix in it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct S3 {
    store: Arc<AmazonS3>,
    /// Empty, or ends with `/`.
    prefix: String,
}

impl S3 {
    /// Opens `s3://bucket/prefix?endpoint=http://host:9000&region=eu-central-1`. Keys come from `access_key_id`, `secret_access_key` and `token` in
    /// the query, else from `AWS_ACCESS_KEY_ID` and the other variables the AWS tools read, else from the machine's role. The bucket must exist.
    /// An `http://` endpoint on another machine needs `allow_http=true`.
    ///
    /// # Errors
    /// `Internal` for a URL that is not of this form; the message never holds a secret.
    pub fn open(url: &str) -> Result<Self> {
        let wrong = |why: String| StoreError::Internal(format!("the URL of blobs: {why}; write s3://bucket/prefix?endpoint=URL&region=NAME"));
        let parsed = Url::parse(url).map_err(|e| wrong(e.to_string()))?;
        let bucket = parsed.host_str().filter(|_| parsed.scheme() == "s3").ok_or_else(|| wrong("it names no s3:// bucket".into()))?;
        let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
        if std::env::var_os("AWS_REGION").is_none() && std::env::var_os("AWS_DEFAULT_REGION").is_none() {
            builder = builder.with_region(DEFAULT_REGION);
        }
        let said = |name: &str| parsed.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value);
        let allow_http = match said("allow_http").as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(other) => return Err(wrong(format!("'{other}' of allow_http is not true or false"))),
        };
        for (name, value) in parsed.query_pairs() {
            builder = match &*name {
                "allow_http" => builder,
                "endpoint" => {
                    let endpoint = Url::parse(&value).map_err(|e| wrong(format!("the endpoint '{value}': {e}")))?;
                    let clear = endpoint.scheme() == "http";
                    if clear && !allow_http && !endpoint.host_str().is_some_and(is_here) {
                        let host = endpoint.host_str().unwrap_or_default();
                        return Err(wrong(format!(
                            "http:// to {host} would send what is kept in the clear; use https://, or add allow_http=true where nobody else is on the way"
                        )));
                    }
                    builder.with_allow_http(clear).with_endpoint(value)
                }
                "region" => builder.with_region(value),
                "access_key_id" => builder.with_access_key_id(value),
                "secret_access_key" => builder.with_secret_access_key(value),
                "token" => builder.with_token(value),
                other => return Err(wrong(format!("'{other}' is not endpoint, allow_http, region, access_key_id, secret_access_key or token"))),
            };
        }
        let prefix = match parsed.path().trim_matches('/') {
            "" => String::new(),
            path if is_plain(path) => format!("{path}/"),
            path => return Err(wrong(format!("'{path}' is not a relative ASCII path"))),
        };
        let store = builder.build().map_err(|e| wrong(e.to_string()))?;
        Ok(Self { store: Arc::new(store), prefix })
    }

    fn resolve(&self, path: &str) -> Result<Path> {
        let wrong = || StoreError::Internal(format!("'{path}' is not a relative ASCII path"));
        if !is_plain(path) {
            return Err(wrong());
        }
        Path::parse(format!("{}{path}", self.prefix)).map_err(|_| wrong())
    }
}

#[async_trait]
impl Blobs for S3 {
    async fn get(&self, path: &str) -> Result<Option<(Bytes, Version)>> {
        let found = match self.store.get(&self.resolve(path)?).await {
            Err(Error::NotFound { .. }) => return Ok(None),
            found => found.map_err(failed)?,
        };
        let version = version(path, found.meta.e_tag.clone())?;
        Ok(Some((found.bytes().await.map_err(failed)?, version)))
    }

    async fn range(&self, path: &str, from: u64, until: u64) -> Result<Bytes> {
        let (location, wrong) = (self.resolve(path)?, || StoreError::NotFound(format!("bytes {from}..{until} of {path}")));
        if until <= from {
            let size = self.store.head(&location).await.map_err(failed)?.size;
            return if until == from && until <= size { Ok(Bytes::new()) } else { Err(wrong()) };
        }
        match self.store.get_range(&location, from..until).await {
            Ok(bytes) if bytes.len() as u64 == until - from => Ok(bytes),
            Ok(_) => Err(wrong()),
            // A range past the end is answered 416, which arrives as a generic error: tell it from a failure by the size.
            Err(e @ Error::Generic { .. }) => match self.store.head(&location).await {
                Ok(meta) if meta.size < until => Err(wrong()),
                _ => Err(failed(e)),
            },
            Err(e) => Err(failed(e)),
        }
    }

    async fn put(&self, path: &str, bytes: Bytes) -> Result<()> {
        self.store.put(&self.resolve(path)?, bytes.into()).await.map(drop).map_err(failed)
    }

    async fn create(&self, path: &str, bytes: Bytes) -> Result<()> {
        match self.store.put_opts(&self.resolve(path)?, bytes.clone().into(), PutMode::Create.into()).await {
            Ok(_) => Ok(()),
            // Also how a retried request finds its own first try.
            Err(Error::AlreadyExists { .. }) => match self.get(path).await? {
                Some((there, _)) if there == bytes => Ok(()),
                _ => Err(StoreError::Conflict(format!("{path} is there with other bytes"))),
            },
            Err(e) => Err(failed(e)),
        }
    }

    async fn swap(&self, path: &str, expected: Option<&Version>, bytes: Bytes) -> Result<Version> {
        let mode = match expected {
            None => PutMode::Create,
            Some(Version(tag)) => PutMode::Update(UpdateVersion { e_tag: Some(tag.clone()), version: None }),
        };
        let options = PutOptions { mode, ..PutOptions::default() };
        match self.store.put_opts(&self.resolve(path)?, bytes.into(), options).await {
            Ok(put) => version(path, put.e_tag),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotModified { .. }) => {
                Err(StoreError::Conflict(format!("{path} changed since it was read")))
            }
            // The request may have arrived: only reading it again tells.
            Err(Error::Generic { source, .. }) => Err(StoreError::Unknown { what: "blobs", why: source.to_string() }),
            Err(e) => Err(failed(e)),
        }
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>> {
        // The store lists whole folders; a prefix may end within a name.
        let folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
        let within = format!("{}{folder}", self.prefix);
        let within = Path::parse(within.trim_end_matches('/')).map_err(|_| StoreError::Internal(format!("'{prefix}' is not a prefix of paths")))?;
        let objects = self.store.list((!within.as_ref().is_empty()).then_some(&within)).map_ok(|meta| meta.location.to_string());
        let all: Vec<String> = objects.try_collect().await.map_err(failed)?;
        let mut found: Vec<String> = all.iter().filter_map(|p| p.strip_prefix(&self.prefix)).filter(|p| p.starts_with(prefix)).map(str::to_owned).collect();
        found.sort();
        Ok(found)
    }

    async fn delete(&self, path: &str) -> Result<()> {
        match self.store.delete(&self.resolve(path)?).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(e) => Err(failed(e)),
        }
    }
}

fn version(path: &str, tag: Option<String>) -> Result<Version> {
    tag.map(Version).ok_or_else(|| StoreError::Internal(format!("the object store answered no ETag for {path}; compare-and-swap needs one")))
}

/// Every write here may be repeated safely, so a failure is no worse than an object store that is away.
fn failed(error: Error) -> StoreError {
    match error {
        Error::NotFound { path, .. } => StoreError::NotFound(path),
        Error::InvalidPath { .. } | Error::NotSupported { .. } | Error::NotImplemented { .. } | Error::UnknownConfigurationKey { .. } => {
            StoreError::Internal(error.to_string())
        }
        other => StoreError::Unavailable { what: "blobs", why: other.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expect: Result<&str, &str>) {
        match (S3::open(url), expect) {
            (Ok(s3), Ok(prefix)) => assert_eq!(s3.prefix, prefix, "{url}"),
            (Err(e), Err(why)) => assert!(e.to_string().contains(why), "{url}: {e}"),
            (got, _) => panic!("{url}: {got:?}"),
        }
    }

    #[test]
    fn urls_are_read_or_refused_with_a_reason() {
        check("s3://bucket", Ok(""));
        check("s3://bucket/a/b/?endpoint=http://127.0.0.1:1&region=eu&access_key_id=k&secret_access_key=s", Ok("a/b/"));
        check("http://bucket", Err("names no s3:// bucket"));
        check("s3://bucket?secret=hush", Err("'secret' is not"));
        check("s3://bucket/a//b", Err("not a relative ASCII path"));
    }

    #[test]
    fn another_machine_is_not_spoken_to_in_the_clear_unless_the_url_says_so() {
        for here in ["http://127.0.0.1:9000", "http://[::1]:9000", "http://localhost:9000"] {
            check(&format!("s3://bucket?endpoint={here}"), Ok(""));
        }
        for elsewhere in
            ["http://minio.example.com", "http://10.0.0.5:9000", "HTTP://[2001:db8::5]", "http://localhost.example.com", "http://127.0.0.1.example.com"]
        {
            check(&format!("s3://bucket?endpoint={elsewhere}"), Err("in the clear; use https://, or add allow_http=true"));
            check(&format!("s3://bucket?endpoint={elsewhere}&allow_http=false"), Err("in the clear"));
            check(&format!("s3://bucket?endpoint={elsewhere}&allow_http=true"), Ok(""));
            check(&format!("s3://bucket?allow_http=true&endpoint={elsewhere}"), Ok(""));
        }
        check("s3://bucket?endpoint=https://minio.example.com", Ok(""));
        check("s3://bucket?allow_http=perhaps", Err("'perhaps' of allow_http"));
    }
}
