//! Recovery codes: for the day the phone is gone. Ten, each once, kept as keyed hashes.

use ledger::Keyring;
use rand::{Rng, rngs::OsRng};
use uuid::Uuid;

pub(super) const HOW_MANY: usize = 10;
/// Without characters that look alike.
const ALPHABET: &[u8] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
/// 138 bits: past the 128 that ASVS 5.0 (11.5.1) asks of what must not be guessed, and the 112 (6.5.2) before a quick hash will do.
const CHARS: usize = 28;
/// Of codes made by earlier versions.
const EARLIER_CHARS: [usize; 2] = [16, 24];

/// A new code: seven groups of four, with dashes.
pub(super) fn fresh() -> String {
    let chars: Vec<char> = (0..CHARS).map(|_| char::from(ALPHABET[OsRng.gen_range(0..ALPHABET.len())])).collect();
    chars.chunks(4).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// What is kept of it; `None` for what cannot be one. Dashes, spaces and case do not matter.
pub(super) fn hash(keyring: &Keyring, member: Uuid, code: &str) -> Option<[u8; 32]> {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    could_be(plain.len()).then(|| keyring.mac("recovery code", &[member.as_bytes(), plain.as_bytes()]))
}

fn could_be(chars: usize) -> bool {
    chars == CHARS || EARLIER_CHARS.contains(&chars)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_differ_and_read_well() {
        let codes: std::collections::HashSet<String> = (0..200).map(|_| fresh()).collect();
        assert_eq!(codes.len(), 200);
        for code in codes {
            assert_eq!(code.split('-').map(str::len).collect::<Vec<_>>(), [4; 7], "{code}");
            assert!(!code.contains(['0', 'O', '1', 'I', 'L']), "{code}");
        }
    }

    #[test]
    fn a_code_has_128_bits_and_earlier_ones_still_fit() {
        assert!(fresh().replace('-', "").len() as f64 * (ALPHABET.len() as f64).log2() >= 128.0);
        // Each place takes every letter, so no place is weaker than the alphabet.
        let codes: Vec<String> = (0..2_000).map(|_| fresh().replace('-', "")).collect();
        for place in 0..CHARS {
            let letters: std::collections::HashSet<char> = codes.iter().filter_map(|code| code.chars().nth(place)).collect();
            assert_eq!(letters.len(), ALPHABET.len(), "place {place}");
        }
        assert!(could_be(28) && could_be(24) && could_be(16) && !could_be(27) && !could_be(0));
    }
}
