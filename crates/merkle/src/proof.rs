//! Inclusion and consistency proofs: made as RFC 6962 section 2.1 defines them, checked as RFC 9162 section 2.1 spells out.

use crate::{
    EMPTY_ROOT, Hash, MerkleError, TileReader, node_hash,
    tree::{range_hash, split},
};

/// The audit path of entry `index` in the tree of `size` entries, leaf side first.
pub fn inclusion_proof(tiles: &(impl TileReader + ?Sized), index: u64, size: u64) -> Result<Vec<Hash>, MerkleError> {
    if index >= size {
        return Err(MerkleError::OutOfRange { wanted: index, size });
    }
    let (mut start, mut end, mut path) = (0, size, Vec::new());
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            path.push(range_hash(tiles, size, middle..end)?);
            end = middle;
        } else {
            path.push(range_hash(tiles, size, start..middle)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that the tree of `old` entries is a prefix of the tree of `new` entries. Empty when `old` is 0 or `new`.
pub fn consistency_proof(tiles: &(impl TileReader + ?Sized), old: u64, new: u64) -> Result<Vec<Hash>, MerkleError> {
    if old > new {
        return Err(MerkleError::OutOfRange { wanted: old, size: new });
    }
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let (mut start, mut end, mut path) = (0, new, Vec::new());
    while end != old {
        let middle = start + split(end - start);
        if old <= middle {
            path.push(range_hash(tiles, new, middle..end)?);
            end = middle;
        } else {
            path.push(range_hash(tiles, new, start..middle)?);
            start = middle;
        }
    }
    // Walking only left from the root means the old tree is itself a node: the verifier already holds its hash.
    if start > 0 {
        path.push(range_hash(tiles, new, start..end)?);
    }
    path.reverse();
    Ok(path)
}

/// Checks that `leaf` is entry `index` of the tree of `size` entries with this `root`.
pub fn verify_inclusion(leaf: Hash, index: u64, size: u64, proof: &[Hash], root: Hash) -> Result<(), MerkleError> {
    if index >= size {
        return Err(MerkleError::OutOfRange { wanted: index, size });
    }
    let (mut node, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in proof {
        if last == 0 {
            return Err(MerkleError::ProofMismatch);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(*sibling, hash);
            let lone = if node & 1 == 0 { node.trailing_zeros().min(63) } else { 0 };
            (node, last) = (node >> lone, last >> lone);
        } else {
            hash = node_hash(hash, *sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    if last == 0 && hash == root { Ok(()) } else { Err(MerkleError::ProofMismatch) }
}

/// Checks that the tree (`old`, `old_root`) is a prefix of the tree (`new`, `new_root`).
pub fn verify_consistency(old: u64, old_root: Hash, new: u64, new_root: Hash, proof: &[Hash]) -> Result<(), MerkleError> {
    if old > new {
        return Err(MerkleError::OutOfRange { wanted: old, size: new });
    }
    if old == 0 || old == new {
        let same = if old == new { old_root == new_root } else { old_root == EMPTY_ROOT };
        let empty_is_empty = new > 0 || new_root == EMPTY_ROOT;
        return if same && empty_is_empty && proof.is_empty() { Ok(()) } else { Err(MerkleError::ProofMismatch) };
    }
    let (first, rest) = if old.is_power_of_two() { (&old_root, proof) } else { proof.split_first().ok_or(MerkleError::ProofMismatch)? };
    let lone = (old - 1).trailing_ones();
    let (mut node, mut last) = ((old - 1) >> lone, (new - 1) >> lone);
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return Err(MerkleError::ProofMismatch);
        }
        if node & 1 == 1 || node == last {
            (old_hash, new_hash) = (node_hash(*sibling, old_hash), node_hash(*sibling, new_hash));
            let lone = if node & 1 == 0 { node.trailing_zeros().min(63) } else { 0 };
            (node, last) = (node >> lone, last >> lone);
        } else {
            new_hash = node_hash(new_hash, *sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    if last == 0 && old_hash == old_root && new_hash == new_root { Ok(()) } else { Err(MerkleError::ProofMismatch) }
}
