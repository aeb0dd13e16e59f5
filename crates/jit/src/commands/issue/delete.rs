//! `jit issue delete`

use clap::{ArgMatches, Command};
use jit_core::decide::Ending;

use crate::commands::{one, text};
use crate::error::Failure;
use crate::input::reference::issue;
use crate::issues::change::closed;
use crate::issues::ending::warn_of_end;
use crate::issues::tracker::Tracker;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.arg(text("ID", "ID", "The issue's id, or its beginning").required(true)).after_help(
        "Takes the file away from this worktree and leaves an empty `.jit/issues/ID.deleted`, both to be\n\
         committed; nobody gets the issue any more, and its events stay. One that nobody will do is better\n\
         closed: jit issue close ID --rejected. What was never committed can't be had back.\n\n\
         Example: jit issue delete 3f2a91bc",
    )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let id = issue(world, one(matches, "ID").unwrap_or_default())?;
    let tracker = Tracker::around(world)?;
    // What Git can't tell is not told.
    let is_kept = tracker.is_on_a_branch(id).unwrap_or(true);
    let mut known = closed(world, id, Ending::Deleted, |_| Ok(()))?.known;
    if !is_kept {
        world.warn(format!("{id} was committed on no branch: it can't be had back"));
    }
    warn_of_end(world, &known);
    // Whoever works on it was told of: it is deleted all the same.
    known.standing.lease = None;
    Ok(Output::Issue { did: Some("deleted"), known: Box::new(known) })
}
