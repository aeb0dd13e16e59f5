//! `jit issue list`

use clap::{ArgMatches, Command};

use crate::commands::filter::{Filter, filters};
use crate::error::Failure;
use crate::issues::known::All;
use crate::issues::unrecorded::mark;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    filters(command).after_help("Exit status 9: some file can't be read; the rest is shown.\n\nExample: jit issue list --state ready --label backend")
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let filter = Filter::read(matches)?;
    let mut all = All::here(world)?;
    mark(world, &mut all.issues)?;
    Ok(Output::issues(all, |known| filter.fits(known)))
}
