//! `jit issue show`

use clap::{ArgMatches, Command};

use crate::commands::{one, text};
use crate::error::Failure;
use crate::known::looked_up;
use crate::output::Output;
use crate::tracker::Tracker;
use crate::unrecorded::mark;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.arg(text("ID", "ID", "The issue's id, or its beginning").required(true)).after_help(
        "Reads this worktree's file, else what is committed at HEAD, else the main worktree's file. The state\n\
         in_progress says that somebody holds it.\n\n\
         Example: jit issue show 3f2a91bc --json",
    )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let tracker = Tracker::around(world)?;
    let id = tracker.resolve(one(matches, "ID").unwrap_or_default())?;
    let mut found = tracker.read(id)?;
    tracker.note_later(std::slice::from_mut(&mut found))?;
    let mut known = looked_up(world, &tracker, found)?;
    // Gates that can't be judged are shown as the file has them.
    let _ = known.open_what_is_stale(world);
    mark(world, std::slice::from_mut(&mut known))?;
    Ok(Output::Issue { did: None, known: Box::new(known) })
}
