//! `jit gate fail`

use clap::{ArgMatches, Command};

use crate::commands::{one, option, parsed, text};
use crate::error::Failure;
use crate::issues::gates::{Verdict, names, required, say};
use crate::issues::tracker::Tracker;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(text("ISSUE", "ISSUE", "The issue's id, or its beginning").required(true))
        .arg(text("GATE", "GATE", "The gate that is not passed").required(true))
        .arg(option("reason", "TEXT", "Why, in a line").required(true))
        .after_help(
            "An issue whose work was done stays gated: nobody claims it until `jit issue reopen` says that\n\
             there is more to do. What is done already fails no gate (exit status 7).\n\n\
             Example: jit gate fail 3f2a91bc review --reason \"no test for the empty name\"",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let tracker = Tracker::around(world)?;
    let id = tracker.resolve(one(matches, "ISSUE").unwrap_or_default())?;
    let names = names(&[one(matches, "GATE").unwrap_or_default().to_owned()])?;
    required(&tracker.read(id)?.issue, &names)?;
    let reason: Option<jit_core::Task> = parsed(matches, "reason")?;
    let verdicts = names.into_iter().map(|name| (name, Verdict::Failed(reason.clone())));
    let known = say(world, id, verdicts.collect(), None)?;
    Ok(Output::Issue { did: Some("failed a gate of"), known: Box::new(known) })
}
