//! `jit compact`

use clap::{ArgMatches, Command};

use crate::commands::claim::list::Live;
use crate::error::Failure;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.after_help("It also happens by itself past a size. `jit claim history` still reads the archive.\n\nExample: jit compact")
}

pub(crate) fn run(world: &World<'_>, _: &ArgMatches) -> Result<Output, Failure> {
    let compacted = world.store()?.compact(&world.holder()?, world.policy()?);
    let compacted = compacted.map_err(|error| world.trouble(error))?;
    let (leases, _) = world.read(&Live)?;
    Ok(Output::Compacted { compacted, live: leases.len() })
}
