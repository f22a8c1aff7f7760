//! What Veritrail finds about itself, in the words of a rule.

use super::RuleView;
use model::Severity;

/// Id of the rule whose findings a failed verification of a ledger makes.
pub const LEDGER_INTEGRITY: &str = "veritrail-ledger-integrity";

pub(super) fn ledger_integrity() -> RuleView {
    RuleView {
        id: LEDGER_INTEGRITY.to_owned(),
        title: "A ledger is not what was signed".to_owned(),
        description: "Veritrail reads its own ledgers again and holds every byte against the signed checkpoint. A file is missing, was changed or does not belong there."
            .to_owned(),
        level: Severity::Critical.name().to_owned(),
        version: "1".to_owned(),
        kind: "built in".to_owned(),
        tags: vec!["attack.defense_evasion".to_owned(), "attack.t1070".to_owned()],
        falsepositives: vec!["A failing disk, or a backup restored over running data.".to_owned()],
        meaning: "Somebody with access to the storage changed what was recorded, or the storage damages data. Events with a valid proof are still as they were signed.".to_owned(),
        next: vec![
            "Leave the storage as it is and make a copy of it.".to_owned(),
            "Run `veritrail verify` for every file and record concerned; `veritrail verify --from` with a checkpoint kept elsewhere tells a roll-back.".to_owned(),
            "Find out who could write there, and restore the named files from a backup.".to_owned(),
        ],
        ..RuleView::default()
    }
}
