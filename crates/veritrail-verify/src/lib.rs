//! The auditor's verifier: a copy or a published address of a ledger, held against one public key. It shares the tree maths with the ledger (`merkle`) and
//! nothing else: no database, no server, no key of the installation.

mod check;
mod error;
mod files;
mod folder;
mod proof;
mod web;

pub use check::{Check, Report};
pub use error::Error;
pub use files::Files;
pub use folder::Folder;
pub use proof::{Evidence, entry_of, still_there};
pub use web::Web;

/// The files of a log, by where they are: a directory, or an `http://` address.
pub fn open(place: &str) -> Result<Box<dyn Files>, Error> {
    match place.split_once("://") {
        None => Ok(Box::new(Folder::open(place)?)),
        Some(("http", _)) => Ok(Box::new(Web::open(place)?)),
        Some((scheme, _)) => Err(Error::Scheme { place: place.to_owned(), scheme: scheme.to_owned() }),
    }
}
