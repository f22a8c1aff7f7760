//! Properties that hold for every tree, checked against the recursive definition of RFC 6962.

use std::collections::HashMap;

use proptest::prelude::*;

use crate::*;

type Tiles = HashMap<TileId, Vec<u8>>;

fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves.len() {
        0 => EMPTY_ROOT,
        1 => leaves[0],
        count => {
            let (left, right) = leaves.split_at(count.next_power_of_two() / 2);
            node_hash(naive_root(left), naive_root(right))
        }
    }
}

fn leaves(count: usize) -> Vec<Hash> {
    (0..count as u64).map(|number| leaf_hash(&number.to_be_bytes())).collect()
}

fn read(tiles: &Tiles) -> impl Fn(TileId) -> Result<Vec<u8>, MerkleError> + '_ {
    |tile| tiles.get(&tile).cloned().ok_or_else(|| MerkleError::TileUnreadable { path: tile.path(), reason: "absent".to_owned() })
}

/// Appends in the given steps, the way a log grows.
fn grow(leaves: &[Hash], steps: &[usize]) -> Tiles {
    let (mut tiles, mut size) = (Tiles::new(), 0);
    for step in steps.iter().copied().chain([leaves.len()]) {
        let end = (size + step).min(leaves.len());
        let written = append_tiles(&read(&tiles), size as u64, &leaves[size..end]).unwrap();
        tiles.extend(written);
        size = end;
    }
    tiles
}

fn flip(hashes: &[Hash], bit: usize) -> Vec<Hash> {
    let mut changed = hashes.to_vec();
    changed[bit / 256].0[bit % 256 / 8] ^= 1 << (bit % 8);
    changed
}

#[test]
fn roots_across_tile_edges() {
    let all = leaves(65_536 + 300);
    for size in [0, 1, 2, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_836] {
        let tiles = grow(&all[..size], &[]);
        assert_eq!(root(&read(&tiles), size as u64).unwrap(), naive_root(&all[..size]), "{size}");
    }
}

#[test]
fn every_pair_of_small_trees() {
    let all = leaves(40);
    for new in 0..=40 {
        let tiles = grow(&all[..new], &[]);
        let new_root = naive_root(&all[..new]);
        for old in 0..=new {
            let proof = consistency_proof(&read(&tiles), old as u64, new as u64).unwrap();
            verify_consistency(old as u64, naive_root(&all[..old]), new as u64, new_root, &proof).unwrap();
        }
        for index in 0..new {
            let proof = inclusion_proof(&read(&tiles), index as u64, new as u64).unwrap();
            verify_inclusion(all[index], index as u64, new as u64, &proof, new_root).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn root_from_tiles_is_the_naive_root(size in 0usize..1500, steps in prop::collection::vec(0usize..400, 0..6)) {
        let all = leaves(size);
        prop_assert_eq!(root(&read(&grow(&all, &steps)), size as u64).unwrap(), naive_root(&all));
    }

    #[test]
    fn inclusion_holds_and_a_flipped_bit_fails(size in 1usize..1500, pick: prop::sample::Index, bit: prop::sample::Index) {
        let all = leaves(size);
        let (index, tree) = (pick.index(size), naive_root(&all));
        let proof = inclusion_proof(&read(&grow(&all, &[])), index as u64, size as u64).unwrap();
        let check = |leaf, at: usize, proof: &[Hash], root| verify_inclusion(leaf, at as u64, size as u64, proof, root).is_ok();
        prop_assert!(check(all[index], index, &proof, tree));
        prop_assert!(!check(flip(&[all[index]], bit.index(256))[0], index, &proof, tree));
        prop_assert!(!check(all[index], index, &proof, flip(&[tree], bit.index(256))[0]));
        prop_assert!(!check(all[index], index + 1, &proof, tree));
        prop_assert!(!check(all[index], index, &[proof.clone(), vec![tree]].concat(), tree));
        if !proof.is_empty() {
            prop_assert!(!check(all[index], index, &flip(&proof, bit.index(proof.len() * 256)), tree));
            prop_assert!(!check(all[index], index, &proof[1..], tree));
        }
    }

    #[test]
    fn consistency_holds_and_a_flipped_bit_fails(new in 1usize..1500, pick: prop::sample::Index, bit: prop::sample::Index) {
        let all = leaves(new);
        let old = pick.index(new) + 1;
        let (old_root, new_root) = (naive_root(&all[..old]), naive_root(&all));
        let proof = consistency_proof(&read(&grow(&all, &[old])), old as u64, new as u64).unwrap();
        let check = |old_root, new_root, proof: &[Hash]| verify_consistency(old as u64, old_root, new as u64, new_root, proof).is_ok();
        prop_assert!(check(old_root, new_root, &proof));
        prop_assert!(!check(flip(&[old_root], bit.index(256))[0], new_root, &proof));
        prop_assert!(!check(old_root, flip(&[new_root], bit.index(256))[0], &proof));
        if !proof.is_empty() {
            prop_assert!(!check(old_root, new_root, &flip(&proof, bit.index(proof.len() * 256))));
            prop_assert!(!check(old_root, new_root, &proof[1..]));
        }
    }

    #[test]
    fn a_proof_file_is_checked_offline(size in 1usize..600, pick: prop::sample::Index, at: prop::sample::Index) {
        let all = leaves(size);
        let (index, signer) = (pick.index(size), NoteSigner::new("example.org/trail", &[9; 32]).unwrap());
        let checkpoint = Checkpoint { origin: "example.org/trail".to_owned(), size: size as u64, root: naive_root(&all) };
        let hashes = inclusion_proof(&read(&grow(&all, &[])), index as u64, size as u64).unwrap();
        let proof = TlogProof { index: index as u64, hashes, checkpoint: checkpoint.sign(&signer).unwrap() };
        let text = proof.encode();
        let open = |text: &str| TlogProof::parse(text).and_then(|proof| proof.verify(all[index], "example.org/trail", &[signer.verifier()]));
        prop_assert_eq!(TlogProof::parse(&text).unwrap(), proof);
        prop_assert_eq!(open(&text).unwrap(), checkpoint);
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1;
        if let Ok(changed) = String::from_utf8(bytes) {
            prop_assert!(open(&changed).is_err());
        }
    }
}
