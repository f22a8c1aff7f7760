//! Columns as the nouns need them: ids are 16 bytes, counts are never negative, what is no word of ours is damage.

use crate::{Result, StoreError, sql::column};
use sea_orm::{QueryResult, Value as Sql};
use uuid::Uuid;

pub(crate) fn id_value(id: Uuid) -> Sql {
    id.as_bytes().to_vec().into()
}

pub(crate) fn optional_id_value(id: Option<Uuid>) -> Sql {
    id.map(|id| id.as_bytes().to_vec()).into()
}

pub(crate) fn id(row: &QueryResult, name: &str) -> Result<Uuid> {
    Uuid::from_slice(&column::<Vec<u8>>(row, name)?).map_err(|e| damaged(name, e))
}

pub(crate) fn optional_id(row: &QueryResult, name: &str) -> Result<Option<Uuid>> {
    column::<Option<Vec<u8>>>(row, name)?.map(|bytes| Uuid::from_slice(&bytes).map_err(|e| damaged(name, e))).transpose()
}

pub(crate) fn unsigned(row: &QueryResult, name: &str) -> Result<u64> {
    u64::try_from(column::<i64>(row, name)?).map_err(|e| damaged(name, e))
}

pub(crate) fn signed(number: u64) -> Result<i64> {
    i64::try_from(number).map_err(|_| StoreError::Internal(format!("{number} does not fit a BIGINT")))
}

/// A column that holds one of our own words.
pub(crate) fn word<T>(row: &QueryResult, name: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T> {
    let text: String = column(row, name)?;
    read(&text).ok_or_else(|| damaged(name, format!("'{text}' is not a word of this version")))
}

pub(crate) fn json<T: serde::de::DeserializeOwned>(row: &QueryResult, name: &str) -> Result<T> {
    serde_json::from_str(&column::<String>(row, name)?).map_err(|e| damaged(name, e))
}

pub(crate) fn json_value<T: serde::Serialize>(value: &T) -> Result<Sql> {
    serde_json::to_string(value).map(Sql::from).map_err(|e| StoreError::Internal(format!("a record cannot be written as JSON: {e}")))
}

pub(crate) fn damaged(what: &str, why: impl ToString) -> StoreError {
    StoreError::Damaged { what: format!("column {what} of the records"), why: why.to_string() }
}
