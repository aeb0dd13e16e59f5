//! `jit claim abandon`

use clap::{ArgMatches, Command};
use jit_core::decide::Abandon;

use crate::error::Failure;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.after_help(
        "Leases that lapsed or were evicted here, and that others took over, keep this worktree from committing:\n\
         its work may be on what is somebody else's now. Say so once that work is put aside or handed over; what\n\
         was lost stays lost.\n\n\
         Example: git stash && jit claim abandon",
    )
}

pub(crate) fn run(world: &World<'_>, _: &ArgMatches) -> Result<Output, Failure> {
    Ok(Output::Abandoned(world.transact(&Abandon)?))
}
