//! A large ledger in the hands of strangers: PyPI aics-tlog, Go's sumdb packages, and the script for segments.
//!
//! `VERITRAIL_OUTSIDER_RECORDS` says how large; `cargo xtask outsiders` makes it a million.

mod house;

use house::{
    House,
    outsider::{agrees, ended, files, go, python, run, script, tlog},
    verifier,
};
use std::{io::Write, path::Path, process::Command, time::Instant};

const PORTIONS: u64 = 5;
const EVENTS: u64 = 100;
/// aics-tlog reads no larger input than 32 MiB.
const TOOL_BYTES: usize = 32 << 20;
const READ_BYTES: usize = 32 << 20;

fn records() -> u64 {
    std::env::var("VERITRAIL_OUTSIDER_RECORDS").map_or(20_000, |n| n.parse().unwrap())
}

/// Numbers that look random and are the same in every run (SplitMix64).
fn scattered(seed: u64, below: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) % below
}

/// The ledger, its checkpoints (sizes), and all leaves as lines of a file.
async fn grown(records: u64) -> (House, Vec<u64>) {
    let house = House::embedded().await;
    let integrator = house.integrator();
    let (mut checkpoints, mut now) = (Vec::new(), 0);
    for portion in 1..=PORTIONS {
        let from = house.trail.head().await.unwrap().size;
        // Odd sizes: portions that end within a bundle and a tile.
        let until = if portion == PORTIONS { records } else { records * portion / PORTIONS + scattered(portion, 97) };
        house.fill(from, until, 1_000).await;
        let mut last = None;
        while let Some(done) = integrator.step(now).await.unwrap() {
            last = Some(done.checkpoint);
            now += 1;
        }
        std::fs::write(house.folder.path().join(format!("checkpoint-{until}")), last.unwrap()).unwrap();
        checkpoints.push(until);
    }
    let mut leaves = std::io::BufWriter::new(std::fs::File::create(house.folder.path().join("leaves")).unwrap());
    let (reader, mut next) = (house.reader(), 0);
    while next < records {
        for (index, record) in reader.read(next, READ_BYTES).await.unwrap() {
            assert_eq!(index, next);
            leaves.write_all(&record.leaf).unwrap();
            leaves.write_all(b"\n").unwrap();
            next += 1;
        }
    }
    leaves.flush().unwrap();
    drop(leaves);
    (house, checkpoints)
}

/// Leaves by index, from the file of all.
fn leaf(folder: &Path, wanted: &[u64]) -> Vec<Vec<u8>> {
    let all = std::fs::read(folder.join("leaves")).unwrap();
    let lines: Vec<&[u8]> = all.split(|b| *b == b'\n').collect();
    wanted.iter().map(|index| lines[*index as usize].to_vec()).collect()
}

/// Has aics-tlog build the tiles and bundles of all leaves: of as many as it reads at once, and of the others by appending.
fn rebuild(tool: &Path, folder: &Path) {
    let (leaves, out) = (std::fs::read(folder.join("leaves")).unwrap(), folder.join("rebuilt"));
    let (out, piece) = (out.to_str().unwrap(), folder.join("piece"));
    let (mut at, mut size) = (0, 0_usize);
    while at < leaves.len() {
        let end = leaves.len().min(at + TOOL_BYTES);
        let end = at + leaves[at..end].iter().rposition(|b| *b == b'\n').unwrap() + 1;
        std::fs::write(&piece, &leaves[at..end]).unwrap();
        let (given, before) = (["--leaves", piece.to_str().unwrap(), "--out", out], size.to_string());
        match size {
            0 => agrees(tool, &[&["build-tiles"][..], &given].concat()),
            _ => agrees(tool, &[&["append-tiles", "--no-fsync", "--size", &before][..], &given].concat()),
        }
        size += leaves[at..end].iter().filter(|b| **b == b'\n').count();
        at = end;
    }
    // Appending leaves partial tiles behind that the pieces before ended with: none of the tree of all.
    let (mut built, root) = (Vec::new(), Path::new(out));
    files(root, "", &mut built);
    for (path, (tile, width)) in built.iter().filter_map(|path| Some((path, path.split_once(".p/")?))) {
        let level = tile.split('/').nth(1).and_then(|l| l.parse::<u32>().ok()).unwrap_or(0);
        if width.parse() != Ok((size >> (8 * level)) % 256) {
            std::fs::remove_file(root.join(path)).unwrap();
            // Only where nothing is left in it.
            let _ = std::fs::remove_dir(root.join(path).parent().unwrap());
        }
    }
}

#[tokio::test]
async fn strangers_agree_with_a_large_ledger() {
    let Some(tool) = tlog() else { return };
    let (records, begun) = (records(), Instant::now());
    let (house, checkpoints) = grown(records).await;
    println!("{records} records in {:?}, checkpoints at {checkpoints:?}", begun.elapsed());
    let at = |name: &str| house.folder.path().join(name).to_str().unwrap().to_owned();
    let (tiles, key) = (at("blobs/activity/0"), verifier().to_string());
    let ours = ["--tiles", &tiles, "--log-key", &key, "--origin", "example.org/activity.0"];
    let with = |command: &[&str]| agrees(&tool, &[command, &ours].concat());

    with(&["verify-checkpoint"]);
    let wanted: Vec<u64> = (0..EVENTS).map(|n| scattered(records + n, records)).collect();
    for (index, leaf) in wanted.iter().zip(leaf(house.folder.path(), &wanted)) {
        std::fs::write(at("leaf"), leaf).unwrap();
        with(&["verify-inclusion", "--index", &index.to_string(), "--leaf", &at("leaf")]);
    }
    let mut pairs = 0;
    for (n, newer) in checkpoints.iter().enumerate() {
        for older in &checkpoints[..n] {
            let (older, newer) = (at(&format!("checkpoint-{older}")), at(&format!("checkpoint-{newer}")));
            with(&["verify-consistency", "--old-checkpoint", &older, "--checkpoint", &newer]);
            pairs += 1;
        }
    }
    println!("aics-tlog: checkpoint, {EVENTS} inclusions, {pairs} consistencies agree after {:?}", begun.elapsed());
    assert_eq!(pairs, 10);
    let (backwards, _) = run(
        &tool,
        &[
            &["verify-consistency", "--old-checkpoint", &at(&format!("checkpoint-{records}")), "--checkpoint", &at(&format!("checkpoint-{}", checkpoints[0]))]
                [..],
            &ours,
        ]
        .concat(),
    );
    assert!(!backwards, "a roll-back was accepted");

    rebuild(&tool, house.folder.path());
    let (_, differences) = ended(Command::new("diff").args(["-rq", &at("rebuilt/tile"), &format!("{tiles}/tile")]));
    // What is ours alone are partial tiles that earlier checkpoints ended with.
    let wrong: Vec<&str> = differences.lines().filter(|line| !(line.starts_with(&format!("Only in {tiles}")) && line.contains(".p"))).collect();
    let mut rebuilt = Vec::new();
    files(Path::new(&at("rebuilt")), "", &mut rebuilt);
    assert!(wrong.is_empty() && rebuilt.len() as u64 > 2 * records / 256, "{} files rebuilt: {wrong:?}", rebuilt.len());
    println!("aics-tlog: {} tiles and bundles rebuilt, diff -r finds none different, after {:?}", rebuilt.len(), begun.elapsed());

    agrees(&python(), &[script("segment.py").to_str().unwrap(), &tiles]);
    if let Some(mut go) = go() {
        let (ok, says) = ended(go.args([&key, &tiles]));
        assert!(ok && says.contains(&format!("{records} entries")), "{says}");
        println!("Go: {}", says.trim_end());
    }
    println!("segment.py agrees; all after {:?}", begun.elapsed());
}

#[tokio::test]
async fn the_script_for_segments_names_a_changed_one() {
    if tlog().is_none() {
        return;
    }
    let house = House::embedded().await;
    house.fill(0, 300, 50).await;
    house.integrator().step(0).await.unwrap().unwrap();
    let ledger = house.folder.path().join("blobs/activity/0");
    let check = || run(&python(), &[script("segment.py").to_str().unwrap(), ledger.to_str().unwrap()]);
    let (ok, says) = check();
    assert!(ok && says.contains("300 records"), "{says}");
    for file in ["segment/000000000000-300.seg", "segment/000000000000-300.seg.note", "tile/entries/000"] {
        let good = std::fs::read(ledger.join(file)).unwrap();
        let mut bad = good.clone();
        // In a manifest, a byte of a SHA-256: its signature is for others to check.
        let end_of_digest = || bad.windows(2).position(|w| w == b"\n\n").unwrap() - 1;
        let place = if file.ends_with(".note") { end_of_digest() } else { bad.len() / 2 };
        bad[place] ^= 1;
        std::fs::write(ledger.join(file), bad).unwrap();
        let (ok, says) = check();
        assert!(!ok && says.contains("FAULT segment/000000000000-300.seg"), "{file}: {says}");
        std::fs::write(ledger.join(file), good).unwrap();
    }
    std::fs::remove_file(ledger.join("segment/000000000000-300.seg")).unwrap();
    let (ok, says) = check();
    assert!(!ok && says.contains("the segments hold 0 records, 300 are signed"), "{says}");
}
