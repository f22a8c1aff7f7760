//! `veritrail-simulate`: writes an invented company's records to files, posts what it does now to a running Veritrail, or answers as its Salesforce.

mod post;
mod run;
mod serve;

use clap::{Args, Parser, Subcommand, builder::PossibleValuesParser};
use jiff::Timestamp;
use run::Live;
use simulate::LiveAttack;
use std::path::PathBuf;
use std::process::ExitCode;

/// An invented company at work in two CRMs: 200 people, two programs, and attacks with their answers.
#[derive(Parser)]
#[command(name = "veritrail-simulate", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write past days as files: directory.csv, salesforce/*.csv, desk/*.ndjson, answers.json.
    Write {
        /// The folder to write into; it is made where it does not exist.
        #[arg(long)]
        dir: PathBuf,
        /// How many days, the last one included; at least 14.
        #[arg(long, default_value_t = 30)]
        days: u16,
        /// When the history ends, RFC 3339; now where left out.
        #[arg(long)]
        until: Option<Timestamp>,
        #[arg(long, default_value_t = run::SEED)]
        seed: u64,
    },
    /// Post what happens now, a few records per second, until stopped (Ctrl-C).
    Live {
        #[command(flatten)]
        to: To,
        /// Records per second, on average.
        #[arg(long, default_value_t = 3.0)]
        rate: f64,
        /// An attack to make as well.
        #[arg(long, value_parser = attacks())]
        attack: Option<String>,
        /// When the attack begins, in seconds from now.
        #[arg(long, default_value_t = 0)]
        attack_after_secs: u32,
    },
    /// Answer as the company's Salesforce on 127.0.0.1, until stopped (Ctrl-C): OAuth, limits, SOQL and event log files.
    Salesforce(serve::Salesforce),
    /// Post one attack that ends now, and stop.
    Attack {
        #[arg(value_parser = attacks())]
        name: String,
        #[command(flatten)]
        to: To,
    },
}

/// Where records go. Each key opens its own source and can only write.
#[derive(Args, Clone)]
struct To {
    /// Veritrail's address.
    #[arg(long, default_value = "http://127.0.0.1:8470")]
    url: String,
    /// The ingest key of the Salesforce source.
    #[arg(long, env = "VERITRAIL_SALESFORCE_KEY", hide_env_values = true)]
    salesforce_key: String,
    /// The ingest key of the service desk's source.
    #[arg(long, env = "VERITRAIL_DESK_KEY", hide_env_values = true)]
    desk_key: String,
    /// The Salesforce source's name.
    #[arg(long, default_value = "salesforce")]
    salesforce_source: String,
    /// The service desk source's name.
    #[arg(long, default_value = "desk")]
    desk_source: String,
    #[arg(long, default_value_t = run::SEED)]
    seed: u64,
}

fn attacks() -> PossibleValuesParser {
    PossibleValuesParser::new(LiveAttack::ALL.map(LiveAttack::name))
}

fn attack(name: &str) -> LiveAttack {
    LiveAttack::named(name).expect("the parser takes the names of attacks only")
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Write { dir, days, until, seed } => run::write(&dir, days, until, seed),
        Command::Live { to, rate, attack: name, attack_after_secs } => {
            let planned = name.map(|name| (attack(&name), attack_after_secs));
            Live { to, rate }.run(planned).await
        }
        Command::Salesforce(salesforce) => salesforce.run().await,
        Command::Attack { name, to } => run::attack(to, attack(&name)).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            run::say(&format!("{error}\n"));
            ExitCode::FAILURE
        }
    }
}
