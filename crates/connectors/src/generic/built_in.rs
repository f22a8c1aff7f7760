//! Which mapping a source uses: one that comes with Veritrail, by name, or the text in its settings.

use super::Mapping;
use crate::{ConnectorError, Settings};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

const DEFAULT: &str = "default";

/// The mappings of content/mappings, by file name.
const TEXTS: &[(&str, &str)] =
    &[(DEFAULT, include_str!("../../../../content/mappings/default.yaml")), ("desk", include_str!("../../../../content/mappings/desk.yaml"))];

/// Read mappings are kept, because every record needs one. Past this many the memory starts afresh.
const MOST_KEPT: usize = 64;

static KEPT: LazyLock<Mutex<HashMap<String, Arc<Mapping>>>> = LazyLock::new(Mutex::default);

/// Names of the mappings that come with Veritrail.
pub fn names() -> impl Iterator<Item = &'static str> {
    TEXTS.iter().map(|(name, _)| *name)
}

/// The mapping these settings ask for.
pub(super) fn of(settings: &Settings) -> Result<Arc<Mapping>, ConnectorError> {
    let wanted = settings.text("mapping").unwrap_or(DEFAULT);
    let zone = settings.text("timezone").unwrap_or_default();
    let key = format!("{zone}\n{wanted}");
    if let Some(mapping) = KEPT.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return Ok(mapping.clone());
    }
    let bad = |why| ConnectorError::BadSetting { name: "mapping", why };
    let text = match TEXTS.iter().find(|(name, _)| *name == wanted) {
        Some((_, text)) => *text,
        None if wanted.contains(':') => wanted,
        None => {
            let known: Vec<&str> = names().collect();
            return Err(bad(format!("there is no mapping '{wanted}'; there are {}, or give a mapping's whole text", known.join(", "))));
        }
    };
    let mut mapping = Mapping::parse(text).map_err(bad)?;
    if !zone.is_empty() && mapping.time.zone.is_none() {
        mapping.time.zone = Some(super::times::zone(zone).map_err(|why| ConnectorError::BadSetting { name: "timezone", why })?);
    }
    let mapping = Arc::new(mapping);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() >= MOST_KEPT {
        kept.clear();
    }
    kept.insert(key, mapping.clone());
    Ok(mapping)
}
