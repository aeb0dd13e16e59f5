//! `jit config set`

use clap::{ArgMatches, Command};

use super::list::setting;
use crate::commands::{one, text};
use crate::error::Failure;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(text("KEY", "KEY", "As `jit config list` shows it").required(true))
        .arg(text("VALUE", "VALUE", "The new value").required(true).allow_hyphen_values(true))
        .after_help(
            "It binds every worktree of the repository from now on.\n\nExample: jit config set ttl 15m",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let key = one(matches, "KEY").unwrap_or_default();
    setting(&world.edit_policy(key, one(matches, "VALUE"))?, key).map(Output::Set)
}
