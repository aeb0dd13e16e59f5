//! `jit worktree info`

use clap::{ArgMatches, Command};
use jit_core::WorktreeId;

use crate::error::Failure;
use crate::output::{Output, WorktreeInfo};
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.after_help("A worktree gets its identity with its first claim. Shows too which agent the caller is.\n\nExample: jit worktree info")
}

pub(crate) fn run(world: &World<'_>, _: &ArgMatches) -> Result<Output, Failure> {
    let repo = world.repo()?;
    let identity = repo.read_identity()?;
    Ok(Output::Worktree(WorktreeInfo {
        path: repo.worktree().map(Into::into),
        git_dir: repo.git_dir().into(),
        control_plane: world.control_plane()?,
        id: identity.map(|identity| WorktreeId::new(identity.id)),
        branch: world.branch()?,
        agent: world.agent().map_err(|failure| world.warn(failure.message)).ok(),
    }))
}
