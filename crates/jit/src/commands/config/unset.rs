//! `jit config unset`

use clap::{ArgMatches, Command};

use super::list::setting;
use crate::commands::{one, text};
use crate::error::Failure;
use crate::output::{Output, Setting};
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(text("KEY", "KEY", "As `jit config list` shows it").required(true))
        .after_help("A key that nobody knows is taken out of the file too.\n\nExample: jit config unset ttl")
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let key = one(matches, "KEY").unwrap_or_default();
    let policy = world.edit_policy(key, None)?;
    // What nobody knows is gone for good.
    let gone = || Setting { name: key.into(), value: None, help: "no setting of this jit".into() };
    Ok(Output::Set(setting(&policy, key).unwrap_or_else(|_| gone())))
}
