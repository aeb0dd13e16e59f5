//! `jit issue reopen`

use clap::{ArgMatches, Command};
use jit_core::Reference;
use jit_core::decide::Reopen;
use jit_tracker::State;

use crate::change::changed;
use crate::commands::{one, text};
use crate::error::Failure;
use crate::output::Output;
use crate::reference::issue;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.arg(text("ID", "ID", "The issue's id, or its beginning").required(true)).after_help(
        "It is ready again, in this worktree's file and as far as the leases know. Where another worktree's own\n\
         file or HEAD still says that it ended, it is claimed after a merge.\n\n\
         Example: jit issue reopen 3f2a91bc",
    )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let id = issue(world, one(matches, "ID").unwrap_or_default())?;
    world.transact(&Reopen { issue: Reference::Issue(id) })?;
    changed(world, id, "reopened", |issue| {
        if matches!(issue.state, State::Done | State::Rejected | State::Gated) {
            issue.state = State::Ready;
        }
    })
}
