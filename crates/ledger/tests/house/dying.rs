//! A process that is killed at one of its writes.

use async_trait::async_trait;
use bytes::Bytes;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use store::{
    StoreError,
    blobs::{Blobs, Version},
};

/// Blobs that fail from the n-th write on, before it or just after it: a process killed there.
pub struct Dying {
    pub blobs: Arc<dyn Blobs>,
    pub left: Arc<AtomicUsize>,
    pub after: bool,
}

impl Dying {
    async fn write<T>(&self, work: impl Future<Output = store::Result<T>>) -> store::Result<T> {
        let killed = || Err(StoreError::Unavailable { what: "blobs", why: "killed".into() });
        match self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)) {
            Err(_) => killed(),
            Ok(1) if self.after => work.await.and_then(|_| killed()),
            Ok(_) => work.await,
        }
    }
}

#[async_trait]
impl Blobs for Dying {
    async fn get(&self, path: &str) -> store::Result<Option<(Bytes, Version)>> {
        self.blobs.get(path).await
    }
    async fn range(&self, path: &str, from: u64, until: u64) -> store::Result<Bytes> {
        self.blobs.range(path, from, until).await
    }
    async fn put(&self, path: &str, bytes: Bytes) -> store::Result<()> {
        self.write(self.blobs.put(path, bytes)).await
    }
    async fn create(&self, path: &str, bytes: Bytes) -> store::Result<()> {
        self.write(self.blobs.create(path, bytes)).await
    }
    async fn swap(&self, path: &str, expected: Option<&Version>, bytes: Bytes) -> store::Result<Version> {
        self.write(self.blobs.swap(path, expected, bytes)).await
    }
    async fn list(&self, prefix: &str) -> store::Result<Vec<String>> {
        self.blobs.list(prefix).await
    }
    async fn delete(&self, path: &str) -> store::Result<()> {
        self.write(self.blobs.delete(path)).await
    }
}
