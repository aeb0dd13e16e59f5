//! `jit gate rm`

use clap::{ArgMatches, Command};

use crate::change::with_gates;
use crate::commands::{all, issue_and_gates, one};
use crate::error::Failure;
use crate::gates::names;
use crate::output::Output;
use crate::reference::issue;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    issue_and_gates(command, "What it no longer has to pass").after_help(
        "An issue that waited for nothing but these gates is done then.\n\nExample: jit gate rm 3f2a91bc review",
    )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let id = issue(world, one(matches, "ISSUE").unwrap_or_default())?;
    let names = names(&all(matches, "GATE"))?;
    let known = with_gates(world, id, |issue| issue.gates.retain(|name, _| !names.contains(name)))?;
    Ok(Output::Issue { did: Some("updated"), known: Box::new(known) })
}
