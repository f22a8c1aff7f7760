//! The command line: what each command is for, with examples.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

pub use people::{Authz, Directory, Member};

mod people;

#[derive(Debug, Parser)]
#[command(name = "veritrail", version, about = "Audits what people and programs do inside a company's CRMs", long_about = None)]
#[command(
    after_help = "Start here:\n  veritrail init                  make the data directory, keys and the first-run code\n  veritrail serve                 collect, detect and serve the pages\n  veritrail config explain        every setting, its value and where it came from"
)]
pub struct Cli {
    /// Configuration file (TOML). Without it, ./veritrail.toml where there is one, then the defaults.
    #[arg(long, short, global = true, env = "VERITRAIL_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Data directory; overrides data.directory of the configuration.
    #[arg(long, short = 'D', global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Collects, keeps, detects and serves the pages until it is stopped (Ctrl-C or SIGTERM stop it gracefully).
    Serve(Serve),
    /// Makes the data directory, its master secret and ledger keys, and prints the one-time code for the first administrator.
    Init,
    /// Reads a vendor's file, or a folder of them, into a source.
    #[command(
        after_help = "Examples:\n  veritrail import --source salesforce LoginHistory.csv\n  veritrail import --source desk --stream tickets events.ndjson\nThe same file twice adds nothing. What cannot be read goes to quarantine with the reason."
    )]
    Import(Import),
    /// Finds events from the command line.
    #[command(
        after_help = "Examples:\n  veritrail query --from -24h outcome:failure\n  veritrail query --filter class:authentication --words dana --format ndjson"
    )]
    Query(Query),
    /// Packs matching records with their proofs, for an auditor who trusts nobody (docs/evidence.md).
    #[command(
        after_help = "Examples:\n  veritrail evidence --query 'from=-7d&filter=outcome:failure' --out pack.zip\n  veritrail evidence --query 'from=2026-11-01&until=2026-12-01&filter=source:sales' --out november.zip\nThe query is written as in the address of the page Activity. What a checkpoint does not cover yet is waited for: `veritrail serve` signs."
    )]
    Evidence(Evidence),
    /// Checks every stored byte of a ledger: segments, entries, tiles, checkpoint, and what witnesses and the time-stamping authority said. Names each
    /// fault.
    #[command(
        after_help = "Examples:\n  veritrail verify\n  veritrail verify --ledger self --from yesterday.checkpoint\n  veritrail verify --key KEY /media/copy/activity/0\n  veritrail verify --key KEY https://veritrail.example.com/ledger/activity\nEnds with 0 when all is well, 2 with a fault, 1 when nothing could be verified. Auditors need only the binary veritrail-verify (docs/trust.md)."
    )]
    Verify(Verify),
    /// Copies everything that is needed to go on elsewhere, beside `serve` at work: both databases as of one moment each, and the ledgers' objects. Keys
    /// apart.
    #[command(
        after_help = "Examples:\n  veritrail backup --to /media/backup/veritrail --keys /media/keys/veritrail\n  veritrail backup --verify /media/backup/veritrail\nWhat the directory holds already is not copied again; a backup that was stopped is begun anew and finds what it had. A backup is a folder with manifest.json.\nNot in it, to be kept apart: master.secret, the key folder, the configuration, the lock, exports (docs/backup.md)."
    )]
    Backup(Backup),
    /// Puts a backup back into an empty data directory (or empty databases and an empty bucket), each file checked.
    #[command(
        after_help = "Example:\n  veritrail restore --from /media/backup/veritrail --keys /media/keys/veritrail\nFirst put master.secret and the key folder back, and let data.lock lead to the lock there was: it decides whether anything is lost, and nothing is signed twice.\nWhere data is lost for good, the last step is `veritrail ledger new-generation` (docs/backup.md)."
    )]
    Restore(Restore),
    /// Lists, adds, checks sources and makes their ingest keys.
    Source {
        #[command(subcommand)]
        command: Source,
    },
    /// Lists the detection rules, or runs their own tests.
    Rules {
        #[command(subcommand)]
        command: Rules,
    },
    /// Lists and adds members (people who sign in to Veritrail).
    Member {
        #[command(subcommand)]
        command: Member,
    },
    /// Says who may do what, and why.
    #[command(
        after_help = "Examples:\n  veritrail authz table\n  veritrail authz explain dana@example.com events.search\nThe policy is Cedar; docs/authorization.md says how it is read."
    )]
    Authz {
        #[command(subcommand)]
        command: Authz,
    },
    /// Imports the company's directory (people, departments, managers, accounts) from CSV.
    Directory {
        #[command(subcommand)]
        command: Directory,
    },
    /// Lists what people's keys are wrapped by, or changes to another key-encryption key.
    #[command(
        after_help = "Examples:\n  veritrail keys list\n  veritrail keys rotate --retire\nIt may be stopped at any point and run again, beside `serve` (docs/keys.md)."
    )]
    Keys {
        #[command(subcommand)]
        command: Keys,
    },
    /// Shows the keys that sign the ledgers' checkpoints, as a contract names them, or makes others; declares a loss.
    Ledger {
        #[command(subcommand)]
        command: Ledger,
    },
    /// Looks why changes are refused, and holds the rows of Veritrail's own trail against its ledger.
    #[command(
        name = "self",
        after_help = "Examples:\n  veritrail self check\n  veritrail self repair\n`check` changes nothing and ends with 0 when all is well, 2 with a fault. Both may be run beside `serve` (docs/operations.md)."
    )]
    OwnTrail {
        #[command(subcommand)]
        command: OwnTrail,
    },
    /// Drops personal values older than `[retention]` keeps them; proofs and clear parts stay (docs/privacy.md).
    #[command(after_help = "Examples:\n  veritrail retention plan\n  veritrail retention apply\nBoth may be run beside `serve`, which then does the work.")]
    Retention {
        #[command(subcommand)]
        command: Retention,
    },
    /// Builds the searchable view anew from the trail, or holds it against the trail.
    #[command(after_help = "Examples:\n  veritrail index verify\n  veritrail index rebuild\nBoth may be run beside `serve`, and searches go on meanwhile.")]
    Index {
        #[command(subcommand)]
        command: Index,
    },
    /// Shows every setting, its value and where it came from.
    Config {
        #[command(subcommand)]
        command: Config,
    },
}

#[derive(Debug, Args)]
pub struct Serve {
    /// Address and port; overrides server.listen.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// Marks the pages as a demonstration with invented data.
    #[arg(long)]
    pub demo: bool,
}

#[derive(Debug, Args)]
pub struct Import {
    /// Name of the source the records belong to (`veritrail source list`).
    #[arg(long, short)]
    pub source: String,
    /// Stream to file them under; told from name and header where left out.
    #[arg(long, default_value = "")]
    pub stream: String,
    /// Files or folders.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Format {
    /// One sentence a line.
    Text,
    /// One JSON object a line.
    Ndjson,
    /// Comma-separated, with a header.
    Csv,
}

#[derive(Debug, Args)]
pub struct Query {
    /// FIELD:VALUE, or FIELD!:VALUE to exclude. Fields: source stream vendor_type class activity outcome actor person department object_type target address.
    #[arg(value_name = "FILTER")]
    pub filters: Vec<String>,
    /// The same, as an option.
    #[arg(long = "filter", value_name = "FILTER")]
    pub more_filters: Vec<String>,
    /// Words that must all occur.
    #[arg(long, short)]
    pub words: Option<String>,
    /// From this event time on: RFC 3339, or relative as -24h or -7d.
    #[arg(long, default_value = "-24h", allow_hyphen_values = true)]
    pub from: String,
    /// Before this event time.
    #[arg(long, allow_hyphen_values = true)]
    pub until: Option<String>,
    /// Only events that moved at least this many rows.
    #[arg(long)]
    pub min_rows: Option<u64>,
    /// At most this many, newest first.
    #[arg(long, default_value_t = 100)]
    pub limit: usize,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Only the number of matching events.
    #[arg(long)]
    pub count: bool,
}

#[derive(Debug, Args)]
pub struct Evidence {
    /// What to pack, as in the address of the page Activity: from, until, filter=FIELD:VALUE, q, min_rows, joined by &.
    #[arg(long)]
    pub query: String,
    /// The file to write; it must not be there yet.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct Verify {
    /// activity, or self.
    #[arg(long, default_value = "activity")]
    pub ledger: String,
    /// A copy of a ledger's directory, or the address where it is published, instead of this installation's; needs --key.
    #[arg(value_name = "DIR|URL", requires = "key")]
    pub place: Option<String>,
    /// Verifier key as `veritrail ledger key show` prints it: name+hash+base64; those before and after it are learnt from it.
    #[arg(long)]
    pub key: Option<String>,
    /// An earlier generation of this installation's ledger, which a declared loss ended; the newest where left out.
    #[arg(long, value_name = "NUMBER", conflicts_with = "place")]
    pub generation: Option<u32>,
    /// A checkpoint kept from earlier: what is stored must continue it.
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Keeps how far it came, and goes on from there next time. Files before that place are then not read again.
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Key of a witness: name+hash+base64; may be given several times. Otherwise those of the configuration.
    #[arg(long = "witness", value_name = "KEY")]
    pub witnesses: Vec<String>,
    /// PEM file with the certificates that time-stamps must lead to. Otherwise the one of the configuration.
    #[arg(long, value_name = "FILE")]
    pub time_roots: Option<PathBuf>,
    /// Compares the searchable view with the trail instead, as `veritrail index verify` does.
    #[arg(long, conflicts_with_all = ["ledger", "place", "key", "from", "state", "witnesses", "time_roots"])]
    pub index: bool,
}

#[derive(Debug, Args)]
pub struct Backup {
    /// The directory to keep backups in; it may be another machine's storage.
    #[arg(long, value_name = "DIR", required_unless_present = "verify", requires = "keys")]
    pub to: Option<PathBuf>,
    /// The directory for copies of the key store: never within the other, so that keys can be let go without the rest.
    #[arg(long, value_name = "DIR")]
    pub keys: Option<PathBuf>,
    /// Copies of the key store older than this are removed; an erasure is whole once the last of them is gone. At most 30.
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=30))]
    pub keep_keys_days: u16,
    /// Backups older than this are removed, the newest excepted: their copies of the records hold people's names.
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..))]
    pub keep_days: u16,
    /// Makes nothing: holds the newest backup in this directory against its manifest, and verifies the ledgers in it.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["to", "keys"])]
    pub verify: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Restore {
    /// The directory of backups, of which the newest is taken, or one of the folders in it.
    #[arg(long, value_name = "DIR")]
    pub from: PathBuf,
    /// The directory with the copies of the key store.
    #[arg(long, value_name = "DIR")]
    pub keys: PathBuf,
}

#[derive(Debug, Subcommand)]
pub enum Source {
    /// Sources with their health.
    List,
    /// Adds a source. Settings as name=value; secrets are better given as name=@FILE.
    #[command(after_help = "Example:\n  veritrail source add sales --connector salesforce --title 'Salesforce, sales'")]
    Add {
        name: String,
        #[arg(long)]
        connector: String,
        #[arg(long, default_value = "")]
        title: String,
        #[arg(long = "set", value_name = "NAME=VALUE")]
        settings: Vec<String>,
    },
    /// Tries everything a read of the source needs, changing nothing there.
    Check { name: String },
    /// Makes an ingest key for pushes to the source; shown once.
    Key {
        name: String,
        #[arg(long, default_value = "command line")]
        label: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum Rules {
    /// The rules in force.
    List,
    /// Runs the tests inside every rule file.
    Test,
}

#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Every key-encryption key, how it is kept, and how many keys are under it.
    List,
    /// Makes a key-encryption key, puts it in force, and wraps every key anew. Goes on with a rotation that was stopped.
    Rotate {
        /// Then destroys those that nothing is under any more.
        #[arg(long)]
        retire: bool,
    },
    /// Destroys key-encryption keys that nothing is under any more: backups of the key store from their time can no longer be read.
    Retire,
    /// Seals every key file under another passphrase. Set keys.passphrase_file to it afterwards, and start `serve` again.
    Seal {
        /// Its first line is the new passphrase.
        #[arg(long, value_name = "FILE")]
        passphrase_file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub enum Ledger {
    /// The keys that sign checkpoints.
    Key {
        #[command(subcommand)]
        command: LedgerKey,
    },
    /// Ends a ledger's generation after data was lost for good, and opens the next, whose first record names what was lost. `serve` must be stopped.
    #[command(
        after_help = "First without --lost: it shows what is lost and changes nothing. Then, with the range it showed:\n  veritrail ledger new-generation --ledger activity --reason 'disk of 26 November, case 9' \\\n    --lost activity.0:1000..activity.0:1040 --yes\nRecords that are still here keep their positions and proofs as far as a checkpoint here covers them. Lost ones can be delivered again.\nTell witnesses and whoever keeps a key: the log has another name (docs/backup.md)."
    )]
    NewGeneration(NewGeneration),
}

#[derive(Debug, Args)]
pub struct NewGeneration {
    /// activity, or self.
    #[arg(long)]
    pub ledger: String,
    /// Why, for those who audit later; it is sealed in the ledger.
    #[arg(long)]
    pub reason: String,
    /// FROM..UNTIL as this command shows it.
    #[arg(long, value_name = "RANGE")]
    pub lost: Option<String>,
    /// That these positions are given up for ever.
    #[arg(long, requires = "lost")]
    pub yes: bool,
}

#[derive(Debug, Subcommand)]
pub enum LedgerKey {
    /// Verifier keys with the sizes they sign, and a text for a contract.
    Show,
    /// Makes another signing key, which takes over with the next checkpoint. Witnesses must learn it (docs/keys.md).
    Rotate {
        /// activity, or self; both where left out.
        #[arg(long)]
        ledger: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub enum OwnTrail {
    /// Whether the database is whole, the own trail can be written, reads wait in its reserve, and each row that auditors read is as the ledger's record.
    Check,
    /// Writes what waits, puts rows right from the ledger, and records that it did.
    Repair,
}

#[derive(Debug, Subcommand)]
pub enum Retention {
    /// A dry run: what is due by class, how much, the oldest, and which legal holds keep what. Changes nothing.
    Plan,
    /// Does what a dry run of the last 7 days found. Stopped, it finds what is left when it is run again.
    Apply,
}

#[derive(Debug, Subcommand)]
pub enum Index {
    /// Reads the whole trail anew, beside the view that answers searches meanwhile, and puts the new one in its place. Beside `serve` that does the
    /// work. Stopped, it goes on where it was at the next start.
    Rebuild,
    /// Compares the view with the trail, event by event: everything is in it once, as it should be, and nothing else is. Ends with 0 when it is, 2 when
    /// not, 1 when nothing could be compared.
    Verify,
}

#[derive(Debug, Subcommand)]
pub enum Config {
    /// Every key, its value, where it came from and what it is for.
    Explain,
    /// The commented defaults, to start a file from.
    Defaults,
}
