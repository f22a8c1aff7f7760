//! Entry bundles (c2sp.org/tlog-tiles): entries one after the other, each behind its length as big-endian u16.

use crate::MerkleError;

/// Longest entry a bundle can hold, in bytes.
pub const MAX_ENTRY_BYTES: usize = u16::MAX as usize;

/// Entries read back from a bundle, in log order.
pub type EntryBundle = Vec<Vec<u8>>;

/// Writes a bundle. At most 256 entries belong in one; the caller cuts them.
pub fn encode_entries<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, MerkleError> {
    let mut bundle = Vec::new();
    for entry in entries.iter().map(AsRef::as_ref) {
        let length = u16::try_from(entry.len()).map_err(|_| MerkleError::EntryTooLong(entry.len()))?;
        bundle.extend_from_slice(&length.to_be_bytes());
        bundle.extend_from_slice(entry);
    }
    Ok(bundle)
}

/// Reads a bundle to its last byte; a cut one is refused.
pub fn decode_entries(mut bundle: &[u8]) -> Result<EntryBundle, MerkleError> {
    let cut = || MerkleError::malformed("entry bundle", "ends inside an entry");
    let mut entries = Vec::new();
    while !bundle.is_empty() {
        let (length, rest) = bundle.split_first_chunk::<2>().ok_or_else(cut)?;
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or_else(cut)?;
        entries.push(entry.to_vec());
        bundle = rest;
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_limits() {
        let longest = vec![7; MAX_ENTRY_BYTES];
        let bundle = encode_entries(&[b"ab".as_slice(), b"", &longest]).unwrap();
        assert_eq!(bundle[..6], [0, 2, b'a', b'b', 0, 0]);
        assert_eq!(decode_entries(&bundle).unwrap(), [b"ab".to_vec(), vec![], longest.clone()]);
        assert!(decode_entries(&bundle[..bundle.len() - 1]).is_err());
        assert!(decode_entries(&[0]).is_err());
        assert!(matches!(encode_entries(&[vec![0; MAX_ENTRY_BYTES + 1]]), Err(MerkleError::EntryTooLong(65536))));
    }
}
