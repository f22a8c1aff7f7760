//! The company's own sign-in: an OpenID Connect provider, asked with authorisation code and PKCE. Whom its answers let in, and as what, is decided above.

use crate::{
    ChannelError, ConfigError, Secret,
    guarded::{Allow, Guarded},
};
use openidconnect::{
    AdditionalClaims, AsyncHttpClient, AuthenticationFlow, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IdTokenFields, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, Scope, StandardErrorResponse, StandardTokenResponse, TokenResponse, UserInfoClaims,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
        CoreProviderMetadata, CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{
    pin::Pin,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;
use url::Url;

/// Longest wait for one answer, and the largest that is read.
const TIMEOUT: Duration = Duration::from_secs(10);
const MOST_BYTES: usize = 1024 * 1024;
/// What the provider says of itself, its keys included, is asked for anew after this.
const METADATA_FOR: Duration = Duration::from_secs(600);
/// RFC 8176: methods that are a second factor, or hold one.
const SECOND_FACTORS: [&str; 8] = ["mfa", "otp", "hwk", "swk", "fpt", "face", "iris", "sc"];

/// How an ID token may be signed: by a key that the provider alone has, never by the client's secret.
const SIGNED_BY_KEYS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// `[oidc]` of the configuration.
#[derive(Clone, Debug)]
pub struct OidcConfig {
    pub issuer: String,
    pub client_id: String,
    /// Empty for a public client.
    pub client_secret: Secret,
    /// Where the provider sends people back to.
    pub redirect: String,
    pub scopes: Vec<String>,
    /// The claim that lists a person's groups.
    pub groups_claim: String,
    pub allow_private: bool,
}

/// A sign-in begun: where the browser goes, and what must come back. All but the URL stays in the browser that began it.
#[derive(Clone)]
pub struct OidcBegun {
    pub url: String,
    pub state: String,
    pub nonce: String,
    pub verifier: String,
}

/// Who came back, as the provider vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcIdentity {
    pub issuer: String,
    pub subject: String,
    pub email: Option<String>,
    pub email_verified: bool,
    pub name: Option<String>,
    pub groups: Vec<String>,
    /// The provider asked for a second factor.
    pub second_factor: bool,
}

/// Claims beyond the standard ones, by name.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct Further(Map<String, Value>);
impl AdditionalClaims for Further {}

type Fields = IdTokenFields<Further, EmptyExtraTokenFields, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
type Tokens = StandardTokenResponse<Fields, CoreTokenType>;
type Relying = Client<
    Further,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The provider.
pub struct Oidc {
    config: OidcConfig,
    issuer: IssuerUrl,
    redirect: RedirectUrl,
    known: Mutex<Option<(Instant, CoreProviderMetadata)>>,
}

impl Oidc {
    pub fn new(config: OidcConfig) -> Result<Self, ConfigError> {
        let url = Url::parse(&config.issuer).map_err(|e| ConfigError::new("oidc.issuer", format!("'{}' is no URL: {e}", config.issuer)))?;
        if url.scheme() != "https" && !config.allow_private {
            return Err(ConfigError::new("oidc.issuer", "it must begin with https://"));
        }
        if config.client_id.is_empty() {
            return Err(ConfigError::new("oidc.client_id", "set the client id that the provider knows Veritrail by"));
        }
        let issuer = IssuerUrl::new(config.issuer.clone()).map_err(|e| ConfigError::new("oidc.issuer", e.to_string()))?;
        let redirect = RedirectUrl::new(config.redirect.clone()).map_err(|e| ConfigError::new("server.public_url", e.to_string()))?;
        Ok(Self { config, issuer, redirect, known: Mutex::new(None) })
    }

    /// Where to send the browser.
    pub async fn begin(&self) -> Result<OidcBegun, ChannelError> {
        let client = Relying::from_provider_metadata(self.metadata().await?, self.id(), self.secret()).set_redirect_uri(self.redirect.clone());
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = client
            .authorize_url(AuthenticationFlow::<CoreResponseType>::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
            .set_pkce_challenge(challenge);
        for scope in self.config.scopes.iter().filter(|scope| *scope != "openid") {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        let (url, state, nonce) = request.url();
        let (state, nonce) = (state.secret().clone(), nonce.secret().clone());
        Ok(OidcBegun { url: url.to_string(), state, nonce, verifier: verifier.secret().clone() })
    }

    /// Redeems the code that came back, and holds the answer against the provider's keys, our client id and the nonce.
    ///
    /// # Errors
    /// `Refused` when the provider, or what it vouches for, does not hold; `Later` when it did not answer.
    pub async fn finish(&self, code: &str, nonce: &str, verifier: &str) -> Result<OidcIdentity, ChannelError> {
        let refused = |what: &str, why: &dyn std::fmt::Display| ChannelError::Refused(format!("{}: {what}: {why}", self.name()));
        let client = Relying::from_provider_metadata(self.metadata().await?, self.id(), self.secret()).set_redirect_uri(self.redirect.clone());
        let http = Egress(self);
        let exchange = client.exchange_code(AuthorizationCode::new(code.to_owned())).map_err(|e| refused("it names no token endpoint", &e))?;
        let tokens = exchange.set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned())).request_async(&http).await;
        let tokens = tokens.map_err(|e| refused("the code was not redeemed", &told(&e)))?;
        let token = tokens.id_token().ok_or_else(|| refused("it gave no ID token", &"scope openid is needed"))?;
        let nonce = Nonce::new(nonce.to_owned());
        let verifier = client.id_token_verifier().set_allowed_algs(SIGNED_BY_KEYS);
        let claims = token.claims(&verifier, &nonce).map_err(|e| refused("its ID token does not hold", &told(&e)))?;
        let mut identity = OidcIdentity {
            issuer: claims.issuer().to_string(),
            subject: claims.subject().to_string(),
            email: claims.email().map(|e| e.to_string()),
            email_verified: claims.email_verified().unwrap_or(false),
            name: claims.name().and_then(|n| n.get(None)).map(|n| n.to_string()),
            groups: self.groups(claims.additional_claims()),
            second_factor: claims.auth_method_refs().is_some_and(|refs| refs.iter().any(|r| SECOND_FACTORS.contains(&r.as_str()))),
        };
        // Many providers give no more than the subject in the token and the rest on asking.
        if let Ok(request) = client.user_info(tokens.access_token().clone(), Some(claims.subject().clone())) {
            let info: UserInfoClaims<Further, CoreGenderClaim> =
                request.request_async(&http).await.map_err(|e| refused("what it says of the person does not hold", &told(&e)))?;
            identity.email_verified = match info.email() {
                Some(email) => {
                    identity.email = Some(email.to_string());
                    info.email_verified().unwrap_or(false)
                }
                None => identity.email_verified,
            };
            identity.name = info.name().and_then(|n| n.get(None)).map(|n| n.to_string()).or(identity.name);
            let groups = self.groups(info.additional_claims());
            if !groups.is_empty() {
                identity.groups = groups;
            }
        }
        Ok(identity)
    }

    fn name(&self) -> String {
        format!("sign-in via {}", self.issuer.url().host_str().unwrap_or_default())
    }

    fn id(&self) -> ClientId {
        ClientId::new(self.config.client_id.clone())
    }

    fn secret(&self) -> Option<ClientSecret> {
        let secret = self.config.client_secret.reveal();
        (!secret.is_empty()).then(|| ClientSecret::new(secret.to_owned()))
    }

    fn groups(&self, further: &Further) -> Vec<String> {
        match further.0.get(&self.config.groups_claim) {
            Some(Value::Array(groups)) => groups.iter().filter_map(|g| g.as_str().map(str::to_owned)).collect(),
            Some(Value::String(group)) => vec![group.clone()],
            _ => Vec::new(),
        }
    }

    async fn metadata(&self) -> Result<CoreProviderMetadata, ChannelError> {
        let mut known = self.known.lock().await;
        if let Some((_, metadata)) = known.as_ref().filter(|(asked, _)| asked.elapsed() < METADATA_FOR) {
            return Ok(metadata.clone());
        }
        let http = Egress(self);
        let found = CoreProviderMetadata::discover_async(self.issuer.clone(), &http).await;
        let found = found.map_err(|e| ChannelError::Later(format!("{}: it could not be asked about itself: {}", self.name(), told(&e))))?;
        *known = Some((Instant::now(), found.clone()));
        Ok(found)
    }

    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, ChannelError> {
        let url: Url =
            request.uri().to_string().parse().map_err(|e| ChannelError::Refused(format!("{}: it names an address that is no URL: {e}", self.name())))?;
        if url.scheme() != "https" && !self.config.allow_private {
            return Err(ChannelError::Refused(format!("{}: it names an address without https", self.name())));
        }
        let allow = Allow { private: self.config.allow_private, key: "oidc.allow_private" };
        Guarded::new(self.name(), url, allow, TIMEOUT).ask(request, MOST_BYTES).await
    }
}

/// The library's way out: ours.
struct Egress<'a>(&'a Oidc);

impl<'c> AsyncHttpClient<'c> for Egress<'_> {
    type Error = ChannelError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, ChannelError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.0.ask(request))
    }
}

/// An error with its causes.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(e) = cause {
        text.push_str(&format!(": {e}"));
        cause = e.source();
    }
    text
}
