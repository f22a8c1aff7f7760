//! The command line, read by hand: an auditor's binary has as few parts as it can.

pub const HELP: &str = "\
veritrail-verify: holds a ledger against its public key, with nothing of the installation it comes from.

Usage:
  veritrail-verify --key KEY [--from FILE] [--state FILE] DIR|URL
  veritrail-verify --key KEY --proof FILE (--entry FILE | DIR|URL)

  DIR|URL         the directory of one ledger (with 'checkpoint' and 'tile/'), or the http:// address it is published at.
                  https is not spoken here: put a proxy before it, or copy the files; what is copied is verified all the same.
  --key KEY       a verifier key of the ledger, name+hash+base64, or @FILE with it in. Keys before and after it are learnt from the
                  file 'keys' beside the checkpoint, where each signed the handover; give the newest key you were told of.
  --origin NAME   the ledger's exact name, such as example.org/activity.0; without it, any name that begins with the key's
  --from FILE     a checkpoint kept from earlier: what is stored must continue it
  --proof FILE    a .tlog-proof: proves that one entry is in the ledger
  --entry FILE    that entry, byte for byte; without it, the entry at the proof's index in DIR|URL
  --state FILE    keeps how far it came, and goes on from there next time: after an interruption, or with what is new.
                  Files before that place are then not read again; remove the state now and then.
  --quiet         only what is wrong

It checks the checkpoint's signature, every entry bundle against the tiles, every tile of every level, and the root. It does not
look at segments, which hold what is sealed: `veritrail verify` and scripts/trust/segment.py do.

Ends with 0 when all is well, 2 when something stored is wrong (a line FAULT for each), 1 when there was nothing to verify.
";

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    pub place: Option<String>,
    pub key: String,
    pub origin: Option<String>,
    pub from: Option<String>,
    pub proof: Option<String>,
    pub entry: Option<String>,
    pub state: Option<String>,
    pub quiet: bool,
}

impl Arguments {
    /// `Ok(None)` where help was asked for.
    pub fn read(words: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let (mut asked, mut words) = (Self::default(), words);
        while let Some(word) = words.next() {
            let (name, given) = match word.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name.to_owned(), Some(value.to_owned())),
                _ => (word, None),
            };
            let mut value = || given.clone().or_else(|| words.next()).ok_or_else(|| format!("{name} needs a value; --help shows how"));
            match name.as_str() {
                "--help" | "-h" => return Ok(None),
                "--quiet" | "-q" => asked.quiet = true,
                "--key" => asked.key = value()?,
                "--origin" => asked.origin = Some(value()?),
                "--from" => asked.from = Some(value()?),
                "--proof" => asked.proof = Some(value()?),
                "--entry" => asked.entry = Some(value()?),
                "--state" => asked.state = Some(value()?),
                option if option.starts_with('-') => return Err(format!("there is no option {option}; --help shows those there are")),
                place if asked.place.is_some() => return Err(format!("one directory or address at a time: '{place}' is one too many")),
                place => asked.place = Some(place.to_owned()),
            }
        }
        let wrong = match &asked {
            Self { key, .. } if key.is_empty() => {
                "--key is missing: the verifier key, name+hash+base64 (Veritrail's settings page and `veritrail init` show it)"
            }
            Self { proof: None, place: None, .. } => "name the directory or the http:// address of a ledger; --help shows how",
            Self { proof: None, entry: Some(_), .. } => "--entry goes with --proof",
            Self { proof: Some(_), entry: None, place: None, .. } => "--proof needs --entry, or the directory or address that has the entry",
            Self { proof: Some(_), from, state, .. } if from.is_some() || state.is_some() => {
                "--proof checks one entry; --from and --state go with a whole ledger"
            }
            _ => return Ok(Some(asked)),
        };
        Err(wrong.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Option<Arguments>, String> {
        Arguments::read(words.iter().map(|w| (*w).to_owned()))
    }

    #[test]
    fn words_are_read_and_nonsense_is_named() {
        let asked = read(&["--key=a+b+c=", "--from", "old", "dir"]).unwrap().unwrap();
        assert_eq!((asked.key.as_str(), asked.from.as_deref(), asked.place.as_deref()), ("a+b+c=", Some("old"), Some("dir")));
        assert_eq!(read(&["--help"]), Ok(None));
        for (words, says) in [
            (&["dir"][..], "--key is missing"),
            (&["--key", "k"], "name the directory"),
            (&["--key"], "--key needs a value"),
            (&["--kee", "k"], "no option --kee"),
            (&["--key", "k", "a", "b"], "'b' is one too many"),
            (&["--key", "k", "--entry", "e", "a"], "--entry goes with --proof"),
            (&["--key", "k", "--proof", "p"], "--proof needs --entry"),
            (&["--key", "k", "--proof", "p", "--from", "c", "a"], "--from and --state"),
        ] {
            assert!(read(words).unwrap_err().contains(says), "{words:?}");
        }
    }
}
