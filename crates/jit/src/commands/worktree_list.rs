//! `jit worktree list`

use clap::{ArgMatches, Command};
use jit_git::SystemGit;

use crate::error::Failure;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.after_help(
        "A worktree without an identity never claimed anything; of one that can't be read, a warning says why.\n\nExample: jit worktree list --json",
    )
}

pub(crate) fn run(world: &World<'_>, _: &ArgMatches) -> Result<Output, Failure> {
    let worktrees = world.repo()?.worktrees(&SystemGit::on_path())?;
    for worktree in &worktrees {
        let identity = worktree.identity.as_ref().err().map(ToString::to_string);
        let branch = worktree.branch.as_ref().err().map(ToString::to_string);
        identity.into_iter().chain(branch).for_each(|error| world.warn(error));
    }
    Ok(Output::Worktrees(worktrees))
}
