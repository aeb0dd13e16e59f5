//! `jit issue reset-failures`

use clap::{ArgMatches, Command};
use jit_core::Reference;
use jit_core::decide::ResetFailures;

use crate::commands::{one, text};
use crate::error::Failure;
use crate::input::reference::issue;
use crate::issues::change::Changed;
use crate::issues::known::looked_up;
use crate::issues::tracker::Tracker;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.arg(text("ID", "ID", "The issue's id, or its beginning").required(true)).after_help(
        "Ends its quarantine. Do it when what made the attempts fail is gone.\n\n\
         Example: jit issue reset-failures 3f2a91bc",
    )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let id = issue(world, one(matches, "ID").unwrap_or_default())?;
    let tracker = Tracker::around(world)?;
    let before = looked_up(world, &tracker, tracker.read(id)?)?.standing.facts;
    let is_another = world.transact(&ResetFailures { issue: Reference::Issue(id) })? != before;
    let known = looked_up(world, &tracker, tracker.read(id)?)?;
    Ok(Changed { known, is_another }.told(world, "reset"))
}
