//! `jit claim force-evict`

use clap::{ArgMatches, Command};
use jit_core::Task;
use jit_core::decide::ForceEvict;

use crate::commands::{option, parsed, text};
use crate::error::Failure;
use crate::input::reference::target;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(text("TARGET", "REF|LEASE", "Whose lease it is does not matter").required(true))
        .arg(option("reason", "TEXT", "Why; it is on record").required(true))
        .after_help(
            "For a holder that is gone for good and whose TTL is too long to wait for. One that still works\n\
             learns of it with its next command (exit status 6).\n\n\
             Example: jit claim force-evict name:schema --reason \"its machine is down\"",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let named = matches.get_one::<String>("TARGET").map_or("", String::as_str);
    let reason: Task = parsed(matches, "reason")?.ok_or_else(|| Failure::usage("--reason is missing", ""))?;
    Ok(Output::Evicted(world.transact(&ForceEvict { target: target(world, named)?, reason })?))
}
