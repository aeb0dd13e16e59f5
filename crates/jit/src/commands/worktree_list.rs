//! `jit worktree list`

use clap::{ArgMatches, Command};
use jit_git::SystemGit;

use crate::error::Failure;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.after_help(
        "A worktree without an identity never claimed anything.\n\nExample: jit worktree list --json",
    )
}

pub(crate) fn run(world: &World<'_>, _: &ArgMatches) -> Result<Output, Failure> {
    Ok(Output::Worktrees(world.repo()?.worktrees(&SystemGit::on_path())?))
}
