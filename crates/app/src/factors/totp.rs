//! Time-based codes (RFC 6238) as every authenticator app makes them: SHA-1, six digits, 30 seconds.

use crate::{AppError, Result};
use model::{Micros, SECOND};
use qrcodegen::{QrCode, QrCodeEcc};
use std::fmt::Write;
use totp_rs::{Algorithm, TOTP};
use url::Url;

/// RFC 4226 section 4: at least 128 bits, 160 recommended.
pub(super) const SECRET_BYTES: usize = 20;
const DIGITS: usize = 6;
const STEP_SECS: u64 = 30;
/// Steps before and after the present one whose codes are right too: clocks differ, and people type slowly. RFC 6238 section 5.2 wants no more.
const TOLERANCE: i64 = 1;
/// The code's drawing has a white border this wide, in modules (ISO/IEC 18004).
const QUIET: i32 = 4;
const ISSUER: &str = "Veritrail";

fn totp(secret: &[u8]) -> Result<TOTP> {
    TOTP::new(Algorithm::SHA1, DIGITS, 0, STEP_SECS, secret.to_vec()).map_err(|e| AppError::Internal(format!("an authenticator's secret cannot be used: {e}")))
}

/// The step whose code this is, among those that count now: `exact`, the present one alone. Every one of them is compared, each in constant time.
pub(super) fn step_of(secret: &[u8], code: &str, now: Micros, exact: bool) -> Result<Option<i64>> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let (totp, present) = (totp(secret)?, step_at(now));
    let tolerance = if exact { 0 } else { TOLERANCE };
    let mut found = None;
    for step in present - tolerance..=present + tolerance {
        let time = u64::try_from(step).unwrap_or(0) * STEP_SECS;
        if totp.check(&code, time) {
            found = Some(step);
        }
    }
    Ok(found)
}

fn step_at(now: Micros) -> i64 {
    now.div_euclid(SECOND * i64::try_from(STEP_SECS).expect("30 fits"))
}

/// The secret as people type it, in groups of four.
pub(super) fn typed(secret: &[u8]) -> Result<String> {
    let text = totp(secret)?.get_secret_base32();
    Ok(text.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" "))
}

/// What the app reads from the drawing: the key URI that authenticator apps agree on.
pub(super) fn uri(secret: &[u8], account: &str) -> Result<String> {
    let wrong = |_| AppError::Internal("the key URI cannot be written".into());
    let mut url = Url::parse("otpauth://totp/").map_err(wrong)?;
    url.set_path(&format!("/{ISSUER}:{account}"));
    url.query_pairs_mut().append_pair("secret", &totp(secret)?.get_secret_base32()).append_pair("issuer", ISSUER);
    Ok(url.into())
}

/// The drawing of a text: how many units it is wide and high, and the path that fills its dark modules.
pub(super) fn drawing(text: &str) -> Result<(u32, String)> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).map_err(|e| AppError::Internal(format!("the key URI is too long to be drawn: {e}")))?;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            write!(path, "M{} {}h1v1h-1z", x + QUIET, y + QUIET).expect("a String takes all");
        }
    }
    Ok((u32::try_from(code.size() + 2 * QUIET).unwrap_or_default(), path))
}

/// The code that an app shows at this time.
#[cfg(test)]
pub(crate) fn code_at(typed: &str, now: Micros) -> String {
    let secret = totp_rs::Secret::Encoded(typed.replace(' ', "")).to_bytes().unwrap();
    totp(&secret).unwrap().generate(u64::try_from(now / SECOND).unwrap())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B; the last six of its eight digits.
    const RFC: &[u8] = b"12345678901234567890";

    #[test]
    fn codes_are_those_of_the_rfc() {
        for (secs, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (2_000_000_000, "279037")] {
            assert_eq!(step_of(RFC, code, secs * SECOND, true).unwrap(), Some(secs / 30), "{secs}");
        }
        assert_eq!(step_of(RFC, "287 082", 59 * SECOND, true).unwrap(), Some(1), "as some apps show it");
    }

    #[test]
    fn a_code_counts_one_step_early_and_late_and_no_longer() {
        let at = |secs: i64| step_of(RFC, "287082", secs * SECOND, false).unwrap();
        assert_eq!([at(29), at(30), at(89)], [Some(1), Some(1), Some(1)]);
        assert_eq!([at(90), at(120)], [None, None]);
        for wrong in ["", "28708", "2870820", "94287082", "abcdef"] {
            assert_eq!(step_of(RFC, wrong, 59 * SECOND, false).unwrap(), None, "{wrong}");
        }
    }

    #[test]
    fn an_exact_code_counts_for_its_30_seconds_alone() {
        let at = |secs: i64| step_of(RFC, "287082", secs * SECOND, true).unwrap();
        assert_eq!([at(29), at(30), at(59), at(60)], [None, Some(1), Some(1), None]);
    }

    #[test]
    fn the_app_reads_secret_and_account() {
        let uri = uri(RFC, "ann+x@example.com").unwrap();
        assert_eq!(uri, "otpauth://totp/Veritrail:ann+x@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Veritrail");
        assert_eq!(typed(RFC).unwrap(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        let (size, path) = drawing(&uri).unwrap();
        // A finder pattern begins behind the white border of four modules, and nothing is drawn in it.
        assert!(size >= 29 && path.starts_with("M4 4h1v1h-1z"), "{size} {path:.40}");
        assert!(!path.contains("M3 ") && !path.contains(" 3h"), "the border is white");
    }
}
