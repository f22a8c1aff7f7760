//! `veritrail source`.

use super::say;
use crate::{cli, config::Config, serve};
use anyhow::{Context, Result, bail};
use app::{
    App, Caller,
    sources::{SourceCheck, SourceNew},
};
use model::{Role, Source};
use serde_json::{Map, Value};
use store::records::Sources;

pub async fn run(config: &Config, command: cli::Source) -> Result<()> {
    let node = serve::node(config, false).await?;
    let (app, host) = (&node.app, Caller::host(Role::Administrator));
    match command {
        cli::Source::List => {
            for source in app.sources(&host).await?.items {
                say(format_args!("{:<20} {:<12} {:<8} {}", source.name, source.connector, source.status, source.summary));
            }
        }
        cli::Source::Add { name, connector, title, settings } => {
            let title = if title.is_empty() { name.clone() } else { title };
            let source = app.create_source(&host, SourceNew { name, connector, title, settings: read(&settings)? }).await?;
            say(format_args!("{}  {}", source.health.id, source.health.name));
        }
        cli::Source::Check { name } => {
            let source = known(app, &name).await?;
            let report = app.check_source(&host, SourceCheck { source: Some(source.id), ..SourceCheck::default() }).await?;
            say(&report.summary);
            for stream in &report.streams {
                say(format_args!("  {} {:<20} {}", if stream.available { "ok     " } else { "missing" }, stream.stream, stream.detail));
            }
            if !report.ok {
                bail!("the source cannot be read as it is");
            }
        }
        cli::Source::Key { name, label } => {
            let source = known(app, &name).await?;
            say(app.create_key(&host, source.id, &label).await?.key);
        }
    }
    Ok(())
}

async fn known(app: &App, name: &str) -> Result<Source> {
    app.records.source_named(name).await?.with_context(|| format!("there is no source '{name}'; `veritrail source list` names them"))
}

/// `name=value`, or `name=@FILE` so that secrets stay out of the shell's history.
fn read(settings: &[String]) -> Result<Map<String, Value>> {
    let mut all = Map::new();
    for setting in settings {
        let (name, value) = setting.split_once('=').with_context(|| format!("'{setting}' is no setting; write name=value"))?;
        let value = match value.strip_prefix('@') {
            Some(file) => std::fs::read_to_string(file).with_context(|| format!("'{file}' cannot be read"))?.trim_end().to_owned(),
            None => value.to_owned(),
        };
        all.insert(name.to_owned(), value.into());
    }
    Ok(all)
}
