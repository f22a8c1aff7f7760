//! What comes in over HTTP besides records.

use app::{
    events::{Asked, When},
    members::GroupRule,
    passkeys::read_made,
};
use model::Position;
use sha2::{Digest, Sha256};

pub fn query(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(asked) = Asked::parse(&text, &["member", "acts"]) {
        // Asked again as it is written down, it is the same question: cursors are bound to it.
        let again: String = url_of(&asked.canonical);
        assert_eq!(Asked::parse(&again, &["member", "acts"]).expect("it was read once").canonical, asked.canonical);
    }
    let _ = When::parse(&text);
    drop(GroupRule::parse(&text));
    if let Ok(position) = text.parse::<Position>() {
        assert_eq!(position.to_string().parse::<Position>(), Ok(position));
    }
    let _ = model::time::parse(&text);
}

fn url_of(canonical: &str) -> String {
    let mut url = url::form_urlencoded::Serializer::new(String::new());
    for line in canonical.lines() {
        if let Some((name, value)) = line.split_once('=') {
            url.append_pair(name, &unescaped(value));
        }
    }
    url.finish()
}

fn unescaped(value: &str) -> String {
    let mut plain = String::new();
    let mut chars = value.chars();
    while let Some(char) = chars.next() {
        plain.push(match char {
            '\\' => match chars.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                other => other.unwrap_or('\\'),
            },
            other => other,
        });
    }
    plain
}

pub fn query_seeds() -> Vec<Vec<u8>> {
    [
        "from=-24h&until=2026-11-24T09:00:00Z&filter=outcome:failure&filter=actor!:dana&q=two+words&min_rows=50&limit=20",
        "?filter=object_type:contact%20list&member=0197&acts=administrators&cursor=abc",
        "activity.0:127",
        "-7d",
        "2026-11-24T09:00:00.123456+05:30",
        "CRM auditors = external_auditor: Sales, Service",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

pub fn scim(data: &[u8]) {
    api::scim::read_anything(data);
}

pub fn scim_seeds() -> Vec<Vec<u8>> {
    [
        r#"filter=userName%20eq%20%22dana@example.com%22%20and%20active%20eq%20true&startIndex=1&count=20&excludedAttributes=members"#,
        r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"dana@example.com","name":{"formatted":"Dana Kim"},"emails":[{"value":"dana@example.com","primary":true}],"active":true}"#,
        r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false},{"op":"remove","path":"members[value eq \"0197b2a0-0000-7000-8000-000000000001\"]"}]}"#,
        r#"{"displayName":"CRM analysts","members":[{"value":"0197b2a0-0000-7000-8000-000000000001"}]}"#,
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

pub fn passkey(data: &[u8]) {
    let half = data.len() / 2;
    drop(read_made("https://veritrail.example.com", data, data));
    drop(read_made("https://veritrail.example.com", &data[..half], &data[half..]));
}

pub fn passkey_seeds() -> Vec<Vec<u8>> {
    let said = br#"{"type":"webauthn.create","challenge":"AAECAwQFBgcICQoLDA0ODw","origin":"https://veritrail.example.com","crossOrigin":false}"#;
    // Section 6.1 of WebAuthn: SHA-256 of veritrail.example.com, flags, counter, AAGUID, length and id, then a COSE key.
    let mut made = Sha256::digest(b"veritrail.example.com").to_vec();
    made.extend([0x45, 0, 0, 0, 1]);
    made.extend([0; 16]);
    made.extend([0, 4, 1, 2, 3, 4]);
    made.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
    made.extend([7; 32]);
    made.extend([0x22, 0x58, 0x20]);
    made.extend([9; 32]);
    let padded = |left: &[u8], right: &[u8]| {
        let wide = left.len().max(right.len());
        [left, &vec![b' '; wide - left.len()], &vec![b' '; wide - right.len()], right].concat()
    };
    vec![said.to_vec(), padded(&made, said)]
}
