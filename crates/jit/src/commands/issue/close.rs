//! `jit issue close`

use clap::{Arg, ArgAction, ArgMatches, Command};
use jit_core::Outcome;
use jit_core::decide::{Bar, Ending};
use jit_tracker::State;

use crate::commands::{one, text};
use crate::error::Failure;
use crate::input::reference::issue;
use crate::issues::change::{closed, filed};
use crate::issues::ending::warn_of_end;
use crate::issues::known::Stage;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(text("ID", "ID", "The issue's id, or its beginning").required(true))
        .arg(
            Arg::new("rejected")
                .long("rejected")
                .action(ArgAction::SetTrue)
                .help("Nobody will do it"),
        )
        .after_help(
            "Every other worktree knows it at once. What was done is closed by whoever holds it:\n\
             `jit claim release ID --done`. Without --rejected, this worktree's file comes to say that the work\n\
             is done, where the leases know that it is and no file and no branch says so any more (exit status 7:\n\
             one does; `jit issue show ID` says what brings it here).\n\n\
             Example: jit issue close 3f2a91bc --rejected",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let id = issue(world, one(matches, "ID").unwrap_or_default())?;
    if !matches.get_flag("rejected") {
        let known = filed(world, id)?;
        return Ok(Output::Issue { did: Some("closed"), known: Box::new(known) });
    }
    let closed = closed(world, id, Ending::Rejected, |known| match known.stage() {
        Stage::At(State::Done) => Err(world.ended(id, Bar::Ended(Outcome::Done))),
        _ => Ok(()),
    })?;
    warn_of_end(world, &closed.known);
    Ok(closed.told(world, "rejected"))
}
