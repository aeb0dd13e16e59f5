//! `jit gate list`

use clap::{ArgMatches, Command};

use crate::error::Failure;
use crate::gates::Defined;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.after_help("What .jit/gates.toml of this worktree defines.\n\nExample: jit gate list")
}

pub(crate) fn run(world: &World<'_>, _: &ArgMatches) -> Result<Output, Failure> {
    let gates = Defined::here(world)?.all().clone();
    Ok(Output::Gates { did: None, gates: gates.into_iter().collect() })
}
