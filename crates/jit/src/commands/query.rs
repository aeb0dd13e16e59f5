//! `jit query available|blocked|mine|quarantined|all`

use clap::{ArgMatches, Command};
use jit_core::{AgentId, Reference};
use jit_tracker::FileError;
use jit_tracker::dependencies::{Graph, pick_order};

use crate::commands::filter::{Filter, filters};
use crate::error::Failure;
use crate::issues::awaited;
use crate::issues::gone::warn_of_gone;
use crate::issues::known::{All, Known};
use crate::issues::unrecorded::mark;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command, name: &str) -> Command {
    filters(command).after_help(format!(
        "In the order in which `jit claim next` picks. Exit status 9: some file can't be read; the rest is\n\
         shown.\n\n\
         Example: jit query {name} --label backend --json",
    ))
}

pub(crate) fn available(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let (filter, agent) = (Filter::read(matches)?, world.agent()?);
    in_order(world, All::here(world)?, |known| known.available(Some(&agent)) && filter.fits(known))
}

/// The same for an agent, and the files that can't be used.
pub(crate) fn claimable_by(
    world: &World<'_>,
    agent: &AgentId,
) -> Result<(Vec<Known>, Vec<FileError>), Failure> {
    let All { issues, broken } = sorted(All::here(world)?, |known| known.available(Some(agent)));
    Ok((issues, broken))
}

pub(crate) fn blocked(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let filter = Filter::read(matches)?;
    let mut all = All::here(world)?;
    warn_of_circle(world, &all);
    warn_of_gone(world, &all);
    awaited::mark(world, &mut all)?.into_iter().for_each(|said| world.warn(said));
    in_order(world, all, |known| known.blocked() && filter.fits(known))
}

/// Warns of issues that nobody can ever claim, because they wait for each other.
pub(crate) fn warn_of_circle(world: &World<'_>, all: &All) {
    let waiting = all.issues.iter().filter(|known| known.blocked()).map(|known| &*known.issue);
    if let Some((what, hint)) = Graph::new(waiting).cycle().as_deref().and_then(|cycle| circle(world, cycle))
    {
        world.warn(format!("{what}; {hint}"));
    }
}

/// What says that nobody will ever get any of these, as a merge of two branches may have made it;
/// and what takes it apart.
pub(crate) fn circle(world: &World<'_>, cycle: &[Reference]) -> Option<(String, String)> {
    let [issue, on, ..] = cycle else { return None };
    let names: Vec<String> = cycle.iter().map(ToString::to_string).collect();
    Some((
        format!("these wait for each other: {}", names.join(" > ")),
        format!("take one out, such as: jit {}dep rm {issue} {on}", world.repeated()),
    ))
}

pub(crate) fn mine(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let (filter, reader) = (Filter::read(matches)?, world.reading_holder()?);
    let own = |known: &Known| {
        known.standing.lease.as_ref().is_some_and(|lease| lease.holder.acts_for(&reader))
            || known.standing.facts.is_kept_for(&reader.agent)
    };
    in_order(world, All::here(world)?, |known| own(known) && filter.fits(known))
}

pub(crate) fn quarantined(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let filter = Filter::read(matches)?;
    in_order(world, All::here(world)?, |known| known.quarantined() && filter.fits(known))
}

pub(crate) fn every(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let filter = Filter::read(matches)?;
    let mut all = All::here(world)?;
    warn_of_circle(world, &all);
    warn_of_gone(world, &all);
    awaited::mark(world, &mut all)?;
    in_order(world, all, |known| filter.fits(known))
}

fn in_order(world: &World<'_>, all: All, wanted: impl Fn(&Known) -> bool) -> Result<Output, Failure> {
    let All { mut issues, broken } = sorted(all, wanted);
    mark(world, &mut issues)?;
    Ok(Output::Issues { issues, broken })
}

fn sorted(mut all: All, wanted: impl Fn(&Known) -> bool) -> All {
    all.issues.retain(wanted);
    // Moves keys until each issue's place is known.
    all.issues.sort_by_cached_key(|known| pick_order(&known.issue));
    all
}
