//! The contract is a chain: handlers, docs/openapi.json, the pages' types made from it.

use std::path::Path;

/// A change of the API shows in the review as a change of its document. `VERITRAIL_UPDATE=1` writes it anew; then `npm run api` in web/.
#[test]
fn the_document_kept_is_the_one_served() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let served = api::openapi_json() + "\n";
    if std::env::var_os("VERITRAIL_UPDATE").is_some() {
        std::fs::write(&path, &served).expect("the document can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == served, "docs/openapi.json is not what is served: run this test with VERITRAIL_UPDATE=1, then `npm run api` in web/");
}
