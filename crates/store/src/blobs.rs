//! Objects with compare-and-swap: segments, tiles, checkpoints, exports.

use crate::Result;
use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};

pub use directory::Directory;
pub use listed::Listed;
pub use s3::S3;

mod directory;
mod listed;
mod s3;

/// Objects written at once where many are.
const AT_ONCE: usize = 8;

/// A version of an object, opaque; from `get`, for `swap`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(pub String);

/// Paths are `/`-separated, relative, ASCII. Every write is durable (fsync of file and directory, or the store's own answer) before it returns.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// The object, or `None`.
    async fn get(&self, path: &str) -> Result<Option<(Bytes, Version)>>;
    /// Bytes `[from, until)` of an object.
    async fn range(&self, path: &str, from: u64, until: u64) -> Result<Bytes>;
    /// Writes, replacing what is there.
    async fn put(&self, path: &str, bytes: Bytes) -> Result<()>;
    /// Writes if nothing is there; the same bytes already there are fine, others are a `Conflict`.
    async fn create(&self, path: &str, bytes: Bytes) -> Result<()>;
    /// [`Blobs::create`] of many objects, in any order; after an error some may be there. All are durable before it returns.
    async fn create_all(&self, objects: Vec<(String, Bytes)>) -> Result<()> {
        let one = async |(path, bytes): (String, Bytes)| self.create(&path, bytes).await;
        stream::iter(objects).map(one).buffer_unordered(AT_ONCE).try_collect().await
    }
    /// Replaces the version read (`None`: nothing was there); otherwise `Conflict`.
    async fn swap(&self, path: &str, expected: Option<&Version>, bytes: Bytes) -> Result<Version>;
    /// Paths under a prefix, in lexical order.
    async fn list(&self, prefix: &str) -> Result<Vec<String>>;
    async fn delete(&self, path: &str) -> Result<()>;
}

/// Only plain relative paths: no empty, dot or dot-dot parts, nothing a file system could read differently.
fn is_plain(path: &str) -> bool {
    path.split('/').all(|part| !part.is_empty() && part != "." && part != ".." && part.bytes().all(|b| b.is_ascii_graphic() && !b"\\:".contains(&b)))
}
