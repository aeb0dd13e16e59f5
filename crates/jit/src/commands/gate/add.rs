//! `jit gate add`

use clap::{ArgMatches, Command};

use crate::commands::{all, issue_and_gates, one};
use crate::error::Failure;
use crate::input::reference::issue;
use crate::issues::change::with_gates;
use crate::issues::gates::{defined, names, not_done, require};
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    issue_and_gates(command, "What it has to pass before it is done")
        .after_help("What it has already stays as it is. What is done takes no gate (exit status 7).\n\nExample: jit gate add 3f2a91bc tests review")
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let id = issue(world, one(matches, "ISSUE").unwrap_or_default())?;
    let names = names(&all(matches, "GATE"))?;
    defined(world, &names)?;
    let changed = with_gates(world, id, |known| {
        not_done(id, known.stage())?;
        Ok(require(&mut known.issue, names))
    })?;
    Ok(changed.told(world, "updated"))
}
