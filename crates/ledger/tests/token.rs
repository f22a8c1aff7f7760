//! A key-encryption key in a real PKCS#11 token (SoftHSM): it wraps there, and while it is away nothing is taken for wrong.
#![cfg(feature = "pkcs11")]
#![allow(clippy::unwrap_used, reason = "tests")]

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    mechanism::Mechanism,
    object::Attribute,
    session::UserType,
    types::AuthPin,
};
use ledger::{KeyFolder, Keyring, LedgerError, Master, Passphrase, Purpose, TokenAccess};
use model::SubjectRef;
use std::{num::NonZeroUsize, path::PathBuf, process::Command, sync::Arc};
use store::{StoreError, keys::SqlKeys, sql::Database};
use uuid::Uuid;

const TOKEN: &str = "veritrail-test";
const PIN: &str = "4711-pin";
/// Where the tests inside have their token's files.
const PLACE: &str = "VERITRAIL_TEST_TOKEN";

fn module() -> PathBuf {
    let known = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so"];
    known.into_iter().map(PathBuf::from).find(|path| path.exists()).expect("SoftHSM; scripts/test-tools.sh installs it")
}

/// Runs one of the tests below, which are left out otherwise, in a process with a token of its own: the library reads its environment once.
fn in_a_process_of_its_own(test: &str) {
    let place = tempfile::tempdir().unwrap();
    let (tokens, configuration) = (place.path().join("tokens"), place.path().join("softhsm2.conf"));
    std::fs::create_dir(&tokens).unwrap();
    std::fs::write(&configuration, format!("directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n", tokens.display())).unwrap();
    let made = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", TOKEN, "--pin", PIN, "--so-pin", "so-pin-1"])
        .env("SOFTHSM2_CONF", &configuration)
        .output()
        .expect("softhsm2-util; scripts/test-tools.sh installs it");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let done = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env("SOFTHSM2_CONF", &configuration)
        .env(PLACE, place.path())
        .output()
        .unwrap();
    let says = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success() && says.contains("1 passed"), "{says}\n{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn a_token_wraps_and_may_be_away() {
    in_a_process_of_its_own("inside_a_token_wraps_and_may_be_away");
}

#[test]
fn a_refused_pin_is_tried_once() {
    in_a_process_of_its_own("inside_a_refused_pin_is_tried_once");
}

/// Makes an AES key in the token, and leaves the library as it was.
fn make_key(label: &str) {
    let context = Pkcs11::new(module()).unwrap();
    context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).unwrap();
    let slot = *context.get_slots_with_token().unwrap().iter().find(|slot| context.get_token_info(**slot).unwrap().label().trim_end() == TOKEN).unwrap();
    let session = context.open_rw_session(slot).unwrap();
    session.login(UserType::User, Some(&AuthPin::new(PIN.into()))).unwrap();
    let template = [
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Encrypt(true),
        Attribute::Decrypt(true),
        Attribute::ValueLen(32.into()),
        Attribute::Label(label.as_bytes().to_vec()),
    ];
    session.generate_key(&Mechanism::AesKeyGen, &template).unwrap();
    drop(session);
    context.finalize().unwrap();
}

fn place() -> PathBuf {
    PathBuf::from(std::env::var_os(PLACE).expect("it runs inside another test"))
}

fn folder(pin: &str) -> KeyFolder {
    KeyFolder::new(place().join("keys"), None).with_tokens(TokenAccess { module: module(), pin: Passphrase::new(pin).unwrap() })
}

async fn keyring(folder: KeyFolder) -> Keyring {
    let keys = SqlKeys::open(Database::open(&testkit::sqlite(&place(), "keys.db"), "keys").await.unwrap()).await.unwrap();
    Keyring::with_wraps(Master::from_secret(&[7; 32]).unwrap(), Arc::new(folder), Arc::new(keys), NonZeroUsize::new(1_000).unwrap())
}

fn subjects(from: usize, until: usize) -> Vec<SubjectRef> {
    (from..until).map(|n| SubjectRef::account(Uuid::from_u128(1), format!("user-{n}"))).collect()
}

async fn ids(keyring: &Keyring, subjects: &[SubjectRef]) -> Vec<Uuid> {
    let found = keyring.resolve(subjects).await.unwrap();
    subjects.iter().map(|s| found[s].as_ref().unwrap().0).collect()
}

fn is_away(error: &LedgerError) -> bool {
    matches!(error, LedgerError::Store(StoreError::Unavailable { .. }))
}

fn move_tokens(from: &str, to: &str) {
    std::fs::rename(place().join(from), place().join(to)).unwrap();
}

#[tokio::test]
#[ignore = "run by the test of this name"]
async fn inside_a_token_wraps_and_may_be_away() {
    make_key("one");
    let ring = keyring(folder(PIN)).await;
    let before = ids(&ring, &subjects(0, 20)).await;
    let one = folder(PIN).name_in_token(TOKEN, "one").unwrap();
    assert_eq!(folder(PIN).name_in_token(TOKEN, "one").unwrap(), one, "named once");
    ring.wrap_under(one).await.unwrap();
    assert_eq!(ring.rewrap(None).await.unwrap().unwrap().replaced, 20);
    assert_eq!(ids(&ring, &subjects(0, 30)).await[..20], before);
    assert_eq!(ring.wrapped().await.unwrap(), [(Some(one), 30)].into());
    ring.forget();
    assert_eq!(ring.keys(&before).await.unwrap().len(), 20, "the token unwraps what it wrapped");
    let named = std::fs::read_to_string(place().join("keys").join(format!("kek-{one}.json"))).unwrap();
    assert!(named.contains("\"token\"") && !named.contains("plain"), "{named}");

    // Away: nothing is known, nothing is wrong, and nothing new is made. A process that starts now says the same.
    move_tokens("tokens", "pulled");
    let started = keyring(folder(PIN)).await;
    std::fs::create_dir(place().join("tokens")).unwrap();
    for ring in [&ring, &started] {
        ring.forget();
        assert!(is_away(&ring.keys(&before).await.map(drop).unwrap_err()));
        assert!(is_away(&ring.resolve(&subjects(40, 41)).await.map(drop).unwrap_err()));
    }
    assert!(is_away(&started.ready().await.unwrap_err()));
    std::fs::remove_dir_all(place().join("tokens")).unwrap();
    move_tokens("pulled", "tokens");
    for ring in [&ring, &started] {
        assert_eq!(ring.keys(&before).await.unwrap().len(), 20, "and it is back");
    }

    // A flipped bit is the bytes' fault, not the token's.
    let url = testkit::sqlite(&place(), "keys.db");
    let database = Database::open(&url, "keys").await.unwrap();
    let keys = SqlKeys::open(database).await.unwrap();
    flip(&keys, before[3]).await;
    ring.forget();
    assert!(matches!(ring.keys(&before[3..4]).await.map(drop), Err(LedgerError::Unsealable { .. })));
    assert_eq!(ring.keys(&before[4..]).await.unwrap().len(), 16);
    flip(&keys, before[3]).await;

    // Another key in the token, and from there to a file.
    make_another("two").await;
    let two = folder(PIN).name_in_token(TOKEN, "two").unwrap();
    let file = folder(PIN).make(&Purpose::KeyEncryption).unwrap();
    for next in [two, file] {
        ring.wrap_under(next).await.unwrap();
        assert_eq!(ring.rewrap(None).await.unwrap().unwrap().replaced, 30);
        ring.forget();
        assert_eq!(ring.keys(&before).await.unwrap().len(), 20);
    }
}

/// One bit of a wrapped key.
async fn flip(keys: &SqlKeys, subject: Uuid) {
    use store::keys::{Keys, Rewrapped};
    let row = keys.by_subject(&[subject]).await.unwrap().remove(0);
    let before = row.wrapped.unwrap();
    let mut after = before.clone();
    *after.last_mut().unwrap() ^= 1;
    assert_eq!(keys.rewrap(&[Rewrapped { lookup: row.lookup, before, after }]).await.unwrap(), 1);
}

/// While this process has the library in use: another one makes it.
async fn make_another(label: &str) {
    let done = Command::new(std::env::current_exe().unwrap()).args(["--exact", "makes_a_key", "--ignored"]).env("VERITRAIL_TEST_KEY", label).status().unwrap();
    assert!(done.success());
}

#[test]
#[ignore = "run by another test"]
fn makes_a_key() {
    make_key(&std::env::var("VERITRAIL_TEST_KEY").unwrap());
}

#[tokio::test]
#[ignore = "run by the test of this name"]
async fn inside_a_refused_pin_is_tried_once() {
    make_key("one");
    let wrong = keyring(folder("1234-wrong")).await;
    let one = folder(PIN).name_in_token(TOKEN, "one").unwrap();
    let refused = wrong.wrap_under(one).await.unwrap_err().to_string();
    assert!(refused.contains("refuses the PIN") && !refused.contains("1234") && !refused.contains('\n'), "{refused}");
    assert!(wrong.wrap_under(one).await.unwrap_err().to_string().contains("not tried again"));
    assert_eq!(wrong.wrapped_under().await.unwrap(), None);
    let lacking = keyring(KeyFolder::new(place().join("keys"), None)).await;
    assert!(lacking.wrap_under(one).await.unwrap_err().to_string().contains("set keys.pkcs11_module"));
}
