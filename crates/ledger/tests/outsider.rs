//! A stranger's tool (PyPI aics-tlog) checks a ledger directory with the public key and none of our code.

mod house;

use house::{
    House, LEDGER,
    outsider::{agrees, files, run, tlog},
    verifier,
};
use ledger::prove;
use std::path::Path;

#[tokio::test]
async fn a_stranger_verifies_checkpoint_records_growth_and_tiles() {
    let Some(tool) = tlog() else { return };
    let house = House::embedded().await;
    let integrator = house.integrator();
    let at = |name: &str| house.folder.path().join(name).to_str().unwrap().to_owned();
    for (step, until) in [200_u64, 260, 600].into_iter().enumerate() {
        let from = house.trail.head().await.unwrap().size;
        house.fill(from, until, 30).await;
        let done = integrator.step(step as i64).await.unwrap().unwrap();
        std::fs::write(at(&format!("checkpoint-{until}")), done.checkpoint).unwrap();
    }
    let (tiles, key) = (at("blobs/activity/0"), verifier().to_string());
    let ours = ["--tiles", &tiles, "--log-key", &key, "--origin", "example.org/activity.0"];
    let with = |command: &[&str]| agrees(&tool, &[command, &ours].concat());
    with(&["verify-checkpoint"]);
    for until in [200, 260] {
        with(&["verify-consistency", "--old-checkpoint", &at(&format!("checkpoint-{until}"))]);
    }
    let mut leaves = Vec::new();
    for (_, record) in house.reader().read(0, usize::MAX).await.unwrap() {
        leaves.extend_from_slice(&record.leaf);
        leaves.push(b'\n');
    }
    std::fs::write(at("leaves"), &leaves).unwrap();
    for index in [0_u64, 199, 255, 256, 599] {
        let (line, index_text) = ((index + 1).to_string(), index.to_string());
        with(&["verify-inclusion", "--index", &index_text, "--leaf-line", &line, "--leaves-file", &at("leaves")]);
        // The proof file by itself: its hashes and its checkpoint, without the tiles.
        let proof = prove(house.blobs.as_ref(), LEDGER, 0, index).await.unwrap();
        let (head, checkpoint) = proof.tlog_proof.split_once("\n\n").unwrap();
        let hashes = head.lines().skip(2).map(|line| format!("{line}\n")).collect::<String>();
        std::fs::write(at("hashes"), hashes).unwrap();
        std::fs::write(at("proven-checkpoint"), checkpoint).unwrap();
        std::fs::write(at("leaf"), &proof.leaf).unwrap();
        let (hashes, checkpoint, leaf) = (at("hashes"), at("proven-checkpoint"), at("leaf"));
        agrees(&tool, &["verify-inclusion", "--index", &index_text, "--leaf", &leaf, "--proof", &hashes, "--checkpoint", &checkpoint]);
        std::fs::write(&leaf, [&proof.leaf[..], b" "].concat()).unwrap();
        let changed = run(&tool, &["verify-inclusion", "--index", &index_text, "--leaf", &leaf, "--proof", &hashes, "--checkpoint", &checkpoint]);
        assert!(!changed.0, "a changed leaf was accepted: {}", changed.1);
    }

    agrees(&tool, &["build-tiles", "--leaves", &at("leaves"), "--out", &at("rebuilt")]);
    let (rebuilt, mut paths) = (house.folder.path().join("rebuilt"), Vec::new());
    files(&rebuilt, "", &mut paths);
    assert!(paths.len() >= 7, "{paths:?}");
    for path in &paths {
        let ours = std::fs::read(Path::new(&tiles).join(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
        assert_eq!(ours, std::fs::read(rebuilt.join(path)).unwrap(), "{path}");
    }
    // What else of ours is a tile is a partial one that an earlier checkpoint ended with.
    let mut all = Vec::new();
    files(Path::new(&tiles), "tile", &mut all);
    for path in all.iter().map(|p| p.replace("//", "/")).filter(|p| !paths.contains(p)) {
        assert!(path.contains(".p/"), "{path} is ours alone");
    }

    let tile = Path::new(&tiles).join("tile/0/000");
    let mut bytes = std::fs::read(&tile).unwrap();
    bytes[40] ^= 1;
    std::fs::write(&tile, bytes).unwrap();
    let tampered = run(&tool, &[&["verify-inclusion", "--index", "1"][..], &ours].concat());
    assert!(!tampered.0, "a changed tile was accepted: {}", tampered.1);
}
