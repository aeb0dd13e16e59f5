//! `jit config path`

use clap::{ArgMatches, Command};

use crate::error::Failure;
use crate::output::Output;
use crate::world::{POLICY, World};

pub(crate) fn arguments(command: Command) -> Command {
    command.after_help(
        "The file is there after `jit init` or the first `jit config set`.\n\nExample: jit config path",
    )
}

pub(crate) fn run(world: &World<'_>, _: &ArgMatches) -> Result<Output, Failure> {
    Ok(Output::Path(world.control_plane()?.join(POLICY)))
}
