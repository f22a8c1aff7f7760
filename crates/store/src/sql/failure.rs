//! What a database error means upstairs: try again, find out, stop, or our fault.

use crate::{StoreError, error::DISK_FULL};
use sea_orm::{DbErr, RuntimeErr, SqlErr, SqlxError};

/// The meaning of an error before a commit was sent: nothing is committed.
pub(crate) fn failed(what: &'static str, error: DbErr) -> StoreError {
    if let Some(SqlErr::UniqueConstraintViolation(why)) = error.sql_err() {
        return StoreError::Conflict(why);
    }
    let why = error.to_string();
    match &error {
        DbErr::ConnectionAcquire(_) => StoreError::Unavailable { what, why },
        DbErr::Conn(RuntimeErr::SqlxError(e)) | DbErr::Exec(RuntimeErr::SqlxError(e)) | DbErr::Query(RuntimeErr::SqlxError(e)) => match &**e {
            SqlxError::Database(d) => coded(what, &d.code().unwrap_or_default(), why),
            SqlxError::Io(_) | SqlxError::Tls(_) | SqlxError::PoolTimedOut | SqlxError::PoolClosed | SqlxError::WorkerCrashed | SqlxError::Protocol(_) => {
                StoreError::Unavailable { what, why }
            }
            _ => StoreError::Internal(why),
        },
        DbErr::Conn(_) => StoreError::Unavailable { what, why },
        _ => StoreError::Internal(why),
    }
}

/// The meaning of an error in answer to a commit: only a refusal by the database itself says that nothing happened.
pub(crate) fn commit_failed(what: &'static str, error: DbErr) -> StoreError {
    let answered = matches!(&error, DbErr::Conn(RuntimeErr::SqlxError(e)) | DbErr::Exec(RuntimeErr::SqlxError(e)) | DbErr::Query(RuntimeErr::SqlxError(e))
        if matches!(&**e, SqlxError::Database(d) if !d.code().unwrap_or_default().starts_with("57P")));
    if answered { failed(what, error) } else { StoreError::Unknown { what, why: error.to_string() } }
}

/// SQLite answers its extended result code in decimal (<https://www.sqlite.org/rescode.html>), PostgreSQL a five-letter SQLSTATE (appendix A of its manual).
fn coded(what: &'static str, code: &str, why: String) -> StoreError {
    // SQLITE_FULL; disk_full.
    if matches!(code, "13" | "53100") {
        return StoreError::Unavailable { what, why: DISK_FULL.to_owned() };
    }
    if code.len() == 5 {
        return match &code[..2] {
            "58" => StoreError::Fatal { what, why },
            "XX" if code != "XX000" => StoreError::Damaged { what: what.to_owned(), why },
            // 28 and 3D: not let in, at least not now; 40: serialisation failure or deadlock; 55: takes no connections, lock not available;
            // 25006: a standby; 25P03: the transaction rested for too long and was ended.
            "08" | "28" | "3D" | "40" | "53" | "55" | "57" => StoreError::Unavailable { what, why },
            _ if matches!(code, "25006" | "25P03") => StoreError::Unavailable { what, why },
            _ => StoreError::Internal(why),
        };
    }
    match code.parse::<u32>().map(|extended| extended & 0xff) {
        Ok(5 | 6 | 8 | 14) => StoreError::Unavailable { what, why },
        Ok(10) => StoreError::Fatal { what, why },
        Ok(11 | 26) => StoreError::Damaged { what: what.to_owned(), why },
        _ => StoreError::Internal(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: &str, expect: &str) {
        let kind = match coded("trail", code, String::new()) {
            StoreError::Unavailable { .. } => "unavailable",
            StoreError::Fatal { .. } => "fatal",
            StoreError::Damaged { .. } => "damaged",
            _ => "internal",
        };
        assert_eq!(kind, expect, "{code}");
    }

    #[test]
    fn codes_say_what_may_be_done() {
        check("5", "unavailable");
        check("517", "unavailable");
        check("13", "unavailable");
        check("1034", "fatal");
        check("11", "damaged");
        check("1", "internal");
        check("08006", "unavailable");
        check("40001", "unavailable");
        check("55000", "unavailable");
        check("25P03", "unavailable");
        check("58030", "fatal");
        check("XX001", "damaged");
        check("42601", "internal");
    }

    #[test]
    fn a_commit_without_an_answer_is_unknown() {
        let lost = DbErr::Exec(RuntimeErr::Internal("connection lost".into()));
        assert!(matches!(commit_failed("trail", lost), StoreError::Unknown { .. }));
    }
}
