//! `jit claim heartbeat`

use clap::{ArgMatches, Command};
use jit_core::decide::Heartbeat;

use crate::error::Failure;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.after_help(
        "Renews what the caller's agent holds in this worktree. A lease that was lost before is not among\n\
         them: `jit claim status` shows what is held. Exit status 6: nothing is held.\n\n\
         Example: jit claim heartbeat",
    )
}

pub(crate) fn run(world: &World<'_>, _: &ArgMatches) -> Result<Output, Failure> {
    let leases = world.transact(&Heartbeat)?;
    Ok(Output::Leases { did: Some("renewed"), leases, now: world.now()? })
}
