//! Recovery codes: for the day the phone is gone. Ten, each once, kept as keyed hashes.

use ledger::Keyring;
use rand::{Rng, rngs::OsRng};
use uuid::Uuid;

pub(super) const HOW_MANY: usize = 10;
/// Without characters that look alike.
const ALPHABET: &[u8] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
/// About 119 bits: past the 112 that ASVS 5.0 (6.5.2) and NIST SP 800-63B ask before a quick hash will do.
const CHARS: usize = 24;
/// Of codes made by earlier versions.
const EARLIER_CHARS: usize = 16;

/// A new code: six groups of four, with dashes.
pub(super) fn fresh() -> String {
    let chars: Vec<char> = (0..CHARS).map(|_| char::from(ALPHABET[OsRng.gen_range(0..ALPHABET.len())])).collect();
    chars.chunks(4).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// What is kept of it; `None` for what cannot be one. Dashes, spaces and case do not matter.
pub(super) fn hash(keyring: &Keyring, member: Uuid, code: &str) -> Option<[u8; 32]> {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    matches!(plain.len(), CHARS | EARLIER_CHARS).then(|| keyring.mac("recovery code", &[member.as_bytes(), plain.as_bytes()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_differ_and_read_well() {
        let codes: std::collections::HashSet<String> = (0..200).map(|_| fresh()).collect();
        assert_eq!(codes.len(), 200);
        for code in codes {
            assert_eq!(code.split('-').map(str::len).collect::<Vec<_>>(), [4; 6], "{code}");
            assert!(!code.contains(['0', 'O', '1', 'I', 'L']), "{code}");
        }
    }
}
