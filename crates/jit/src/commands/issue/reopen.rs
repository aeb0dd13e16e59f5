//! `jit issue reopen`

use clap::{ArgMatches, Command};
use jit_core::Reference;
use jit_core::decide::Reopen;
use jit_tracker::{GateResult, State};

use crate::commands::{one, text};
use crate::error::Failure;
use crate::input::reference::issue;
use crate::issues::change::concluded;
use crate::issues::filed::ended;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.arg(text("ID", "ID", "The issue's id, or its beginning").required(true)).after_help(
        "It is ready again, in this worktree's file and as far as the leases know, and its gates are open. Where\n\
         another worktree's own file or HEAD still says that it ended, it is claimed after a merge.\n\n\
         Example: jit issue reopen 3f2a91bc",
    )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let id = issue(world, one(matches, "ID").unwrap_or_default())?;
    let changed = concluded(
        world,
        id,
        |known| {
            if known.standing.facts.outcome.is_some() && ended(known.issue.state).is_none() {
                world.warn(format!(
                    "its file here did not say that it ended: should a branch that says so be merged, reopen it again: jit {}issue reopen {id}",
                    world.repeated()
                ));
            }
            Ok(Reopen { issue: Reference::Issue(id), filed: known.candidate.filed.later.is_some() })
        },
        |issue| {
            if ended(issue.state).is_some() {
                issue.state = State::Ready;
            }
            // What was passed was passed for the work that is done anew.
            issue.gates.values_mut().for_each(|result| *result = GateResult::Open);
        },
    )?;
    world.something_changed();
    Ok(changed.told(world, "reopened"))
}
