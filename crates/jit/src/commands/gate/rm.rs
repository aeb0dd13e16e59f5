//! `jit gate rm`

use clap::{ArgMatches, Command};

use crate::commands::{all, issue_and_gates, one};
use crate::error::Failure;
use crate::input::reference::issue;
use crate::issues::change::with_gates;
use crate::issues::gates::{names, removable};
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    issue_and_gates(command, "What it no longer has to pass").after_help(
        "An issue that waited for nothing but these gates is done then. Exit status 3: it has no such gate.\n\nExample: jit gate rm 3f2a91bc review",
    )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let id = issue(world, one(matches, "ISSUE").unwrap_or_default())?;
    let names = names(&all(matches, "GATE"))?;
    let changed = with_gates(world, id, |known| {
        removable(known, &names)?;
        known.issue.gates.retain(|name, _| !names.contains(name));
        Ok(names.into_iter().collect())
    })?;
    Ok(changed.told(world, "updated"))
}
