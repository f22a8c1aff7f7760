//! Salesforce's record ids: a key prefix, 15 characters in which case counts, and 3 more that make case needless.
//!
//! Object Reference, "Field Types", section "ID Field Type": the 18-character form ends in a suffix that encodes which characters are capitals.

const SUFFIX: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// The 18-character form of a 15-character id.
pub fn long(short: &str) -> String {
    let mut id = short.to_owned();
    for group in short.as_bytes().chunks(5) {
        let bits = group.iter().enumerate().filter(|(_, byte)| byte.is_ascii_uppercase()).fold(0, |bits, (place, _)| bits | 1_usize << place);
        id.push(char::from(SUFFIX[bits % SUFFIX.len()]));
    }
    id
}

/// The first 15 characters, as event log files write ids of users and organisations.
pub fn short(id: &str) -> &str {
    id.get(..15).unwrap_or(id)
}

/// The `number`th id of the object with this key prefix.
pub fn nth(prefix: &str, number: usize) -> String {
    long(&format!("{prefix}SM{number:010}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suffix_is_salesforces() {
        // An id shown in the REST API Developer Guide, "Limit Info Header".
        assert_eq!(long("005D0000001QX8W"), "005D0000001QX8WIAW");
        assert_eq!(nth("0AT", 7).len(), 18);
        assert_eq!(short("005D0000001QX8WIAW"), "005D0000001QX8W");
    }
}
