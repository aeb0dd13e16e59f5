//! `jit issue delete`

use clap::{ArgMatches, Command};

use crate::change::{looked_up, may_change};
use crate::commands::{one, text};
use crate::error::Failure;
use crate::output::Output;
use crate::reference::issue;
use crate::tracker::Changing;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.arg(text("ID", "ID", "The issue's id, or its beginning").required(true)).after_help(
        "Takes the file away from this worktree, to be committed; its events stay. One that nobody will do is\n\
         better closed: jit issue close ID --rejected.\n\n\
         Example: jit issue delete 3f2a91bc",
    )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let id = issue(world, one(matches, "ID").unwrap_or_default())?;
    let tracker = Changing::around(world)?;
    let found = tracker.read(id)?;
    let known = looked_up(world, found.issue, found.origin)?;
    may_change(world, &known)?;
    tracker.delete(&known.issue)?;
    Ok(Output::Issue { did: Some("deleted"), known: Box::new(known) })
}
