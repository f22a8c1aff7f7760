//! The relying party's side of WebAuthn Level 2 (sections 7.1 and 7.2), as narrow as passkeys need it: ES256, no attestation, the authenticator
//! has verified its user. Pure: bytes in, verdict out.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use url::{Host, Url};

/// `rpIdHash`, flags and counter.
const HEAD_BYTES: usize = 37;
const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;
const AAGUID_BYTES: usize = 16;
const MOST_ID_BYTES: usize = 1_023;
/// A P-256 key for ES256 in CTAP2's canonical CBOR: kty EC2, alg ES256, crv P-256, x of 32 bytes; after x: y of 32 bytes.
const COSE_BEFORE_X: [u8; 10] = [0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
const COSE_BEFORE_Y: [u8; 3] = [0x22, 0x58, 0x20];
const COORDINATE_BYTES: usize = 32;

/// Where passkeys of this installation belong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Site {
    pub rp_id: String,
    pub origin: String,
}

impl Site {
    /// `None` where browsers make no passkeys: at a bare address, or without TLS elsewhere than on the own machine.
    pub fn of(public_url: &str) -> Option<Self> {
        let url = Url::parse(public_url).ok()?;
        let Some(Host::Domain(name)) = url.host() else { return None };
        (url.scheme() == "https" || name == "localhost").then(|| Self { rp_id: name.to_owned(), origin: url.origin().ascii_serialization() })
    }
}

/// What a browser says it did (`CollectedClientData`).
#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(rename = "crossOrigin", default)]
    cross_origin: bool,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ceremony {
    Create,
    Get,
}

/// A key just made.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Made {
    pub id: Vec<u8>,
    /// Uncompressed point.
    pub public_key: Vec<u8>,
    pub counter: u32,
}

type Verdict<T> = Result<T, &'static str>;

/// The challenge that was answered, after looking at everything else the browser says.
pub(super) fn challenge(site: &Site, ceremony: Ceremony, client_data: &[u8]) -> Verdict<Vec<u8>> {
    let said: ClientData = serde_json::from_slice(client_data).map_err(|_| "the browser's answer cannot be read")?;
    let kind = match ceremony {
        Ceremony::Create => "webauthn.create",
        Ceremony::Get => "webauthn.get",
    };
    if said.kind != kind {
        return Err("the browser answered another question");
    }
    if said.origin != site.origin || said.cross_origin {
        return Err("the passkey was asked for by another site");
    }
    BASE64.decode(said.challenge).map_err(|_| "the challenge cannot be read")
}

/// Section 7.1 after the client data.
pub(super) fn made(site: &Site, authenticator_data: &[u8]) -> Verdict<Made> {
    let (flags, counter, rest) = head(site, authenticator_data)?;
    if flags & ATTESTED == 0 {
        return Err("the authenticator named no key");
    }
    let unreadable = "the authenticator's data cannot be read";
    let (_, rest) = rest.split_at_checked(AAGUID_BYTES).ok_or(unreadable)?;
    let (length, rest) = rest.split_first_chunk::<2>().ok_or(unreadable)?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (id, key) = rest.split_at_checked(length).filter(|_| (1..=MOST_ID_BYTES).contains(&length)).ok_or(unreadable)?;
    let other_kind = "this kind of key is not taken; ES256 is";
    let rest = key.strip_prefix(&COSE_BEFORE_X).ok_or(other_kind)?;
    let (x, rest) = rest.split_at_checked(COORDINATE_BYTES).ok_or(other_kind)?;
    let rest = rest.strip_prefix(&COSE_BEFORE_Y).ok_or(other_kind)?;
    let (y, _extensions) = rest.split_at_checked(COORDINATE_BYTES).ok_or(other_kind)?;
    Ok(Made { id: id.to_vec(), public_key: [&[0x04][..], x, y].concat(), counter })
}

/// Section 7.2 after the client data: the counter now.
pub(super) fn signed(site: &Site, authenticator_data: &[u8], client_data: &[u8], signature: &[u8], public_key: &[u8], before: i64) -> Verdict<i64> {
    let (_, counter, _) = head(site, authenticator_data)?;
    let message = [authenticator_data, Sha256::digest(client_data).as_slice()].concat();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, public_key).verify(&message, signature).map_err(|_| "the signature is not of this passkey")?;
    let counter = i64::from(counter);
    // Authenticators that do not count say 0 always.
    if (counter != 0 || before != 0) && counter <= before {
        return Err("the passkey was copied: its counter went back");
    }
    Ok(counter)
}

fn head<'a>(site: &Site, authenticator_data: &'a [u8]) -> Verdict<(u8, u32, &'a [u8])> {
    let (head, rest) = authenticator_data.split_first_chunk::<HEAD_BYTES>().ok_or("the authenticator's data cannot be read")?;
    if head[..32] != Sha256::digest(site.rp_id.as_bytes())[..] {
        return Err("the passkey belongs to another site");
    }
    if head[32] & (USER_PRESENT | USER_VERIFIED) != USER_PRESENT | USER_VERIFIED {
        return Err("the authenticator did not make sure who used it; set a PIN or a fingerprint");
    }
    Ok((head[32], u32::from_be_bytes([head[33], head[34], head[35], head[36]]), rest))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use ring::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
    };

    /// An authenticator as section 6 describes it, with one key.
    pub struct Authenticator {
        pair: EcdsaKeyPair,
        pub id: Vec<u8>,
        pub counter: u32,
        pub flags: u8,
    }

    impl Authenticator {
        pub fn new(id: u8) -> Self {
            let random = SystemRandom::new();
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
            Self { pair, id: vec![id; 16], counter: 0, flags: USER_PRESENT | USER_VERIFIED }
        }

        fn head(&mut self, site: &Site, flags: u8) -> Vec<u8> {
            self.counter += 1;
            [Sha256::digest(site.rp_id.as_bytes()).as_slice(), &[self.flags | flags], &self.counter.to_be_bytes()].concat()
        }

        pub fn make(&mut self, site: &Site) -> Vec<u8> {
            let point = self.pair.public_key().as_ref().to_vec();
            let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
            let (x, y) = point[1..].split_at(32);
            [&self.head(site, ATTESTED)[..], &[0; 16], &length, &self.id, &COSE_BEFORE_X, x, &COSE_BEFORE_Y, y].concat()
        }

        pub fn sign(&mut self, site: &Site, client_data: &[u8]) -> (Vec<u8>, Vec<u8>) {
            let data = self.head(site, 0);
            let message = [&data[..], Sha256::digest(client_data).as_slice()].concat();
            let signature = self.pair.sign(&SystemRandom::new(), &message).unwrap().as_ref().to_vec();
            (data, signature)
        }
    }

    pub fn client_data(site: &Site, kind: &str, challenge: &[u8]) -> Vec<u8> {
        serde_json::json!({"type": kind, "challenge": BASE64.encode(challenge), "origin": site.origin, "crossOrigin": false}).to_string().into_bytes()
    }

    fn site() -> Site {
        Site::of("https://veritrail.example.com:8443/").unwrap()
    }

    #[test]
    fn passkeys_belong_to_a_name_over_tls_or_to_this_machine() {
        assert_eq!((site().rp_id.as_str(), site().origin.as_str()), ("veritrail.example.com", "https://veritrail.example.com:8443"));
        assert_eq!(Site::of("http://localhost:8470").unwrap().origin, "http://localhost:8470");
        for nowhere in ["http://127.0.0.1:8470", "https://[::1]", "http://veritrail.example.com", "nonsense"] {
            assert_eq!(Site::of(nowhere), None, "{nowhere}");
        }
    }

    #[test]
    fn a_key_is_made_and_signs() {
        let (site, mut authenticator) = (site(), Authenticator::new(7));
        let made = made(&site, &authenticator.make(&site)).unwrap();
        assert_eq!((made.id.as_slice(), made.counter, made.public_key.len()), (&[7; 16][..], 1, 65));
        let client = client_data(&site, "webauthn.get", b"c");
        assert_eq!(challenge(&site, Ceremony::Get, &client).unwrap(), b"c");
        let (data, signature) = authenticator.sign(&site, &client);
        assert_eq!(signed(&site, &data, &client, &signature, &made.public_key, 1), Ok(2));
        assert!(signed(&site, &data, &client, &signature, &made.public_key, 2).is_err(), "the counter stood still");
        assert!(signed(&site, &data, b"other", &signature, &made.public_key, 1).is_err());
        let other = Authenticator::new(8).make(&site);
        let other = super::made(&site, &other).unwrap();
        assert!(signed(&site, &data, &client, &signature, &other.public_key, 1).is_err(), "another key");
    }

    #[test]
    fn other_sites_other_questions_and_unverified_users_are_refused() {
        let (here, elsewhere) = (site(), Site::of("https://evil.example.com").unwrap());
        assert!(challenge(&here, Ceremony::Get, &client_data(&elsewhere, "webauthn.get", b"c")).is_err());
        assert!(challenge(&here, Ceremony::Get, &client_data(&here, "webauthn.create", b"c")).is_err());
        let framed = String::from_utf8(client_data(&here, "webauthn.get", b"c")).unwrap().replace("false", "true");
        assert!(challenge(&here, Ceremony::Get, framed.as_bytes()).is_err(), "in a frame of another site");
        assert!(challenge(&here, Ceremony::Get, b"{}").is_err());
        assert!(made(&here, &Authenticator::new(1).make(&elsewhere)).is_err());
        let mut careless = Authenticator::new(1);
        careless.flags = USER_PRESENT;
        assert!(made(&here, &careless.make(&here)).is_err());
        let whole = Authenticator::new(1).make(&here);
        for length in 0..whole.len() {
            assert!(made(&here, &whole[..length]).is_err(), "cut after {length} bytes");
        }
    }
}
