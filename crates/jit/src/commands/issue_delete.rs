//! `jit issue delete`

use clap::{ArgMatches, Command};
use jit_core::Reference;
use jit_core::decide::{Close, Ending};
use jit_tracker::Issue;

use crate::change::warn_of;
use crate::commands::{one, text};
use crate::ending::warn_of_end;
use crate::error::Failure;
use crate::known::looked_up;
use crate::output::Output;
use crate::reference::issue;
use crate::tracker::{Changing, Rewrite};
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.arg(text("ID", "ID", "The issue's id, or its beginning").required(true)).after_help(
        "Takes the file away from this worktree and leaves an empty `.jit/issues/ID.deleted`, both to be\n\
         committed; nobody gets the issue any more, and its events stay. One that nobody will do is better\n\
         closed: jit issue close ID --rejected.\n\n\
         Example: jit issue delete 3f2a91bc",
    )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let id = issue(world, one(matches, "ID").unwrap_or_default())?;
    let tracker = Changing::around(world)?;
    let mut known = looked_up(world, &tracker, tracker.read(id)?)?;
    let close = Close { issue: Reference::Issue(id), ending: Ending::Deleted };
    world.rehearse(&close)?;
    let before = Issue::clone(&known.issue);
    let concluded = tracker.write_then(&[Rewrite::away(&before)], || world.transact(&close))?;
    warn_of(world, concluded.over.as_deref());
    known.standing.facts = concluded.facts;
    warn_of_end(world, &known);
    Ok(Output::Issue { did: Some("deleted"), known: Box::new(known) })
}
