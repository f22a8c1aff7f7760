//! What an auditor's tools read of a ledger, which may be anybody's files, and what witnesses and authorities answer.

use ledger::{anchor::read_reply, segment::Manifest};
use merkle::{Checkpoint, LogKeys, Note, NoteVerifier, Place, TlogProof, WitnessKey, decode_entries};
use model::StoredEvent;

const KEY: &str = "veritrail.example.com/activity+4be1eb39+ASJBVGgjDE2tQnYIyx/RUT7D0WKVxyFoCWXUnbgZQX1h";

pub fn note(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let key = NoteVerifier::parse(text).or_else(|_| NoteVerifier::parse(KEY));
    if let Ok(note) = Note::parse(text) {
        drop(note.verify(key.as_ref().map(std::slice::from_ref).unwrap_or_default()).and_then(Checkpoint::parse_text));
    }
    if let Ok(checkpoint) = Checkpoint::parse_text(text) {
        assert_eq!(Checkpoint::parse_text(&checkpoint.text()).ok().as_ref(), Some(&checkpoint));
    }
    drop(WitnessKey::parse(text));
    drop(TlogProof::parse(text));
    if let Ok(key) = &key {
        drop(LogKeys::parse(text, "veritrail.example.com/activity", key));
    }
    if let Ok(place) = Place::parse(text) {
        assert_eq!(Place::parse(&place.encode()).ok().as_ref(), Some(&place));
    }
}

pub fn note_seeds() -> Vec<Vec<u8>> {
    let root = "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=";
    let checkpoint = format!("veritrail.example.com/activity\n27\n{root}\n");
    let signature = "Y3VydmUxOWlzOTZieXRlc2FuZGZvdXJtb3JlY29tZWZpcnN0YXNhaWRoZXJlaW50aGVsaW5lYmVsb3dvZnRoZW5vdGU=";
    [
        KEY.to_owned(),
        checkpoint.clone(),
        format!("{checkpoint}\n\u{2014} veritrail.example.com/activity {signature}\n"),
        format!("c2sp.org/tlog-proof@v1\nindex 3\n{root}\n{root}\n\n{checkpoint}\n\u{2014} veritrail.example.com/activity {signature}\n"),
        format!("veritrail verified 1\nveritrail.example.com/activity\n2\n{root}\n{root}\n"),
    ]
    .map(String::into_bytes)
    .to_vec()
}

pub fn stored(data: &[u8]) {
    if let Ok((stored, taken)) = StoredEvent::decode(data) {
        let mut again = Vec::new();
        stored.encode(&mut again);
        assert_eq!(again, data[..taken], "what was read is written the same");
        drop(stored.clear());
    }
    drop(decode_entries(data));
    if let Ok(text) = std::str::from_utf8(data) {
        drop(Manifest::parse(text));
    }
}

pub fn stored_seeds() -> Vec<Vec<u8>> {
    let leaf = br#"{"activity_id":1,"actor_kind":"human","class_uid":3002,"commitments":{},"normaliser":"x/1","outcome":"success","received":1,"schema_version":1,"source":"00000000-0000-0000-0000-000000000000","stream":"s","time":1}"#;
    let length = (leaf.len() as u32).to_le_bytes();
    let record = [&length[..], leaf, &[2, 1, 3, 0, 0, 0, 1, 2, 3, 4, 1, 0, 0, 0, 9]].concat();
    let bundle = [&(leaf.len() as u16).to_be_bytes()[..], leaf, &[0, 3, 1, 2, 3]].concat();
    let sha = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let manifest = format!("veritrail segment 1\nveritrail.example.com/activity\n0 3 200 {sha}\n0 2 120 {sha}\n2 1 80 {sha}\n");
    let successor = format!(
        "veritrail segment 2\nveritrail.example.com/activity\n0 3 80 {sha}\nreplaces {sha}\nretention 1795415186000000 standard 0197\ndropped 0-1\n2 1 80 {sha}\n"
    );
    vec![record, bundle, manifest.into_bytes(), successor.into_bytes()]
}

pub fn timestamp(data: &[u8]) {
    drop(read_reply(data, b"a checkpoint"));
}

pub fn timestamp_seeds() -> Vec<Vec<u8>> {
    // RFC 3161: granted without a token; refused with failInfo badAlg; granted with signed data that holds nothing.
    vec![
        vec![0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x00],
        vec![0x30, 0x09, 0x30, 0x07, 0x02, 0x01, 0x02, 0x03, 0x02, 0x07, 0x80],
        [
            &[0x30, 0x23, 0x30, 0x03, 0x02, 0x01, 0x00, 0x30, 0x1c][..],
            &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02, 0xa0, 0x0f, 0x30, 0x0d, 0x02, 0x01, 0x03, 0x31, 0x00],
            &[0x30, 0x06, 0x06, 0x01, 0x2a, 0xa0, 0x01, 0x04],
        ]
        .concat(),
    ]
}
