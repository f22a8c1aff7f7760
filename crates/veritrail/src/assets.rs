//! The pages, embedded.

use rust_embed::RustEmbed;
use std::borrow::Cow;

/// What `npm run build` wrote. A debug build reads the folder when it runs, and serves no pages where there is none.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Dist;

pub fn file(path: &str) -> Option<Cow<'static, [u8]>> {
    Dist::get(path).map(|file| file.data)
}
