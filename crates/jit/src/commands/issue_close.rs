//! `jit issue close`

use clap::{Arg, ArgAction, ArgMatches, Command};
use jit_core::Reference;
use jit_core::decide::{Close, Ending};
use jit_tracker::State;

use crate::change::changed_if;
use crate::commands::{one, text};
use crate::error::Failure;
use crate::output::Output;
use crate::reference::issue;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(text("ID", "ID", "The issue's id, or its beginning").required(true))
        .arg(
            Arg::new("rejected")
                .long("rejected")
                .action(ArgAction::SetTrue)
                .required(true)
                .help("Nobody will do it"),
        )
        .after_help(
            "Every other worktree knows it at once. What was done is closed by whoever holds it:\n\
             `jit claim release ID --done`.\n\n\
             Example: jit issue close 3f2a91bc --rejected",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let id = issue(world, one(matches, "ID").unwrap_or_default())?;
    let close = Close { issue: Reference::Issue(id), ending: Ending::Rejected };
    let output = changed_if(world, id, "rejected", |issue| {
        // First: somebody may have got it just now, and then nothing is written.
        world.transact(&close)?;
        issue.state = State::Rejected;
        Ok(())
    })?;
    if let Output::Issue { known, .. } = &output
        && let Some(lease) = &known.standing.lease
    {
        world.warn(format!("you still hold it: jit claim release {}", lease.id));
    }
    Ok(output)
}
