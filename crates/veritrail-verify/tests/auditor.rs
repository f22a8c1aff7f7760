//! What an auditor does with the binary: a whole copy, a copy with one byte wrong, what has grown, one proof; and every input that is no good.
#![allow(clippy::unwrap_used, reason = "tests")]

mod log;

use log::{Log, ORIGIN, entry, signer, verify, verify_with};
use merkle::{LogKeys, NoteSigner};
use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
};

fn place(log: &Log) -> String {
    log.path("").to_str().unwrap().to_owned()
}

/// One line, that says this, and an exit code of failure.
fn refused((code, says): (i32, String), what: &str) {
    assert_ne!(code, 0, "{says}");
    assert!(says.contains(what) && says.trim_end().lines().count() == 1, "wanted one line with '{what}', got: {says}");
}

#[test]
fn a_whole_copy_verifies_at_every_size() {
    for size in [0, 1, 2, 255, 256, 257, 600, 66_000] {
        let log = Log::new(size);
        let (code, says) = verify(&[&place(&log)]);
        assert_eq!(code, 0, "{size}: {says}");
        assert!(says.starts_with(&format!("{ORIGIN}: {size} entries verified, no fault. Root {}", log.checkpoint().root)), "{says}");
    }
}

#[test]
fn one_flipped_bit_or_lost_byte_or_file_is_named() {
    let log = Log::new(600);
    let files = log.files();
    assert!(files.contains(&"tile/0/002.p/88".to_owned()) && files.contains(&"tile/1/000.p/1".to_owned()), "{files:?}");
    for file in files.iter().filter(|f| *f != "checkpoint") {
        let good = log.read(file);
        let places = (0..12).map(|n| n * (good.len() * 8 - 1) / 11);
        for bit in places {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            log.write(file, &bad);
            let (code, says) = verify(&[&place(&log)]);
            let named: Vec<&str> = says.lines().filter(|line| line.starts_with("FAULT ")).collect();
            assert!(code == 2 && named.len() == 1 && named[0].starts_with(&format!("FAULT {file}, from entry ")), "bit {bit} of {file}: {says}");
        }
        log.write(file, &good[..good.len() - 1]);
        assert!(verify(&[&place(&log)]).1.contains(&format!("FAULT {file}, from entry ")), "{file} one byte shorter");
        fs::remove_file(log.path(file)).unwrap();
        let spare = file.contains(".p/") && !["/88", "/2"].iter().any(|width| file.ends_with(width));
        assert_eq!(verify(&[&place(&log)]).0, if spare { 0 } else { 2 }, "{file} lost");
        log.write(file, &good);
    }
    let note = log.read("checkpoint");
    for at in 0..note.len() {
        let mut bad = note.clone();
        bad[at] ^= 1;
        log.write("checkpoint", &bad);
        assert_ne!(verify(&[&place(&log)]).0, 0, "byte {at} of the checkpoint");
    }
    log.write("checkpoint", &note);
    log.write("tile/0/notes.txt", b"hello");
    assert!(verify(&[&place(&log)]).1.contains("FAULT tile/0/notes.txt: it is no part of this log"));
}

#[test]
fn an_entry_changed_with_all_its_hashes_is_still_named_by_the_root() {
    let (log, mut other) = (Log::new(600), Log::new(0));
    other.entry = |n| if n == 300 { b"something else".to_vec() } else { entry(n) };
    other.grow(400);
    other.grow(600);
    other.write("checkpoint", &log.read("checkpoint"));
    let (code, says) = verify(&[&place(&other)]);
    assert!(code == 2 && says.contains("FAULT checkpoint: the records stored have the root"), "{says}");
}

#[test]
fn growth_is_consistent_and_a_roll_back_is_named() {
    let mut log = Log::new(300);
    let old = log.read("checkpoint");
    let kept = log.beside("kept", &old);
    log.grow(900);
    let new = log.beside("new", &log.read("checkpoint"));
    let (code, says) = verify(&["--from", &kept, &place(&log)]);
    assert!(code == 0 && says.contains("They continue the checkpoint in"), "{says}");
    log.write("checkpoint", &old);
    let (code, says) = verify(&["--from", &new, &place(&log)]);
    assert!(
        code == 2 && says.contains("FAULT checkpoint: it signs 300 entries, the checkpoint it was held against 900: what is stored was rolled back"),
        "{says}"
    );
    // A second history, signed by the same key: each verifies by itself.
    let mut fork = Log::new(0);
    fork.entry = |n| if n == 17 { b"another history".to_vec() } else { entry(n) };
    fork.grow(900);
    assert_eq!(verify(&[&place(&fork)]).0, 0);
    let (code, says) = verify(&["--from", &kept, &place(&fork)]);
    assert!(code == 2 && says.contains("FAULT checkpoint: it does not continue the checkpoint of 300 entries"), "{says}");
}

#[test]
fn a_state_is_gone_on_from_and_kept_only_while_all_is_well() {
    let mut log = Log::new(600);
    let state = log.folder.path().join("state").to_str().unwrap().to_owned();
    assert_eq!(verify(&["--state", &state, &place(&log)]).0, 0);
    assert!(fs::read_to_string(&state).unwrap().starts_with(&format!("veritrail verified 1\n{ORIGIN}\n512\n")));
    log.grow(2_000);
    let (code, says) = verify(&["--state", &state, &place(&log)]);
    assert!(code == 0 && says.contains("2000 entries verified (those before 512 were verified by an earlier run)"), "{says}");
    let kept = fs::read(&state).unwrap();
    let mut bundle = log.read("tile/entries/007.p/208");
    bundle[9] ^= 1;
    log.write("tile/entries/007.p/208", &bundle);
    let (code, says) = verify(&["--state", &state, &place(&log)]);
    assert!(code == 2 && says.contains("FAULT tile/entries/007.p/208, from entry 1792"), "{says}");
    assert_eq!(fs::read(&state).unwrap(), kept, "a fault is found again by the next run");
    // A history rewritten before the state's place shows in the root.
    let mut fork = Log::new(0);
    fork.entry = |n| if n == 17 { b"another history".to_vec() } else { entry(n) };
    fork.grow(2_000);
    let (code, says) = verify(&["--state", &state, &place(&fork)]);
    assert!(code == 2 && says.contains("FAULT checkpoint: the records stored have the root"), "{says}");
    fs::write(&state, "nonsense").unwrap();
    refused(verify(&["--state", &state, &place(&log)]), "is not a state of this verifier");
}

#[test]
fn a_key_that_handed_over_is_known_by_the_one_given_and_signs_nothing_new() {
    let mut log = Log::new(300);
    let (old, new) = (signer(), NoteSigner::new("example.org", &[8; 32]).unwrap());
    let (old_key, new_key) = (old.verifier().to_string(), new.verifier().to_string());
    let (kept, proof, first) = (log.beside("kept", &log.read("checkpoint")), log.beside("p", log.proof(5).as_bytes()), log.beside("e", &entry(5)));
    log.grow(900);
    log.write("checkpoint", log.checkpoint().sign(&new).unwrap().as_bytes());
    refused(verify(&[&place(&log)]), "no signature is by a known key");
    let handed = LogKeys::from(old.verifier()).hand_over(ORIGIN, 301, &old, &new).unwrap();
    log.write("keys", handed.handovers().as_bytes());
    for key in [&old_key, &new_key] {
        let (code, says) = verify_with(key, &["--from", &kept, &place(&log)]);
        assert!(code == 0 && says.contains("900 entries verified, no fault. They continue the checkpoint in"), "{says}");
        assert_eq!(verify_with(key, &["--proof", &proof, "--entry", &first, &place(&log)]).0, 0, "a proof of the old key's time");
    }
    // The old key, in a thief's hands, signs the newest size: refused whichever key is given.
    log.write("checkpoint", log.checkpoint().sign(&old).unwrap().as_bytes());
    for key in [&old_key, &new_key] {
        refused(verify_with(key, &[&place(&log)]), "this one is signed by another key of the log");
    }
    log.write("checkpoint", log.checkpoint().sign(&new).unwrap().as_bytes());
    log.write("keys", handed.handovers().replace("301", "300").as_bytes());
    let (code, says) = verify_with(&new_key, &[&place(&log)]);
    assert!(code == 2 && says.contains("FAULT keys: "), "{says}");
    refused(verify_with(&new_key, &["--from", &kept, &place(&log)]), "is no checkpoint of this log signed by the key given");
}

#[test]
fn a_proof_is_of_one_entry() {
    let log = Log::new(600);
    let (proof, other) = (log.beside("p", log.proof(300).as_bytes()), log.beside("q", log.proof(301).as_bytes()));
    let (this, that) = (log.beside("e", &entry(300)), log.beside("f", &entry(301)));
    let (code, says) = verify(&["--proof", &proof, "--entry", &this]);
    assert!(code == 0 && says.contains("this entry is number 301 of 600 under a checkpoint signed by example.org"), "{says}");
    assert_eq!(verify(&["--proof", &proof, &place(&log)]).0, 0, "the entry from the directory");
    refused(verify(&["--proof", &other, "--entry", &this]), "proves nothing about this entry: the proof does not lead to the expected root");
    refused(verify(&["--proof", &proof, "--entry", &that]), "proves nothing about this entry");
    refused(verify(&["--proof", &this, "--entry", &this]), "proves nothing about this entry: malformed tlog-proof");
    let mut fork = Log::new(0);
    fork.entry = |n| if n == 17 { b"another history".to_vec() } else { entry(n) };
    fork.grow(700);
    let (code, says) = verify(&["--proof", &proof, "--entry", &this, &place(&fork)]);
    assert!(code == 2 && says.contains("it does not continue the checkpoint of 600 entries"), "{says}");
}

#[test]
fn what_is_no_good_is_said_in_one_line() {
    let log = Log::new(300);
    let (empty, nowhere) = (log.folder.path().join("empty"), log.folder.path().join("nowhere"));
    fs::create_dir(&empty).unwrap();
    refused(verify(&[empty.to_str().unwrap()]), "there is no checkpoint in");
    refused(verify(&[nowhere.to_str().unwrap()]), "cannot be read: No such file");
    refused(verify(&[log.path("checkpoint").to_str().unwrap()]), "it is no directory");
    refused(verify(&["https://example.org/ledger/activity"]), "https addresses are not spoken here");
    let stranger = NoteSigner::new("example.org", &[8; 32]).unwrap().verifier().to_string();
    refused(verify_with(&stranger, &[&place(&log)]), "is not signed by the key given (example.org): no signature is by a known key");
    refused(verify_with("example.org+12345678+AAAA", &[&place(&log)]), "is no verifier key");
    refused(verify(&["--origin", "example.org/self.0", &place(&log)]), "it is of the log 'example.org/activity.0', not of 'example.org/self.0'");
    let mut other = Log::new(0);
    other.origin = "example.org/self.0".to_owned();
    other.grow(300);
    let kept = log.beside("other", &other.read("checkpoint"));
    let (code, says) = verify(&["--from", &kept, &place(&log)]);
    assert!(code == 2 && says.contains("it is of the log 'example.org/activity.0', the checkpoint it was held against of 'example.org/self.0'"), "{says}");
    let cut = log.beside("cut", &log.read("checkpoint")[..40]);
    refused(verify(&["--from", &cut, &place(&log)]), "is no checkpoint of this log signed by the key given: malformed note");
    // A swapped ledger under another signer's name, with a key that signs for both: not taken without being asked for.
    other.origin = "example.com/activity.0".to_owned();
    other.grow(301);
    refused(verify(&[&place(&other)]), "it is of the log 'example.com/activity.0', not of 'example.org'");
}

#[test]
fn a_published_log_is_verified_where_it_is() {
    let log = Log::new(600);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/ledger/", listener.local_addr().unwrap());
    let root = log.path("");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut asked) = (stream.unwrap(), Vec::new());
            while !asked.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                asked.push(byte[0]);
            }
            let asked = String::from_utf8(asked).unwrap();
            let path = asked.split(' ').nth(1).unwrap().strip_prefix("/ledger/").unwrap();
            let answer = match fs::read(root.join(path)) {
                Ok(bytes) => [format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", bytes.len()).as_bytes(), &bytes].concat(),
                Err(_) => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec(),
            };
            stream.write_all(&answer).unwrap();
        }
    });
    let (code, says) = verify(&[&address]);
    assert!(code == 0 && says.contains("600 entries verified"), "{says}");
    let mut tile = log.read("tile/0/001");
    tile[40] ^= 1;
    log.write("tile/0/001", &tile);
    let (code, says) = verify(&[&address]);
    assert!(code == 2 && says.contains("FAULT tile/0/001, from entry 257"), "{says}");
    fs::remove_file(log.path("checkpoint")).unwrap();
    refused(verify(&[&address]), "there is no checkpoint in http://");
}
