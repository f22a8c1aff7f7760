//! The server's log on standard error: one event, one line, whatever is in it.

use crate::config;
use anyhow::Result;
use std::{fmt, io::IsTerminal};
use tracing::field::{Field, Visit};
use tracing_subscriber::{
    EnvFilter,
    field::RecordFields,
    fmt::{FormatFields, MakeWriter, format::Writer},
    util::SubscriberInitExt,
};

/// Logs from here on.
pub fn start(config: &config::Log) -> Result<()> {
    let dispatch = to(std::io::stderr, std::io::stderr().is_terminal(), config)?;
    dispatch.try_init()?;
    Ok(())
}

fn to<W>(writer: W, colours: bool, config: &config::Log) -> Result<tracing::Dispatch>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt().with_env_filter(EnvFilter::try_new(&config.filter)?).with_writer(writer).with_ansi(colours);
    Ok(match config.format.as_str() {
        "json" => builder.json().into(),
        _ => builder.with_target(false).fmt_fields(OneLine).into(),
    })
}

/// Fields as `name=value`, the message first and bare. Values come from outside too: what would begin a line, move the cursor, or turn the direction
/// of writing stands there escaped.
struct OneLine;

impl<'w> FormatFields<'w> for OneLine {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut line = Line { writer, written: Ok(()), begun: false };
        fields.record(&mut line);
        line.written
    }
}

struct Line<'w> {
    writer: Writer<'w>,
    written: fmt::Result,
    begun: bool,
}

impl Line<'_> {
    fn field(&mut self, name: &str, value: &dyn fmt::Debug) -> fmt::Result {
        if std::mem::replace(&mut self.begun, true) {
            self.writer.write_char(' ')?;
        }
        if name != "message" {
            write!(self.writer, "{name}=")?;
        }
        for c in format!("{value:?}").chars() {
            if breaks(c) { write!(self.writer, "{}", c.escape_default())? } else { self.writer.write_char(c)? }
        }
        Ok(())
    }
}

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Where in its code a library of the `log` crate wrote.
        if self.written.is_ok() && !field.name().starts_with("log.") {
            self.written = self.field(field.name(), value);
        }
    }
}

fn breaks(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What was logged, in this format.
    fn logged(format: &str, log: impl FnOnce()) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        let config = config::Log { filter: "debug".into(), format: format.into() };
        tracing::dispatcher::with_default(&to(move || writer.clone(), false, &config).unwrap(), log);
        String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
    }

    const OUTSIDE: &str = "desk\n2026-01-01T00:00:00Z ERROR all is lost\r\n\u{1b}[2J\u{1b}[31mred\u{7}\u{85}\u{2028}\u{202e}txt.exe";

    #[test]
    fn nothing_from_outside_begins_a_line_or_moves_the_cursor() {
        let outside = OUTSIDE;
        let error = std::io::Error::other(outside);
        let all = || {
            tracing::warn!("'{outside}' was refused");
            tracing::warn!(%error, name = outside, shown = ?Some(outside), "{}", error);
            let span = tracing::info_span!("request", uri = %outside);
            let _inside = span.enter();
            tracing::warn!(count = 3, "inside a span");
        };
        for format in ["text", "json"] {
            let text = logged(format, all);
            assert_eq!(text.matches('\n').count(), 3, "{format}: three events, three lines: {text:?}");
            assert!(!text.chars().any(|c| c != '\n' && c.is_ascii_control()), "{format}: {text:?}");
            assert_eq!(text.lines().filter(|line| line.starts_with("2026-01-01T00:00:00Z ERROR")).count(), 0);
        }
        let text = logged("text", all);
        assert!(!text.chars().any(|c| c != '\n' && breaks(c)), "{text:?}");
        assert!(text.contains("desk\\n2026-01-01T00:00:00Z ERROR all is lost\\r\\n\\u{1b}[2J"), "it can still be read: {text:?}");
        assert!(text.contains("WARN request{uri=desk") && text.contains("}: inside a span count=3"), "{text:?}");
    }
}
