//! `veritrail query`: the search of the pages, on the command line. Recorded like every read.

use super::say;
use crate::{
    cli::{self, Format},
    config::Config,
    serve,
};
use anyhow::Result;
use app::Caller;
use model::Role;

const PAGE: usize = 200;

pub async fn run(config: &Config, asked: &cli::Query) -> Result<()> {
    let node = serve::node(config, false).await?;
    let caller = Caller::host(Role::Analyst);
    let question = question(asked);
    if asked.count {
        say(node.app.count_events(&caller, &question).await?.count);
        return Ok(());
    }
    let mut out = csv::Writer::from_writer(std::io::stdout());
    if matches!(asked.format, Format::Csv) {
        out.write_record(["position", "time", "source", "class", "activity", "outcome", "actor", "target", "address", "rows", "sentence"])?;
    }
    let (mut left, mut cursor) = (asked.limit, None);
    while left > 0 {
        let limit = left.min(PAGE);
        let page = node.app.search_events(&caller, &with(&question, limit, cursor.as_deref())).await?;
        left -= page.items.len().min(left);
        for event in &page.items {
            match asked.format {
                Format::Text => say(format_args!("{}  {}  {}", event.time, event.position, event.sentence)),
                Format::Ndjson => say(serde_json::to_string(event)?),
                Format::Csv => {
                    let rows = event.rows.map(|r| r.to_string()).unwrap_or_default();
                    let cells = [
                        event.position.as_str(),
                        &event.time,
                        &event.source.name,
                        event.class.name,
                        event.activity.caption,
                        event.outcome,
                        event.actor.as_ref().map_or("", |a| a.label.as_str()),
                        event.target.as_ref().map_or("", |t| t.label.as_str()),
                        event.address.as_deref().unwrap_or_default(),
                        &rows,
                        &event.sentence,
                    ];
                    out.write_record(cells.map(harmless))?;
                }
            }
        }
        cursor = page.next;
        if cursor.is_none() || page.items.is_empty() {
            break;
        }
    }
    out.flush()?;
    Ok(())
}

/// A cell that a spreadsheet would run as a formula is made text.
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t']) { format!("'{cell}") } else { cell.to_owned() }
}

fn question(asked: &cli::Query) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("from", &asked.from);
    for filter in asked.filters.iter().chain(&asked.more_filters) {
        query.append_pair("filter", filter);
    }
    let further = [("until", asked.until.clone()), ("q", asked.words.clone()), ("min_rows", asked.min_rows.map(|n| n.to_string()))];
    for (name, value) in further {
        if let Some(value) = value {
            query.append_pair(name, &value);
        }
    }
    query.finish()
}

fn with(question: &str, limit: usize, cursor: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(question.to_owned());
    query.append_pair("limit", &limit.to_string());
    if let Some(cursor) = cursor {
        query.append_pair("cursor", cursor);
    }
    query.finish()
}
