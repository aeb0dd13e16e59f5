//! `jit query available|blocked|mine|quarantined|all`

use clap::{ArgMatches, Command};
use jit_core::Reference;
use jit_tracker::dependencies::{Graph, pick_order};

use crate::commands::filter::{Filter, filters};
use crate::error::Failure;
use crate::known::{All, Known};
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    filters(command).after_help(
        "In the order in which `jit claim next` picks. Exit status 9: some file can't be read; the rest is\n\
         shown.\n\n\
         Example: jit query available --label backend --json",
    )
}

pub(crate) fn available(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let (filter, agent) = (Filter::read(matches)?, world.agent()?);
    Ok(in_order(All::here(world)?, |known| known.available(Some(&agent)) && filter.fits(known)))
}

pub(crate) fn blocked(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let filter = Filter::read(matches)?;
    let all = All::here(world)?;
    let waiting = all.issues.iter().filter(|known| known.blocked()).map(|known| &known.issue);
    if let Some(cycle) = Graph::new(waiting).cycle() {
        world.warn(circle(&cycle));
    }
    Ok(in_order(all, |known| known.blocked() && filter.fits(known)))
}

/// What says that nobody will ever get any of these: a merge of two branches may have made it.
fn circle(cycle: &[Reference]) -> String {
    let names: Vec<String> = cycle.iter().map(ToString::to_string).collect();
    let (issue, on) = (&names[0], names.get(1).unwrap_or(&names[0]));
    format!(
        "these wait for each other: {}; take one out, such as: jit dep rm {issue} {on}",
        names.join(" > ")
    )
}

pub(crate) fn mine(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let (filter, reader) = (Filter::read(matches)?, world.reading_holder()?);
    let own = |known: &Known| {
        known.standing.lease.as_ref().is_some_and(|lease| lease.holder.acts_for(&reader))
            || known.standing.facts.is_kept_for(&reader.agent)
    };
    Ok(in_order(All::here(world)?, |known| own(known) && filter.fits(known)))
}

pub(crate) fn quarantined(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let filter = Filter::read(matches)?;
    Ok(in_order(All::here(world)?, |known| known.quarantined() && filter.fits(known)))
}

pub(crate) fn every(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let filter = Filter::read(matches)?;
    Ok(in_order(All::here(world)?, |known| filter.fits(known)))
}

fn in_order(all: All, wanted: impl Fn(&Known) -> bool) -> Output {
    let All { mut issues, broken } = all;
    issues.retain(wanted);
    issues.sort_unstable_by(|a, b| pick_order(&a.issue, &b.issue));
    Output::Issues { issues, broken }
}
