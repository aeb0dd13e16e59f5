//! `jit query available|blocked|mine|quarantined|all`

use clap::{ArgMatches, Command};
use jit_core::Reference;
use jit_tracker::dependencies::Graph;
use jit_tracker::{State, dependencies};

use crate::commands::filter::{Filter, filters};
use crate::error::Failure;
use crate::known::{All, Known, Stage};
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
    let (filter, policy, agent) = (Filter::read(matches)?, world.policy()?, world.agent()?);
    let all = All::here(world)?;
    let met = all.met();
    let can_be_had = |known: &Known| {
        known.stage() == Stage::At(State::Ready)
            && known.issue.dependencies.iter().all(&met)
            && !known.quarantined(policy)
            && !known.kept_from(&agent)
            && !known.issue.is_meta()
    };
    Ok(in_order(all, |known| can_be_had(known) && filter.fits(known)))
}

pub(crate) fn blocked(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let filter = Filter::read(matches)?;
    let all = All::here(world)?;
    let met = all.met();
    let open = all.issues.iter().map(|known| &known.issue).filter(|issue| !met(&issue.id.into()));
    if let Some(cycle) = Graph::new(open).cycle() {
        world.warn(circle(&cycle));
    }
    let waits = |known: &Known| {
        known.stage() == Stage::At(State::Ready) && !dependencies::blockers(&known.issue, &met).is_empty()
    };
    Ok(in_order(all, |known| waits(known) && filter.fits(known)))
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
        known.lease.as_ref().is_some_and(|lease| lease.holder.acts_for(&reader))
            || known.facts.assigned.as_ref().is_some_and(|agent| *agent == reader.agent.base())
    };
    Ok(in_order(All::here(world)?, |known| own(known) && filter.fits(known)))
}

pub(crate) fn quarantined(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let (filter, policy) = (Filter::read(matches)?, world.policy()?);
    Ok(in_order(All::here(world)?, |known| {
        matches!(known.stage(), Stage::At(State::Ready | State::Backlog))
            && known.quarantined(policy)
            && filter.fits(known)
    }))
}

pub(crate) fn every(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let filter = Filter::read(matches)?;
    Ok(in_order(All::here(world)?, |known| filter.fits(known)))
}

fn in_order(mut all: All, wanted: impl Fn(&Known) -> bool) -> Output {
    all.issues.sort_by(|a, b| dependencies::pick_order(&a.issue, &b.issue));
    Output::issues(all, wanted)
}
