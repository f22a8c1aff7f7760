//! `veritrail ledger new-generation`: a loss is shown, said again by whoever declares it, and named in the first record of the next generation.

use super::LEDGERS;
use crate::{cli::NewGeneration, commands::say, config::Config, serve, stores::Claim};
use anyhow::{Context, Result, bail};
use ledger::Loss;
use model::position::{ACTIVITY, SELF};
use store::trail::Trail;

pub async fn run(config: &Config, asked: &NewGeneration) -> Result<()> {
    let ledger = asked.ledger.as_str();
    if !LEDGERS.contains(&ledger) {
        bail!("there is no ledger '{ledger}'; there are {}", LEDGERS.join(" and "));
    }
    if asked.reason.trim().is_empty() {
        bail!("--reason must say why, in a few words");
    }
    let _claim = Claim::take(config)?;
    let node = serve::node(config, false).await?;
    let trail = node.stores.sql_trail_of(ledger);
    let integrator = node.stores.integrator(ledger, trail.clone())?;
    integrator.catch_up(app::system_clock()).await?;
    let found = integrator.loss().await.context("what is here does not hang together by itself; restore databases and objects of one backup first")?;
    let Some(loss) = found else {
        bail!("the data of the ledger '{ledger}' is not behind its lock: nothing is lost, and there is nothing to declare");
    };
    if ledger != SELF {
        let own = node.stores.integrator(SELF, node.stores.trail_of(SELF))?;
        own.check().await.context("a declaration is recorded in the ledger 'self', which is not whole; declare its loss first, with --ledger self")?;
    }
    show(ledger, &loss);
    if !asked.yes || asked.lost.as_deref() != Some(loss.range().as_str()) {
        if let Some(said) = asked.lost.as_deref().filter(|said| *said != loss.range()) {
            bail!("nothing was changed: --lost says {said}, what is lost is {}", loss.range());
        }
        say(format_args!("\nNothing was changed. If these positions are given up for ever, run this again with:\n  --lost {} --yes", loss.range()));
        return Ok(());
    }
    let keys = integrator.keys().await?;
    let position = node.app.declare_loss(&integrator, &trail, &loss, asked.reason.trim()).await?;
    if ledger == ACTIVITY {
        pipeline::follow_opening(&node.stores.records, position.index, trail.head().await?.size).await?;
    }
    // The private halves of keys before the last: none of them may ever be taken for one that waits for its turn.
    integrator.signers().destroy_past(&keys)?;
    // The first checkpoint moves the lock.
    while integrator.step(app::system_clock()).await?.is_some() {}
    let (checkpoint, _) = integrator.newest().await?;
    say(format_args!("\n{position} opens the generation {}; it is signed, {} records of {}.", loss.number, checkpoint.size, checkpoint.origin));
    say("Next: `veritrail serve`; have lost events delivered again (pushes and files as they were, polled sources by themselves); where a node has an index");
    say("of its own, `veritrail index rebuild` there. Tell witnesses and whoever keeps a key: `veritrail ledger key show` names the log.");
    Ok(())
}

fn show(ledger: &str, loss: &Loss) {
    let (checkpoint, (from, until)) = (&loss.opening.checkpoint, &loss.opening.lost);
    say(format_args!("Last signed   {} records of {}, root {}", checkpoint.size, checkpoint.origin, checkpoint.root));
    say(format_args!("Here          {} records of the ledger '{ledger}' under a checkpoint; they keep their positions and proofs", loss.kept));
    say(format_args!("Lost          the positions from {from} to before {until}, and whatever was accepted after them"));
    say(format_args!("Moved         {} records are still here from {from} on; they follow the first record of the next generation", loss.opening.moved));
}
