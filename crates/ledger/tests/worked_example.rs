//! docs/trust.md: every value of its example is recomputed from what stands before it, and the example's files say the same.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use ledger::verify;
use merkle::{Checkpoint, Hash, NoteSigner, NoteVerifier, TlogProof, encode_entries, leaf_hash, node_hash};
use model::{Part, StoredEvent};
use sha2::{Digest, Sha256};
use std::{path::PathBuf, process::Command};
use store::blobs::Directory;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn file(path: &str) -> Vec<u8> {
    std::fs::read(root().join("docs/example-ledger").join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The fenced block that begins with this info string.
fn block(name: &str) -> String {
    let page = std::fs::read_to_string(root().join("docs/trust.md")).unwrap();
    let (_, after) = page.split_once(&format!("```{name}\n")).unwrap_or_else(|| panic!("the page has no block '{name}'"));
    after.split_once("\n```").unwrap().0.to_owned()
}

fn lines(name: &str) -> Vec<String> {
    block(name).lines().map(str::to_owned).collect()
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[test]
fn tree_checkpoint_and_proof_follow_from_the_leaves() {
    let leaves = lines("json leaves");
    assert_eq!(leaves.len(), 3);
    assert_eq!(encode_entries(&leaves).unwrap(), file("activity/0/tile/entries/000.p/3"));
    let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf_hash(leaf.as_bytes())).collect();
    assert_eq!(lines("text leaf-hashes"), hashes.iter().map(Hash::to_string).collect::<Vec<_>>());
    assert_eq!(hashes.iter().flat_map(|h| h.0).collect::<Vec<_>>(), file("activity/0/tile/0/000.p/3"));
    let left = node_hash(hashes[0], hashes[1]);
    let top = node_hash(left, hashes[2]);
    assert_eq!(lines("text nodes"), [left.to_string(), top.to_string()]);

    let key = block("text key");
    assert_eq!(key.clone() + "\n", String::from_utf8(file("verifier-key")).unwrap());
    let signer = NoteSigner::new("example.org", &std::array::from_fn(|n| n as u8 + 1)).unwrap();
    assert_eq!(signer.verifier().to_string(), key);
    let note = block("text checkpoint") + "\n";
    assert_eq!(note.as_bytes(), file("activity/0/checkpoint"));
    let checkpoint = Checkpoint { origin: "example.org/activity.0".to_owned(), size: 3, root: top };
    assert_eq!(checkpoint.sign(&signer).unwrap(), note);

    let text = block("text tlog-proof") + "\n";
    assert_eq!(text.as_bytes(), file("activity.0-1.tlog-proof"));
    assert_eq!(file("activity.0-1.entry"), leaves[1].as_bytes());
    let proof = TlogProof::parse(&text).unwrap();
    assert_eq!(proof.verify(hashes[1], "example.org/activity.0", &[NoteVerifier::parse(&key).unwrap()]).unwrap(), checkpoint);
    assert!(proof.verify(hashes[2], "example.org/activity.0", &[NoteVerifier::parse(&key).unwrap()]).is_err());
}

#[test]
fn leaves_sealed_parts_and_segment_are_those_of_the_code() {
    let (leaves, manifest) = (lines("json leaves"), lines("text manifest"));
    let segment = file("activity/0/segment/000000000000-3.seg");
    assert_eq!((block("text manifest") + "\n").as_bytes(), file("activity/0/segment/000000000000-3.seg.note"));
    assert_eq!(manifest[2], format!("0 3 {} {}", segment.len(), sha256(&segment)));
    let (mut at, mut records) = (0, Vec::new());
    for line in &manifest[3..5] {
        let [first, count, bytes, digest] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let piece = &segment[at..at + bytes.parse::<usize>().unwrap()];
        at += piece.len();
        assert_eq!((first.parse(), digest), (Ok(records.len()), sha256(piece).as_str()));
        let (plain, mut place) = (zstd::decode_all(piece).unwrap(), 0);
        for _ in 0..count.parse().unwrap() {
            let (record, used) = StoredEvent::decode(&plain[place..]).unwrap();
            (place, records) = (place + used, [records, vec![record]].concat());
        }
        assert_eq!(place, plain.len());
    }
    assert_eq!(at, segment.len());
    for (record, leaf) in records.iter().zip(&leaves) {
        assert_eq!(record.leaf, leaf.as_bytes());
        assert_eq!(serde_json::to_string(&record.clear().unwrap()).unwrap(), *leaf, "a leaf is what the code writes");
    }
    let [plain, commitment, sealed] = lines("text actor").try_into().unwrap();
    let salted = [&[0xa0; 16][..], plain.as_bytes()].concat();
    assert_eq!(commitment, sha256(&[&[Part::Actor.tag()][..], &salted].concat()));
    assert_eq!(records[0].clear().unwrap().commitments["actor"], commitment);
    assert_eq!(hex::encode(&records[0].part(Part::Actor).unwrap().bytes), sealed);
    serde_json::from_str::<model::Actor>(&plain).unwrap();
    let sealed = hex::decode(sealed).unwrap();
    let (key, payload): ([u8; 32], _) = (std::array::from_fn(|n| n as u8), Payload { msg: &sealed[12..], aad: b"veritrail/1 activity 1 actor" });
    assert_eq!(Aes256Gcm::new(&key.into()).decrypt(Nonce::from_slice(&sealed[..12]), payload).unwrap(), salted);
}

#[tokio::test]
async fn the_example_verifies_and_python_says_what_is_printed() {
    let blobs = Directory::open(root().join("docs/example-ledger")).unwrap();
    let report = verify(&blobs, "activity", 0, &NoteVerifier::parse(&block("text key")).unwrap().into(), &mut |_| {}).await.unwrap();
    assert_eq!((report.size, report.faults), (3, vec![]));
    let printed = Command::new("python3").args(["-c", &block("python")]).current_dir(root()).output().unwrap();
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    assert_eq!(String::from_utf8(printed.stdout).unwrap().trim_end(), block("text printed"));
}
