//! What is configured, read only: auditing settings change by file and restart.

use crate::{Server, input::Json, problem::Result, signed::Signed};
use app::Operation;
use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// One key in force; secrets say whether they are set.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Setting {
    pub key: String,
    pub value: String,
    /// `default`, `file`, `environment` or `flag`.
    pub source: String,
    pub help: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SettingsSection {
    pub name: String,
    pub title: String,
    pub values: Vec<Setting>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Settings {
    sections: Vec<SettingsSection>,
}

#[utoipa::path(get, path = "/settings", tag = "settings", operation_id = "settings.read", responses((status = 200, body = Settings), (status = "default", body = crate::problem::Problem)))]
pub async fn read(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<Settings>> {
    server.app.read(&caller, Operation::SettingsRead, (), json!({})).await?;
    Ok(Json(Settings { sections: server.settings.clone() }))
}
