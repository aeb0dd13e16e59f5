//! `jit issue show`

use clap::{ArgMatches, Command};
use jit_tracker::{Issue, State};

use crate::commands::{one, text};
use crate::error::Failure;
use crate::issues::elsewhere::places;
use crate::issues::gates::way_past;
use crate::issues::known::{Known, Stage, looked_closely};
use crate::issues::tracker::Tracker;
use crate::issues::unrecorded::mark;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.arg(text("ID", "ID", "The issue's id, or its beginning").required(true)).after_help(
        "Reads this worktree's file, else what is committed at HEAD, else the main worktree's file. The state\n\
         in_progress says that somebody holds it. Of work that is done and not in these files it says who did\n\
         it, where, and what brings it here.\n\n\
         Example: jit issue show 3f2a91bc --json",
    )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let tracker = Tracker::around(world)?;
    let id = tracker.resolve(one(matches, "ID").unwrap_or_default())?;
    let mut known = looked_closely(world, &tracker, tracker.read(id)?)?;
    // Gates that can't be judged are shown as the file has them.
    let _ = known.open_what_is_stale(world);
    mark(world, std::slice::from_mut(&mut known))?;
    known.elsewhere = places(world, &[&known])?.pop().flatten().map(Box::new);
    known.next = next(world, &known);
    Ok(Output::Issue { did: None, known: Box::new(known) })
}

/// What brings on an issue that nobody can claim.
fn next(world: &World<'_>, known: &Known<Issue>) -> Option<String> {
    match (known.stage(), &known.elsewhere) {
        (Stage::At(_), Some(place)) => Some(place.way.clone()),
        (Stage::At(State::Gated), None) => Some(way_past(world, &known.issue)),
        (Stage::Deleted, _) => {
            Some(format!("to have it back: jit {}issue reopen {}", world.repeated(), known.issue.id))
        }
        _ => None,
    }
}
