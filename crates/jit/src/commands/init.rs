//! `jit init`

use std::path::PathBuf;

use clap::{ArgMatches, Command};

use crate::error::Failure;
use crate::issues::merging::{ensure_attributes, ensure_driver};
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.after_help(
        "Makes the control plane with its lease policy (from .jit/config.toml, if that is there), and .jit/\n\
         and .gitattributes in this worktree, to be committed; and configures the merge driver that merges\n\
         issues by their fields. What is there already stays as it is. Claims work without it.\n\n\
         Example: jit init",
    )
}

pub(crate) fn run(world: &World<'_>, _: &ArgMatches) -> Result<Output, Failure> {
    let mut made: Vec<PathBuf> = Vec::new();
    made.extend(world.make_settings()?);
    world.holder()?;
    made.extend(world.seed_policy()?);
    let _lock = world.lock_issues()?;
    let attributes = ensure_attributes(world)?;
    let driver = ensure_driver(world)?;
    Ok(Output::Initialised { control_plane: world.control_plane()?, made, attributes, driver })
}
