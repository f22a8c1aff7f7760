//! The signature of a time-stamp, up to certificates that the configuration trusts. What `openssl ts -verify` says is the last word: it also
//! holds the certificate against the one that the token names (RFC 5816).

use super::token::{TST_INFO, Token};
use cms::{cert::CertificateChoices, signed_data::SignerInfo};
use der::{Decode, Encode, asn1::ObjectIdentifier, asn1::OctetStringRef};
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime, pem::PemObject};
use sha2::{Digest, Sha256, Sha384, Sha512};
use std::{sync::Arc, time::Duration};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};

const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
/// id-kp-timeStamping, 1.3.6.1.5.5.7.3.8, without tag and length.
const TIME_STAMPING: KeyUsage = KeyUsage::required(&[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08]);

/// Certificates that a time-stamping authority's own must lead to.
#[derive(Clone)]
pub struct Roots(Arc<Vec<TrustAnchor<'static>>>);

impl Roots {
    /// From a PEM file's bytes.
    ///
    /// # Errors
    /// A sentence, where there is none in it or one cannot be read.
    pub fn parse(pem: &[u8]) -> Result<Self, String> {
        let mut anchors = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|e| format!("it is no PEM file of certificates: {e}"))?;
            let anchor = anchor_from_trusted_cert(&certificate).map_err(|e| format!("certificate {} in it cannot be read: {e}", anchors.len() + 1))?;
            anchors.push(anchor.to_owned());
        }
        if anchors.is_empty() { Err("it holds no certificate".to_owned()) } else { Ok(Self(Arc::new(anchors))) }
    }

    /// Checks that a time-stamp is signed by somebody these certificates trust with it, at the time it states.
    pub(crate) fn check(&self, token: &Token) -> Result<(), String> {
        let [info] = token.signed.signer_infos.0.as_slice() else { return Err("its time-stamp has not exactly one signature".to_owned()) };
        let signed = signed_bytes(info, &token.content)?;
        let certificates = token.signed.certificates.iter().flat_map(|set| set.0.iter()).filter_map(|choice| match choice {
            CertificateChoices::Certificate(certificate) => certificate.to_der().ok().map(CertificateDer::from),
            CertificateChoices::Other(_) => None,
        });
        let certificates: Vec<CertificateDer<'static>> = certificates.collect();
        let signer = certificates.iter().filter_map(|der| EndEntityCert::try_from(der).ok()).find(|certificate| {
            let fits = |algorithm: &&dyn SignatureVerificationAlgorithm| certificate.verify_signature(*algorithm, &signed, info.signature.as_bytes()).is_ok();
            ALL_VERIFICATION_ALGS.iter().any(fits)
        });
        let signer = signer.ok_or("the signature of its time-stamp fits none of the certificates in it")?;
        let time = UnixTime::since_unix_epoch(Duration::from_micros(u64::try_from(token.time).unwrap_or(0)));
        let path = signer.verify_for_usage(ALL_VERIFICATION_ALGS, &self.0, &certificates, time, TIME_STAMPING, None, None);
        path.map(drop).map_err(|e| format!("its certificate is not trusted with time-stamps: {e}"))
    }
}

/// The signed attributes, once they speak of this content (RFC 5652, 5.4 and 5.6).
fn signed_bytes(info: &SignerInfo, content: &[u8]) -> Result<Vec<u8>, String> {
    let attributes = info.signed_attrs.as_ref().ok_or("its time-stamp has no signed attributes")?;
    let value = |oid: ObjectIdentifier| attributes.iter().find(|a| a.oid == oid).and_then(|a| a.values.get(0));
    let kind = value(CONTENT_TYPE).and_then(|v| v.decode_as::<ObjectIdentifier>().ok());
    let digest = match info.digest_alg.oid.to_string().as_str() {
        "2.16.840.1.101.3.4.2.1" => Sha256::digest(content).to_vec(),
        "2.16.840.1.101.3.4.2.2" => Sha384::digest(content).to_vec(),
        "2.16.840.1.101.3.4.2.3" => Sha512::digest(content).to_vec(),
        other => return Err(format!("its time-stamp is signed over the hash {other}, which is not accepted")),
    };
    let signed = value(MESSAGE_DIGEST).and_then(|v| v.to_der().ok()).and_then(|v| OctetStringRef::from_der(&v).ok().map(|d| d.as_bytes().to_vec()));
    if kind != Some(TST_INFO) || signed != Some(digest) {
        return Err("what it signed is not the time-stamp".to_owned());
    }
    attributes.to_der().map_err(|e| format!("its signed attributes cannot be written: {e}"))
}
