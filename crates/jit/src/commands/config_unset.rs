//! `jit config unset`

use clap::{ArgMatches, Command};

use crate::commands::{config_list::setting, one, text};
use crate::error::Failure;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(text("KEY", "KEY", "As `jit config list` shows it").required(true))
        .after_help("Example: jit config unset ttl")
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let key = one(matches, "KEY").unwrap_or_default();
    setting(&world.edit_policy(key, None)?, key).map(Output::Set)
}
