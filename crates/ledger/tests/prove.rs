//! Many records proved under one checkpoint, each stored file read once.

mod house;

use async_trait::async_trait;
use bytes::Bytes;
use house::{House, LEDGER};
use ledger::{LedgerError, Prover, prove};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use store::{
    Result, StoreError,
    blobs::{Blobs, Version},
};

/// Counts what is read.
struct Counted {
    blobs: Arc<dyn Blobs>,
    read: Mutex<BTreeMap<String, u32>>,
}

#[async_trait]
impl Blobs for Counted {
    async fn get(&self, path: &str) -> Result<Option<(Bytes, Version)>> {
        *self.read.lock().unwrap().entry(path.to_owned()).or_default() += 1;
        self.blobs.get(path).await
    }
    async fn range(&self, path: &str, from: u64, until: u64) -> Result<Bytes> {
        self.blobs.range(path, from, until).await
    }
    async fn put(&self, path: &str, bytes: Bytes) -> Result<()> {
        self.blobs.put(path, bytes).await
    }
    async fn create(&self, path: &str, bytes: Bytes) -> Result<()> {
        self.blobs.create(path, bytes).await
    }
    async fn swap(&self, path: &str, expected: Option<&Version>, bytes: Bytes) -> Result<Version> {
        self.blobs.swap(path, expected, bytes).await
    }
    async fn list(&self, prefix: &str) -> Result<Vec<String>> {
        self.blobs.list(prefix).await
    }
    async fn delete(&self, path: &str) -> Result<()> {
        self.blobs.delete(path).await
    }
}

#[tokio::test]
async fn many_records_are_proved_under_one_checkpoint_with_every_file_read_once() {
    let house = House::embedded().await;
    let integrator = house.integrator();
    house.fill(0, 700, 100).await;
    integrator.step(1).await.unwrap().unwrap();
    let counted = Counted { blobs: house.blobs.clone(), read: Mutex::default() };
    let (mut prover, newest) = Prover::over(&counted, LEDGER, 0, 650).await.unwrap();
    let note = prover.note().to_owned();
    assert_eq!((prover.size(), newest.size, newest.checkpoint.as_str()), (700, 700, note.as_str()));
    assert_eq!(Some(prover.root().as_str()), note.lines().nth(2));

    // Grown meanwhile: the checkpoint stays.
    house.fill(700, 900, 100).await;
    integrator.step(2).await.unwrap().unwrap();
    for index in (0..700).step_by(7) {
        let proof = prover.prove(index).await.unwrap();
        assert_eq!((proof.index, proof.size, proof.checkpoint.as_str()), (index, 700, note.as_str()));
        // It is verified as it is made; under the newer checkpoint it is another.
        assert_eq!(proof.leaf, prove(house.blobs.as_ref(), LEDGER, 0, index).await.unwrap().leaf);
    }
    assert!(matches!(prover.prove(700).await, Err(LedgerError::Store(StoreError::NotFound(_)))));
    let read = counted.read.into_inner().unwrap();
    // The newest record's bundle was read first, and again in its turn.
    let more: Vec<_> = read.iter().filter(|(path, times)| **times > 1 && !path.contains("entries/002")).collect();
    assert!(more.is_empty() && read.len() >= 6, "{read:?}");
}
