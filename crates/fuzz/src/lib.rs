//! Every parser of what comes from outside, as a function of bytes: it may refuse, it must not panic, hang or take more than its share of memory.
//!
//! `cargo xtask fuzz --minutes N` drives them by coverage with libFuzzer; the tests here give each its seeds, what lies near them, and
//! [`Target::regressions`]: inputs that once did harm.

mod records;
mod rules;
mod texts;
mod trail;

/// One parser.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub name: &'static str,
    /// What it reads, in words.
    pub reads: &'static str,
    pub take: fn(&[u8]),
    /// Inputs in its format, to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them, in alphabetical order.
pub const TARGETS: &[Target] = &[
    Target { name: "creme", reads: "rows and access-log lines of Creme, to events", take: records::creme, seeds: records::creme_seeds },
    Target { name: "csv", reads: "CSV files and bodies, to events", take: records::csv, seeds: records::csv_seeds },
    Target { name: "json", reads: "JSON and NDJSON files and bodies, to events", take: records::json, seeds: records::json_seeds },
    Target { name: "mapping", reads: "mappings of generic sources, and a record through them", take: rules::mapping, seeds: rules::mapping_seeds },
    Target { name: "note", reads: "signed notes, checkpoints, keys, proofs and states of a verification", take: trail::note, seeds: trail::note_seeds },
    Target { name: "passkey", reads: "what an authenticator and a browser say", take: texts::passkey, seeds: texts::passkey_seeds },
    Target { name: "query", reads: "queries of searches, times and positions", take: texts::query, seeds: texts::query_seeds },
    Target { name: "rule", reads: "Sigma rules, and their own tests", take: rules::rule, seeds: rules::rule_seeds },
    Target { name: "salesforce", reads: "files of Salesforce, to events", take: records::salesforce, seeds: records::salesforce_seeds },
    Target { name: "scim", reads: "filters and bodies of a directory", take: texts::scim, seeds: texts::scim_seeds },
    Target { name: "stored", reads: "stored records, entry bundles and manifests of segments", take: trail::stored, seeds: trail::stored_seeds },
    Target { name: "timestamp", reads: "answers of a time-stamping authority", take: trail::timestamp, seeds: trail::timestamp_seeds },
];

/// The target of this name.
pub fn find(name: &str) -> Option<Target> {
    TARGETS.iter().find(|target| target.name == name).copied()
}

impl Target {
    /// Inputs that once did harm, as `cargo xtask fuzz` wrote them: `regressions/NAME-*`.
    pub fn regressions(&self) -> Vec<Vec<u8>> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
        let Ok(files) = std::fs::read_dir(folder) else { return Vec::new() };
        let of_this = |name: &str| name.strip_prefix(self.name).is_some_and(|rest| rest.starts_with('-'));
        let files = files.flatten().filter(|file| file.file_name().to_str().is_some_and(of_this));
        files.filter_map(|file| std::fs::read(file.path()).ok()).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    /// Around each seed.
    const NEIGHBOURS: usize = 150;

    /// splitmix64: the same neighbours on every machine.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, n: usize) -> usize {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((z ^ (z >> 31)) % n.max(1) as u64) as usize
        }

        fn neighbour(&mut self, seed: &[u8], other: &[u8]) -> Vec<u8> {
            let mut near = seed.to_vec();
            for _ in 0..=self.below(4) {
                let at = self.below(near.len() + 1);
                match self.below(6) {
                    0 => near.truncate(at),
                    1 => near.insert(at, self.below(256) as u8),
                    2 if at < near.len() => near[at] ^= 1 << self.below(8),
                    3 if at < near.len() => drop(near.remove(at)),
                    4 => near.splice(at..at, other[self.below(other.len() + 1)..].iter().copied().take(64)).for_each(drop),
                    _ => near.splice(at..at, *b"\xff\xff\xff\xff").for_each(drop),
                }
            }
            near
        }
    }

    #[test]
    fn every_parser_takes_its_seeds_and_what_is_near_them() {
        let mut dice = Dice(20);
        for target in TARGETS {
            let begun = Instant::now();
            let seeds = (target.seeds)();
            assert!(!seeds.is_empty(), "{} has no seed", target.name);
            target.regressions().iter().chain(&seeds).for_each(|input| (target.take)(input));
            for seed in &seeds {
                for _ in 0..NEIGHBOURS {
                    let other = &seeds[dice.below(seeds.len())];
                    (target.take)(&dice.neighbour(seed, other));
                }
            }
            let each = begun.elapsed() / (seeds.len() * NEIGHBOURS) as u32;
            assert!(each < Duration::from_millis(200), "{} takes {each:?} an input", target.name);
        }
    }

    #[test]
    fn names_are_one_each_and_in_order() {
        assert!(TARGETS.is_sorted_by(|a, b| a.name < b.name));
    }
}
