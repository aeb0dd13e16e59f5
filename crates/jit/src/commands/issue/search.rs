//! `jit issue search`

use clap::{ArgMatches, Command};
use jit_core::IssueId;

use crate::commands::filter::{Filter, filters};
use crate::commands::{one, text};
use crate::error::Failure;
use crate::issues::known::All;
use crate::issues::tracker::Tracker;
use crate::issues::unrecorded::mark;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    filters(command.arg(text("TEXT", "TEXT", "What to look for, in title and description").required(true)))
        .after_help("Upper and lower case are the same.\n\nExample: jit issue search \"user table\"")
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let filter = Filter::read(matches)?;
    let wanted = one(matches, "TEXT").unwrap_or_default().to_lowercase();
    let tracker = Tracker::around(world)?;
    // Descriptions are not in what a listing keeps.
    let describes = |id: IssueId| {
        tracker.read(id).is_ok_and(|found| found.issue.description.as_str().to_lowercase().contains(&wanted))
    };
    let mut all = All::here(world)?;
    mark(world, &mut all.issues)?;
    Ok(Output::issues(all, |known| {
        filter.fits(known)
            && (known.issue.title.as_str().to_lowercase().contains(&wanted) || describes(known.issue.id))
    }))
}
