//! What keeps the product safe and is easily lost by a line: where randomness comes from, whose cryptography is built in, that sums that do not fit stop,
//! and that pages write no property whose name comes from outside.

use crate::dependencies::TARGET;
use anyhow::{Context, Result};
use regex::Regex;
use serde_json::Value;
use std::{collections::BTreeSet, path::Path, process::Command};

/// Crates of cryptography, by who makes them. Another one is looked at before it comes in: does it do what a proven one does not?
const PROVEN: &[(&str, &[&str])] = &[
    (
        "RustCrypto",
        &[
            "aead",
            "aes",
            "aes-gcm",
            "argon2",
            "base16ct",
            "base64ct",
            "blake2",
            "block-buffer",
            "chacha20",
            "cipher",
            "cmov",
            "cmpv2",
            "cms",
            "const-oid",
            "crmf",
            "crypto-bigint",
            "crypto-common",
            "ctr",
            "ctutils",
            "der",
            "der_derive",
            "digest",
            "ecdsa",
            "ed25519",
            "elliptic-curve",
            "ghash",
            "hkdf",
            "hmac",
            "keccak",
            "md-5",
            "p256",
            "p384",
            "password-hash",
            "pem-rfc7468",
            "pkcs1",
            "pkcs8",
            "polyval",
            "primefield",
            "primeorder",
            "rfc6979",
            "rsa",
            "sec1",
            "serdect",
            "sha1",
            "sha2",
            "sha3",
            "signature",
            "spki",
            "universal-hash",
            "wnaf",
            "x509-cert",
            "x509-tsp",
            "zeroize",
            "zeroize_derive",
        ],
    ),
    ("dalek", &["curve25519-dalek", "ed25519-dalek", "subtle"]),
    ("rustls and ring", &["ring", "rustls", "rustls-native-certs", "rustls-pki-types", "rustls-webpki", "tokio-rustls"]),
    // Certificates by ACME: the protocol, and what makes and reads a certificate request. Keys and signatures in it are ring's.
    ("around rustls and ring", &["futures-rustls", "pem", "rustls-acme", "x509-parser"]),
    ("Parsec: PKCS#11, the algorithms are the token's", &["cryptoki", "cryptoki-sys"]),
    // None of these keeps anything secret: comparison in constant time, hashes for tables and build scripts, the generator behind `rand`, a wrapper that
    // forgets, the count of steps around RustCrypto's HMAC.
    ("others", &["constant_time_eq", "ppv-lite86", "secrecy", "siphasher", "tiny-keccak", "totp-rs"]),
];
const KEYWORDS: [&str; 7] = ["crypto", "cryptography", "encryption", "cipher", "hmac", "signature", "totp"];

/// Generators that a secret must not come from: quick ones, and those seeded by us. `OsRng` asks the operating system each time.
const OTHER_RANDOMNESS: [&str; 12] = [
    "thread_rng",
    "ThreadRng",
    "rand::random",
    "rand::rng(",
    "SmallRng",
    "StdRng",
    "seed_from_u64",
    "from_seed",
    "from_entropy",
    "fastrand",
    "ChaCha8Rng",
    "Pcg",
];
/// Ways to speak to servers whoever they are.
const UNVERIFIED: [&str; 3] = ["accept_invalid_", "ServerCertVerifier", "with_custom_certificate_verifier"];
/// They invent a company, or are tests: nothing in them is secret.
const INVENTING: [&str; 3] = ["crates/simulate/", "crates/testkit/", "crates/fuzz/"];

/// Of ECMAScript, what reaches what all objects share, or writes under a name that may come from outside.
const POLLUTING: &str = concat!(
    r"__proto__|\.prototype\b|\.constructor\b|setPrototypeOf|Object\.(?:assign|defineProperty|defineProperties)\b|Reflect\.(?:set|defineProperty)\b",
    r"|\bfor \((?:const|let|var) \w+ in\b",
    r"|[\w\])]\[(?P<name>(?:[^\[\]]|\[[^\[\]]*\])*)\]!?\s*(?:=[^=>]|=$|\?\?=|\|\|=|&&=|[-+*/]=|\+\+|--)",
);

/// Sentences about what is not safe.
pub fn faults(root: &Path) -> Result<Vec<String>> {
    let mut faults = cryptography(&packages(root)?);
    for path in files(root, &["*.rs"])? {
        if let Some(text) = path.starts_with("crates/").then(|| std::fs::read_to_string(root.join(&path)).ok()).flatten() {
            faults.extend(randomness(&path, &text));
            faults.extend(unverified(&path, &text));
        }
    }
    let polluting = Regex::new(POLLUTING)?;
    for path in files(root, &["web/src/*.ts", "web/src/*.tsx"])?.iter().filter(|p| !p.contains(".test.") && !p.contains("generated")) {
        let text = std::fs::read_to_string(root.join(path)).with_context(|| path.clone())?;
        faults.extend(pollution(&polluting, path, &text));
    }
    let manifest = std::fs::read_to_string(root.join("Cargo.toml"))?;
    faults.extend(overflow(&manifest.parse().context("Cargo.toml")?));
    Ok(faults)
}

fn files(root: &Path, patterns: &[&str]) -> Result<Vec<String>> {
    let output = Command::new("git").current_dir(root).arg("ls-files").args(patterns).output().context("git ls-files")?;
    Ok(String::from_utf8(output.stdout)?.lines().map(str::to_owned).filter(|path| root.join(path).is_file()).collect())
}

fn packages(root: &Path) -> Result<Vec<Value>> {
    let output = Command::new("cargo")
        .current_dir(root)
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", TARGET])
        .output()
        .context("cargo metadata")?;
    let mut metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata printed no JSON")?;
    Ok(metadata["packages"].as_array_mut().map(std::mem::take).unwrap_or_default())
}

fn cryptography(packages: &[Value]) -> Vec<String> {
    let proven: BTreeSet<&str> = PROVEN.iter().flat_map(|(_, crates)| crates.iter().copied()).collect();
    let says = |package: &Value, what: &str, words: &[&str]| package[what].as_array().is_some_and(|all| all.iter().any(|w| words.iter().any(|x| w == x)));
    let is_it = |package: &&Value| says(package, "categories", &["cryptography"]) || says(package, "keywords", &KEYWORDS);
    let names: BTreeSet<&str> = packages.iter().filter(|p| !p["source"].is_null()).filter(is_it).filter_map(|p| p["name"].as_str()).collect();
    let unknown = names.into_iter().filter(|name| !proven.contains(name));
    unknown.map(|name| format!("'{name}' calls itself cryptography and is none of the proven crates (xtask/src/safe.rs)")).collect()
}

fn randomness(path: &str, text: &str) -> Vec<String> {
    if INVENTING.iter().any(|folder| path.starts_with(folder)) {
        return Vec::new();
    }
    let found = (1..).zip(text.lines()).flat_map(|(line, text)| OTHER_RANDOMNESS.iter().filter(|w| text.contains(**w)).map(move |w| (line, *w)));
    found.map(|(line, word)| format!("{path}:{line}: '{word}'; what is random comes from OsRng, the operating system's generator")).collect()
}

fn unverified(path: &str, text: &str) -> Vec<String> {
    if path.contains("/tests/") {
        return Vec::new();
    }
    let found = (1..).zip(text.lines()).flat_map(|(line, text)| UNVERIFIED.iter().filter(|w| text.contains(**w)).map(move |w| (line, *w)));
    found.map(|(line, word)| format!("{path}:{line}: '{word}'; whom the server speaks to is proven by a certificate, always")).collect()
}

fn pollution(polluting: &Regex, path: &str, text: &str) -> Vec<String> {
    let written = |name: &str| name.is_empty() || name.chars().all(|c| c.is_ascii_digit()) || name.starts_with('"') && name.ends_with('"');
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim_start().starts_with("//"));
    let found = lines.flat_map(|(line, text)| polluting.captures_iter(text).map(move |found| (line, found)));
    let wrong = found.filter(|(_, found)| !found.name("name").is_some_and(|name| written(name.as_str())));
    wrong.map(|(line, found)| format!("{path}:{line}: '{}' may write what all objects share; use a Map, a Set or a literal", found[0].trim())).collect()
}

/// In every profile that inherits `release`: one of those is shipped.
fn overflow(manifest: &toml::Table) -> Vec<String> {
    let profiles = manifest.get("profile").and_then(toml::Value::as_table).cloned().unwrap_or_default();
    let shipped = profiles.iter().filter(|(name, profile)| *name == "release" || profile.get("inherits").and_then(toml::Value::as_str) == Some("release"));
    let mut faults: Vec<String> = shipped
        .filter(|(_, profile)| profile.get("overflow-checks").and_then(toml::Value::as_bool) != Some(true))
        .map(|(name, _)| format!("Cargo.toml: in the profile '{name}' a sum that does not fit becomes another; overflow-checks = true"))
        .collect();
    if !profiles.contains_key("dist") {
        faults.push("Cargo.toml: there is no profile 'dist', which is released".into());
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
    }

    #[test]
    fn what_is_secret_comes_from_the_operating_system() {
        for wrong in ["let mut rng = rand::thread_rng();", "use rand::rngs::SmallRng;", "rand::random::<u64>()", "StdRng::seed_from_u64(7)"] {
            assert!(!randomness("crates/app/src/sessions/mod.rs", wrong).is_empty(), "{wrong}");
        }
        assert!(randomness("crates/app/src/sessions/mod.rs", "OsRng.fill_bytes(&mut bytes);").is_empty());
        assert!(randomness("crates/simulate/src/company.rs", "StdRng::seed_from_u64(seed)").is_empty(), "it only invents");
        let sources: Vec<String> = files(root(), &["*.rs"]).unwrap().into_iter().filter(|path| path.starts_with("crates/")).collect();
        let text = |path: &String| std::fs::read_to_string(root().join(path)).unwrap();
        let found: Vec<String> = sources.iter().flat_map(|path| randomness(path, &text(path))).collect();
        assert!(sources.len() > 200 && found.is_empty(), "{} files: {found:?}", sources.len());
        // Where tokens, codes, seeds, keys and nonces are made, it is the operating system that is asked.
        for place in ["app/src/sessions/mod.rs", "app/src/factors/mod.rs", "app/src/factors/codes.rs", "app/src/members/first_run.rs", "ledger/src/seal.rs"] {
            assert!(text(&format!("crates/{place}")).contains("OsRng."), "{place}");
        }
    }

    #[test]
    fn whom_the_server_speaks_to_is_proven_by_a_certificate() {
        let wrong = "reqwest::Client::builder().danger_accept_invalid_certs(true)";
        assert_eq!(unverified("crates/channels/src/guarded.rs", wrong).len(), 1);
        assert!(unverified("crates/channels/tests/certificates.rs", wrong).is_empty(), "a test may");
        let sources: Vec<String> = files(root(), &["*.rs"]).unwrap().into_iter().filter(|path| path.starts_with("crates/")).collect();
        let found: Vec<String> = sources.iter().flat_map(|path| unverified(path, &std::fs::read_to_string(root().join(path)).unwrap())).collect();
        assert!(sources.len() > 200 && found.is_empty(), "{} files: {found:?}", sources.len());
    }

    #[test]
    fn cryptography_is_others_and_proven() {
        let of =
            |name: &str, categories: &[&str], keywords: &[&str]| json!({ "name": name, "source": "registry", "categories": categories, "keywords": keywords });
        assert!(cryptography(&[of("aes-gcm", &["cryptography"], &["aes"]), of("serde", &["encoding"], &["serde"])]).is_empty());
        assert_eq!(cryptography(&[of("my-cipher", &["cryptography"], &[]), of("quick-hmac", &[], &["hmac"])]).len(), 2);
        let packages = packages(root()).unwrap();
        assert!(packages.iter().any(|p| p["name"] == "ring") && packages.len() > 300, "{}", packages.len());
        assert_eq!(cryptography(&packages), Vec::<String>::new());
    }

    #[test]
    fn a_sum_that_does_not_fit_stops_what_is_released() {
        assert_eq!(overflow(&std::fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap()), Vec::<String>::new());
        for wrong in ["[profile.dist]\ninherits = \"release\"\n", "[profile.dist]\ninherits = \"release\"\noverflow-checks = false\n", "[profile.dev]\n"] {
            assert_eq!(overflow(&wrong.parse().unwrap()).len(), 1, "{wrong}");
        }
    }

    #[test]
    fn pages_write_no_property_that_somebody_else_names() {
        let polluting = Regex::new(POLLUTING).unwrap();
        let finds = |line: &str| !pollution(&polluting, "web/src/x.ts", line).is_empty();
        for wrong in [
            "settings[name] = value;",
            "at[path[0]][path[1]] = value;",
            "counts[key] += 1;",
            "merged[k] ??= {};",
            "object.__proto__ = other;",
            "Object.assign(target, JSON.parse(text));",
            "for (const key in given) {",
            "value.constructor.prototype.x = 1;",
        ] {
            assert!(finds(wrong), "{wrong}");
        }
        for right in [
            "const [open, setOpen] = useState(false);",
            "if (values[name] === undefined) continue;",
            "const made = { ...old, [name]: value };",
            "map.set(name, value);",
            "const { [name]: gone, ...rest } = old;",
            "const shown = words[kind] ?? kind;",
            "  // settings[name] = value",
            "const names: string[] = [];",
            "pair[0] = first;",
            "if (a[name] == b) continue;",
        ] {
            assert!(!finds(right), "{right}");
        }
        let pages = files(root(), &["web/src/*.ts", "web/src/*.tsx"]).unwrap();
        let read = |path: &String| std::fs::read_to_string(root().join(path)).unwrap();
        let found: Vec<String> =
            pages.iter().filter(|p| !p.contains(".test.") && !p.contains("generated")).flat_map(|path| pollution(&polluting, path, &read(path))).collect();
        assert!(pages.len() > 100 && found.is_empty(), "{} files: {found:?}", pages.len());
    }
}
