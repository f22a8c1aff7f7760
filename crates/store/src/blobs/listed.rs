//! Objects named by a list, each with its place among others: a backup as it is read. Nothing is written through this.

use super::{Blobs, Version};
use crate::{Result, StoreError};
use async_trait::async_trait;
use bytes::Bytes;
use std::{collections::BTreeMap, sync::Arc};

pub struct Listed {
    within: Arc<dyn Blobs>,
    /// Place by path.
    places: BTreeMap<String, String>,
}

impl Listed {
    pub fn new(within: Arc<dyn Blobs>, places: BTreeMap<String, String>) -> Self {
        Self { within, places }
    }
}

fn only_read<T>() -> Result<T> {
    Err(StoreError::Internal("what is listed is only read".into()))
}

#[async_trait]
impl Blobs for Listed {
    async fn get(&self, path: &str) -> Result<Option<(Bytes, Version)>> {
        match self.places.get(path) {
            Some(place) => self.within.get(place).await,
            None => Ok(None),
        }
    }
    async fn range(&self, path: &str, from: u64, until: u64) -> Result<Bytes> {
        match self.places.get(path) {
            Some(place) => self.within.range(place, from, until).await,
            None => Err(StoreError::NotFound(format!("bytes {from}..{until} of {path}"))),
        }
    }
    async fn put(&self, _: &str, _: Bytes) -> Result<()> {
        only_read()
    }
    async fn create(&self, _: &str, _: Bytes) -> Result<()> {
        only_read()
    }
    async fn swap(&self, _: &str, _: Option<&Version>, _: Bytes) -> Result<Version> {
        only_read()
    }
    async fn list(&self, prefix: &str) -> Result<Vec<String>> {
        let from = self.places.range(prefix.to_owned()..);
        Ok(from.take_while(|(path, _)| path.starts_with(prefix)).map(|(path, _)| path.clone()).collect())
    }
    async fn delete(&self, _: &str) -> Result<()> {
        only_read()
    }
}
