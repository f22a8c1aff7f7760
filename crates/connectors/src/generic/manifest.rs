use super::STREAM;
use crate::{Manifest, Recorded, Setting, SettingKind, StreamManifest};

/// Written on every event; raised with `MANIFEST.version`.
pub(super) const NORMALISER: &str = "generic/1";

pub(super) static MANIFEST: Manifest = Manifest {
    id: "generic",
    version: 1,
    title: "Anything else",
    summary: "Takes NDJSON, JSON or CSV from any program over HTTP or from files, and reads it by a mapping that you can edit.",
    settings: &[
        Setting {
            name: "mapping",
            title: "Mapping",
            help: "The name of a mapping that comes with Veritrail (default, desk), or a mapping's whole text in YAML. Empty means default.",
            kind: SettingKind::Text,
            required: false,
            example: "default",
        },
        Setting {
            name: "timezone",
            title: "Time zone",
            help: "The zone of times written without one, where the mapping says none. Empty means UTC.",
            kind: SettingKind::Text,
            required: false,
            example: "Europe/Paris",
        },
    ],
    streams: &[StreamManifest { name: STREAM, title: "Activity", poll_secs: 0, lateness_secs: 300 }],
    recorded: &[Recorded {
        act: "Whatever the sender records",
        stream: Some(STREAM),
        note: "What the mapping's table does not name is kept as “other”, or refused, as the mapping says.",
    }],
};
