//! `jit config get`

use clap::{ArgMatches, Command};

use super::list::setting;
use crate::commands::{one, text};
use crate::error::Failure;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(text("KEY", "KEY", "As `jit config list` shows it").required(true))
        .after_help("Prints the value alone, as `jit config set` takes it; an empty line when it is unset.\n\nExample: jit config get ttl")
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    setting(&world.strict_policy()?, one(matches, "KEY").unwrap_or_default()).map(Output::Get)
}
