//! The assertion of the JWT bearer flow: three parts, signed RS256 with the key whose certificate the app has.
//!
//! Salesforce Help, "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration", sections "Create a JWT" and "Salesforce Validates the JWT"; RFC 7523.

use super::error::{OauthError, StartError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, SubjectPublicKeyInfoDer};
use serde::Deserialize;
use webpki::ring::RSA_PKCS1_2048_8192_SHA256;

/// "The expiration time of the assertion within 3 minutes", and some seconds for clocks that differ.
const LONGEST_SECS: i64 = 180 + 10;

const BAD: OauthError = OauthError::new("invalid_grant", "invalid assertion");

/// The app's certificate, or its public key alone.
pub enum Key {
    Certificate(CertificateDer<'static>),
    Public(SubjectPublicKeyInfoDer<'static>),
}

impl Key {
    pub fn from_pem(pem: &str) -> Result<Self, StartError> {
        let key = if pem.contains("BEGIN CERTIFICATE") {
            CertificateDer::from_pem_slice(pem.as_bytes()).map(Key::Certificate)
        } else {
            SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).map(Key::Public)
        };
        let key = key.map_err(|error| StartError::Certificate(error.to_string()))?;
        // What is no RSA key is found now, and not at the first sign-in: an RSA key answers that this is no signature of its own.
        match key.verify(b"", b"") {
            Ok(()) | Err(webpki::Error::InvalidSignatureForPublicKey) => Ok(key),
            Err(error) => Err(StartError::Certificate(format!("{error:?}"))),
        }
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), webpki::Error> {
        match self {
            Key::Certificate(der) => webpki::EndEntityCert::try_from(der)?.verify_signature(RSA_PKCS1_2048_8192_SHA256, message, signature),
            Key::Public(der) => webpki::RawPublicKeyEntity::try_from(der)?.verify_signature(RSA_PKCS1_2048_8192_SHA256, message, signature),
        }
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
}

/// Who asks, for whom, whom, and until when.
#[derive(Deserialize)]
pub struct Claims {
    pub iss: String,
    pub sub: String,
    pub aud: String,
    /// Seconds since 1970.
    exp: i64,
}

/// Reads the claims without believing them: `iss` says whose key is to be used.
pub fn claims(assertion: &str) -> Result<Claims, OauthError> {
    let parts: Vec<&str> = assertion.split('.').collect();
    let [header, claims, _] = parts.as_slice() else { return Err(BAD) };
    let header: Header = part(header)?;
    if header.alg != "RS256" {
        return Err(BAD);
    }
    part(claims)
}

fn part<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, OauthError> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| BAD)?;
    serde_json::from_slice(&bytes).map_err(|_| BAD)
}

/// Whether the signature is the key's.
pub fn verify(assertion: &str, key: &Key) -> Result<(), OauthError> {
    let (signed, signature) = assertion.rsplit_once('.').ok_or(BAD)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| BAD)?;
    key.verify(signed.as_bytes(), &signature).map_err(|_| BAD)
}

impl Claims {
    /// Whether the assertion is in force. Salesforce says "expired authorization code" of one that is over.
    pub fn in_force(&self, now_secs: i64) -> Result<(), OauthError> {
        if self.exp <= now_secs {
            return Err(OauthError::new("invalid_grant", "expired authorization code"));
        }
        if self.exp > now_secs + LONGEST_SECS { Err(OauthError::new("invalid_grant", "assertion is valid for too long")) } else { Ok(()) }
    }
}
