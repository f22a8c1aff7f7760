//! What leaves Veritrail about an alert: masked, so that mail and chat hold no personal values.

use crate::AppError;
use async_trait::async_trait;
use model::Severity;
use serde::Serialize;
use uuid::Uuid;

/// A new alert for those who must know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlertNotice {
    pub alert: Uuid,
    pub severity: Severity,
    /// The alert's first line without names.
    pub headline: String,
    pub rule_title: String,
    pub source_title: String,
    pub opened: String,
    /// Where to read on.
    pub link: String,
}

/// Tells people: mail and webhook, wired by the binary.
#[async_trait]
pub trait Notify: Send + Sync {
    /// Hands a notice over. A notice may come twice after a restart; an error makes it come again.
    async fn alert(&self, notice: &AlertNotice) -> Result<(), AppError>;
}

/// No channel is configured: alerts are read on the page.
pub struct Nobody;

#[async_trait]
impl Notify for Nobody {
    async fn alert(&self, _notice: &AlertNotice) -> Result<(), AppError> {
        Ok(())
    }
}
