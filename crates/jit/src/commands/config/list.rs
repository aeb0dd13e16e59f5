//! `jit config list`

use clap::{ArgMatches, Command};
use jit_core::{Policy, PolicyWarning};

use crate::error::Failure;
use crate::output::{Output, Setting};
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.after_help("A setting without a value is unset. Exit status 9: the file has keys that nobody knows; `jit config\nunset KEY` takes one out.\n\nExample: jit config list --json")
}

pub(crate) fn run(world: &World<'_>, _: &ArgMatches) -> Result<Output, Failure> {
    let settings = settings(world.policy()?);
    // What the policy's file says that nobody knows is an error here, and a warning elsewhere.
    let wrong = world.strict_policy().err().map(|failure| failure.with_options(&world.repeated()));
    Ok(Output::Settings { settings, wrong })
}

/// Every setting.
pub(crate) fn settings(policy: &Policy) -> Vec<Setting> {
    let entries = policy.entries().into_iter();
    entries.map(|(name, value, help)| Setting { name: name.into(), value, help: help.into() }).collect()
}

/// One setting.
pub(crate) fn setting(policy: &Policy, key: &str) -> Result<Setting, Failure> {
    let setting = settings(policy).into_iter().find(|setting| setting.name == key);
    setting.ok_or_else(|| Failure::no_such_setting(&PolicyWarning::about(key)))
}
