//! `jit config list`

use clap::{ArgMatches, Command};
use jit_core::Policy;

use crate::error::Failure;
use crate::output::{Output, Setting};
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.after_help("A setting without a value is unset.\n\nExample: jit config list --json")
}

pub(crate) fn run(world: &World<'_>, _: &ArgMatches) -> Result<Output, Failure> {
    // What the policy's file says that nobody knows is an error here, and a warning elsewhere.
    Ok(Output::Settings(settings(&world.strict_policy()?)))
}

/// Every setting.
pub(crate) fn settings(policy: &Policy) -> Vec<Setting> {
    let entries = policy.entries().into_iter();
    entries.map(|(name, value, help)| Setting { name: name.into(), value, help: help.into() }).collect()
}

/// One setting.
pub(crate) fn setting(policy: &Policy, key: &str) -> Result<Setting, Failure> {
    let setting = settings(policy).into_iter().find(|setting| setting.name == key);
    setting.ok_or_else(|| Failure::no_such_setting(key))
}
