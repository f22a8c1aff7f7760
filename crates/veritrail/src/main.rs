//! The binary: command line, typed configuration, wiring, embedded pages.

mod acme;
mod adapt;
mod anchors;
mod assets;
mod backup;
mod cli;
mod commands;
mod config;
mod listen;
mod log;
mod loops;
mod masking;
mod notify;
mod provider;
mod published;
mod rules;
mod serve;
mod stores;

use anyhow::Result;
use clap::Parser;
use cli::{Cli, Command};
use config::Config;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Followers compute on these threads too: more of them than processors, so that no request waits behind a batch.
    let workers = std::thread::available_parallelism().map_or(4, |n| n.get().max(4));
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    match runtime.block_on(run(cli)) {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

/// What failed and why, one cause a line.
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("veritrail: {error}");
    for cause in error.chain().skip(1) {
        eprintln!("  because {cause}");
    }
    ExitCode::FAILURE
}

async fn run(cli: Cli) -> Result<ExitCode> {
    let file = cli.config.or_else(|| Some("veritrail.toml".into()).filter(|p: &std::path::PathBuf| p.exists()));
    let mut flags = Vec::new();
    if let Some(data) = &cli.data {
        flags.push(("data.directory", data.display().to_string()));
    }
    if let Command::Serve(serve) = &cli.command
        && let Some(listen) = &serve.listen
    {
        flags.push(("server.listen", listen.clone()));
    }
    let (config, explained) = Config::load(file.as_deref(), &flags)?;
    log::start(&config.log)?;
    match cli.command {
        Command::Serve(serve) => serve::run(&config, &explained, serve.demo).await?,
        Command::Init => commands::init::run(&config).await?,
        Command::Import(import) => commands::import::run(&config, &import).await?,
        Command::Query(query) => commands::query::run(&config, &query).await?,
        Command::Evidence(evidence) => commands::evidence::run(&config, &evidence).await?,
        Command::Verify(verify) => return commands::verify::run(&config, &verify).await,
        Command::Backup(backup) => return commands::backup::run(&config, &backup).await,
        Command::Restore(restore) => commands::restore::run(&config, &restore).await?,
        Command::Source { command } => commands::source::run(&config, command).await?,
        Command::Rules { command } => return commands::rules::run(&config, &command),
        Command::Authz { command } => commands::authz::run(&config, command).await?,
        Command::Member { command } => commands::member::run(&config, command).await?,
        Command::Directory { command } => commands::directory::run(&config, command).await?,
        Command::Keys { command } => commands::keys::run(&config, command).await?,
        Command::Ledger { command } => commands::ledger::run(&config, command).await?,
        Command::OwnTrail { command } => return commands::own_trail::run(&config, command).await,
        Command::Retention { command } => commands::retention::run(&config, &command).await?,
        Command::Index { command } => return commands::index::run(&config, &command).await,
        Command::Config { command } => commands::config::run(&explained, &command)?,
    }
    Ok(ExitCode::SUCCESS)
}
