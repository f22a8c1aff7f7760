//! The RFC 3161 request and what its answer states. The signature under it is `roots`' business.

use cmpv2::status::PkiStatus;
use cms::{cert::x509::spki::AlgorithmIdentifier, signed_data::SignedData};
use der::{
    Any, Decode, Encode, Reader, SliceReader, Tag, Tagged,
    asn1::{AnyRef, Int, ObjectIdentifier, OctetString},
};
use model::Micros;
use sha2::{Digest, Sha256};
use x509_tsp::{MessageImprint, TimeStampReq, TimeStampResp, TspVersion};

const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
pub(crate) const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");

/// A time-stamp over the data it was read with.
pub(crate) struct Token {
    /// What the authority's clock said.
    pub(crate) time: Micros,
    pub(crate) nonce: Option<Vec<u8>>,
    pub(crate) signed: SignedData,
    /// What is signed: the TSTInfo.
    pub(crate) content: Vec<u8>,
}

/// The request for a time-stamp over the SHA-256 of `data`, the authority's certificate included in the answer.
pub(crate) fn request(data: &[u8], nonce: &[u8]) -> Result<Vec<u8>, String> {
    let encode = || -> der::Result<Vec<u8>> {
        let message_imprint = MessageImprint {
            hash_algorithm: AlgorithmIdentifier { oid: SHA_256, parameters: Some(Any::null()) },
            hashed_message: OctetString::new(Sha256::digest(data).as_slice())?,
        };
        TimeStampReq { version: TspVersion::V1, message_imprint, req_policy: None, nonce: Some(Int::new(nonce)?), cert_req: true, extensions: None }.to_der()
    };
    encode().map_err(|why| format!("the request cannot be written: {why}"))
}

/// Reads an answer: it must be granted and stamp the SHA-256 of `data`.
pub(crate) fn read(reply: &[u8], data: &[u8]) -> Result<Token, String> {
    let broken = |why: der::Error| format!("its answer cannot be read as a time-stamp: {why}");
    let reply = TimeStampResp::from_der(reply).map_err(broken)?;
    if !matches!(reply.status.status, PkiStatus::Accepted | PkiStatus::GrantedWithMods) {
        return Err(format!("it refused the request: {:?}, {:?}", reply.status.status, reply.status.fail_info));
    }
    let token = reply.time_stamp_token.ok_or("its answer holds no time-stamp")?;
    if token.content_type != SIGNED_DATA {
        return Err("its time-stamp is not signed data".to_owned());
    }
    let signed: SignedData = token.content.decode_as().map_err(broken)?;
    let content = signed.encap_content_info.econtent.as_ref().filter(|_| signed.encap_content_info.econtent_type == TST_INFO);
    let content = content.ok_or("what it signed is no time-stamp")?.value().to_vec();
    let (imprint, time, nonce) = info(&content).map_err(broken)?;
    if imprint.hash_algorithm.oid != SHA_256 || imprint.hashed_message.as_bytes() != Sha256::digest(data).as_slice() {
        return Err("its time-stamp is of something else".to_owned());
    }
    Ok(Token { time, nonce, signed, content })
}

/// Imprint, time and nonce of a TSTInfo. By hand, because its time may have a fraction of a second (RFC 3161, 2.4.2), which DER's
/// GeneralizedTime elsewhere may not.
fn info(content: &[u8]) -> der::Result<(MessageImprint, Micros, Option<Vec<u8>>)> {
    let mut reader = SliceReader::new(content)?;
    let read = reader.sequence(|fields| {
        let _version = u8::decode(fields)?;
        let _policy = ObjectIdentifier::decode(fields)?;
        let imprint = MessageImprint::decode(fields)?;
        let _serial = Int::decode(fields)?;
        let time = AnyRef::decode(fields)?;
        let time = (time.tag() == Tag::GeneralizedTime).then(|| micros(time.value())).flatten().ok_or_else(|| Tag::GeneralizedTime.value_error())?;
        // Accuracy, ordering, nonce, name and extensions may follow; an INTEGER is the nonce.
        let mut nonce = None;
        while !fields.is_finished() {
            let field = AnyRef::decode(fields)?;
            if field.tag() == Tag::Integer {
                nonce = Some(field.value().to_vec());
            }
        }
        Ok((imprint, time, nonce))
    })?;
    reader.finish(read)
}

/// `YYYYMMDDhhmmss[.f...]Z`.
fn micros(text: &[u8]) -> Option<Micros> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.len() != 14 || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, until: usize| whole[from..until].parse::<u16>().ok();
    let small = |from: usize| number(from, from + 2).and_then(|n| u8::try_from(n).ok());
    let time = der::DateTime::new(number(0, 4)?, small(4)?, small(6)?, small(8)?, small(10)?, small(12)?).ok()?;
    let fraction: i64 = format!("{fraction:0<6}")[..6].parse().ok()?;
    Some(i64::try_from(time.unix_duration().as_micros()).ok()? + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_with_and_without_a_fraction() {
        for (text, expect) in [
            ("20230607112626Z", Some(1_686_137_186_000_000)),
            ("20230607112626.5Z", Some(1_686_137_186_500_000)),
            ("20230607112626.1234567Z", Some(1_686_137_186_123_456)),
            ("20230607112626", None),
            ("20231307112626Z", None),
            ("20230607112626.5+0100", None),
        ] {
            assert_eq!(micros(text.as_bytes()), expect, "{text}");
        }
    }

    // openssl ts -query -data abc.txt -sha256 -cert, with the nonce that it chose there.
    #[test]
    fn the_request_is_the_one_openssl_makes() {
        let made = request(b"abc", &[0x48, 0xe8, 0x6c, 0x96, 0x21, 0xd2, 0xe0, 0x43]).unwrap();
        assert_eq!(hex::encode(made), OPENSSL);
    }
    const OPENSSL: &str =
        "30430201013031300d060960864801650304020105000420ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad020848e86c9621d2e0430101ff";

    #[test]
    fn what_is_no_time_stamp_is_refused_with_words() {
        for reply in [&b""[..], b"<html>", &[0x30, 0x03, 0x02, 0x01, 0x00]] {
            assert!(read(reply, b"abc").is_err());
        }
        // TimeStampResp { status: rejection, statusString, failInfo: badAlg }, as openssl ts -reply writes it.
        let refused = hex::decode(REFUSED).unwrap();
        let why = read(&refused, b"abc").map(drop).unwrap_err();
        assert!(why.contains("refused") && why.contains("Rejection"), "{why}");
    }
    const REFUSED: &str = "30373035020102302c0c2a4d6573736167652064696765737420616c676f726974686d206973206e6f7420737570706f727465642e03020780";
}
