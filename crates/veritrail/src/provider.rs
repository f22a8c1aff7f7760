//! The company's own sign-in, where one is configured.

use crate::config::Config;
use anyhow::{Context, Result};
use app::{
    AppError,
    provider::{Begun, Identity, Provider, ProviderPolicy},
};
use async_trait::async_trait;
use channels::{ChannelError, Oidc, OidcBegun, OidcConfig, OidcIdentity, Secret};
use std::sync::Arc;

struct Elsewhere(Oidc);

#[async_trait]
impl Provider for Elsewhere {
    async fn begin(&self) -> Result<Begun, AppError> {
        let OidcBegun { url, state, nonce, verifier } = self.0.begin().await.map_err(told)?;
        Ok(Begun { url, state, nonce, verifier })
    }

    async fn finish(&self, code: &str, nonce: &str, verifier: &str) -> Result<Identity, AppError> {
        let OidcIdentity { issuer, subject, email, email_verified, name, groups, second_factor } = self.0.finish(code, nonce, verifier).await.map_err(told)?;
        Ok(Identity { issuer, subject, email, email_verified, name, groups, second_factor })
    }
}

/// Strangers are told that it failed; the log says why.
fn told(error: ChannelError) -> AppError {
    tracing::warn!("{error}");
    match error {
        ChannelError::Later(_) => AppError::Unavailable("your company's sign-in does not answer; try again later, or sign in by password".into()),
        ChannelError::Refused(_) => AppError::SignIn("your company's sign-in did not vouch for you; begin again".into()),
    }
}

pub fn provider(config: &Config) -> Result<Option<(Arc<dyn Provider>, ProviderPolicy)>> {
    let oidc = &config.oidc;
    if oidc.issuer.is_empty() {
        return Ok(None);
    }
    let asked = OidcConfig {
        issuer: oidc.issuer.clone(),
        client_id: oidc.client_id.clone(),
        client_secret: Secret::new(&oidc.client_secret),
        redirect: format!("{}/provider", config.public_url()),
        scopes: oidc.scopes.clone(),
        groups_claim: oidc.groups_claim.clone(),
        allow_private: oidc.allow_private,
    };
    let policy = ProviderPolicy { title: oidc.title.clone(), create: oidc.create_members, trust_email: oidc.trust_email };
    Ok(Some((Arc::new(Elsewhere(Oidc::new(asked).context("[oidc] is wrong")?)), policy)))
}
