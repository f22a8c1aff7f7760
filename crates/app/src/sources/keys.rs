//! Keys for pushing records to one source: shown once, kept as a hash.

use crate::{App, AppError, Caller, Operation};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use model::{MINUTE, Source, SourceState};
use rand::{RngCore, rngs::OsRng};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::{
    records::{IngestKey, IngestKeys, Sources},
    sql::Unit,
};
use subtle::ConstantTimeEq;
use utoipa::ToSchema;
use uuid::Uuid;

/// What keys begin with, so that scanners of leaked secrets know them.
const PREFIX: &str = "vtk_";
const SECRET_BYTES: usize = 32;
const MAX_NAME_CHARS: usize = 100;

/// A new key, the only time it is shown.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NewKey {
    pub id: Uuid,
    pub name: String,
    pub key: String,
}

impl App {
    pub async fn create_key(&self, caller: &Caller, source: Uuid, name: &str) -> Result<NewKey, AppError> {
        let name = name.trim();
        if !(1..=MAX_NAME_CHARS).contains(&name.chars().count()) {
            return Err(AppError::invalid("name", format!("a key's name has 1 to {MAX_NAME_CHARS} characters; name the sender")));
        }
        let mut secret = [0; SECRET_BYTES];
        OsRng.fill_bytes(&mut secret);
        let key = IngestKey { id: Uuid::now_v7(), source, name: name.to_owned(), hash: hash(&secret), created: self.now(), last_used: None, revoked: None };
        self.change(caller, Operation::SourcesKeys, ("source", source), json!({ "made": key.id }), async |unit: &Unit| {
            unit.source(source).await?.ok_or_else(|| AppError::not_found(format!("source {source}")))?;
            Ok(unit.add_ingest_key(&key).await?)
        })
        .await?;
        Ok(NewKey { id: key.id, name: key.name, key: format!("{PREFIX}{}_{}", key.id.simple(), BASE64.encode(secret)) })
    }

    pub async fn revoke_key(&self, caller: &Caller, source: Uuid, key: Uuid) -> Result<(), AppError> {
        self.change(caller, Operation::SourcesKeys, ("source", source), json!({ "revoked": key }), async |unit: &Unit| {
            if unit.revoke_ingest_key(source, key, self.now()).await? { Ok(()) } else { Err(AppError::not_found(format!("key {key} in use"))) }
        })
        .await
    }

    /// The source a sender may push to with this key. Every failure says the same: a stranger learns nothing.
    ///
    /// # Errors
    /// `SignIn` for a wrong, revoked or foreign key; `Conflict` for a paused source.
    pub async fn source_to_push(&self, source_name: &str, key: &str) -> Result<Source, AppError> {
        let refused = || AppError::SignIn("The ingest key is not valid for this source. Nothing was taken.".into());
        let (id, secret) = key.strip_prefix(PREFIX).and_then(|rest| rest.split_once('_')).ok_or_else(refused)?;
        let id = Uuid::try_parse(id).map_err(|_| refused())?;
        let secret = BASE64.decode(secret).map_err(|_| refused())?;
        let known = self.records.ingest_key(id).await?;
        // A key that is not there is compared too, so that time does not tell.
        let expected = known.as_ref().map_or([0; 32], |k| k.hash);
        let same: bool = hash(&secret).ct_eq(&expected).into();
        let key = known.filter(|k| same && k.revoked.is_none()).ok_or_else(refused)?;
        let source = self.records.source(key.source).await?.filter(|s| s.name == source_name).ok_or_else(refused)?;
        let now = self.now();
        if key.last_used.is_none_or(|used| now - used >= MINUTE) {
            self.records.ingest_key_used(key.id, now).await?;
        }
        if source.state == SourceState::Paused {
            return Err(AppError::Conflict(format!("the source '{source_name}' is paused; nothing was taken")));
        }
        Ok(source)
    }
}

fn hash(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}
