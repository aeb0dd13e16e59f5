//! `jit dep add` and `jit dep rm`

use clap::{ArgMatches, Command};
use jit_core::{IssueId, Reference};
use jit_tracker::Dependency;
use jit_tracker::dependencies::Graph;

use crate::commands::{all, one, text, texts};
use crate::error::Failure;
use crate::issues::change::{changed, changed_if};
use crate::issues::known::All;
use crate::issues::tracker::Tracker;
use crate::output::Output;
use crate::world::World;

fn both(command: Command) -> Command {
    command
        .arg(text("ISSUE", "ISSUE", "The issue that waits").required(true))
        .arg(texts("ON", "ON", "What it waits for").required(true))
}

pub(crate) fn arguments_to_add(command: Command) -> Command {
    both(command).after_help(
        "ISSUE can be claimed once all that it waits for is done. Two that would wait for each other are\n\
         refused (exit status 7).\n\n\
         Example: jit dep add 3f2a91bc 77b0e1d2",
    )
}

pub(crate) fn arguments_to_remove(command: Command) -> Command {
    both(command).after_help(
        "ON is one of those that ISSUE waits for, or its beginning, also when there is no such issue any more.\n\
         Exit status 3: ISSUE does not wait for it, and nothing was changed.\n\n\
         Example: jit dep rm 3f2a91bc 77b0e1d2",
    )
}

pub(crate) fn add(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let tracker = Tracker::around(world)?;
    let id = tracker.resolve(one(matches, "ISSUE").unwrap_or_default())?;
    let on = all(matches, "ON");
    let on: Vec<Dependency> =
        on.iter().map(|word| tracker.resolve(word).map(Dependency::from)).collect::<Result<_, _>>()?;
    changed_if(world, id, "updated", |issue| {
        let all = All::here(world)?;
        let graph = Graph::new(all.issues.iter().map(|known| &*known.issue));
        for dependency in &on {
            graph.link(&Reference::Issue(id), dependency).map_err(|error| Failure::no_dependency(&error))?;
        }
        issue.dependencies.extend(on);
        Ok(())
    })
}

pub(crate) fn remove(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let tracker = Tracker::around(world)?;
    let id = tracker.resolve(one(matches, "ISSUE").unwrap_or_default())?;
    let listed = tracker.read(id)?.issue.dependencies;
    let on = all(matches, "ON");
    let on: Vec<Dependency> =
        on.iter().map(|word| among(&tracker, &listed, word)).collect::<Result<_, _>>()?;
    if let Some(other) = on.iter().find(|on| !listed.contains(on)) {
        return Err(Failure::not_waited_for(id, other));
    }
    changed(world, id, "updated", |issue| issue.dependencies.retain(|known| !on.contains(known)))
}

/// The dependency that a word names: what is waited for may be gone, so that nothing but the list
/// has it.
fn among(tracker: &Tracker<'_>, listed: &[Dependency], word: &str) -> Result<Dependency, Failure> {
    let beginning = word.to_ascii_lowercase();
    let ids: Vec<IssueId> = listed
        .iter()
        .filter_map(|on| match on.reference() {
            Reference::Issue(id) => Some(*id),
            Reference::Name(_) => None,
        })
        .collect();
    let named = ids.into_iter().filter(|id| word.len() >= 4 && id.to_string().starts_with(&beginning));
    match named.collect::<Vec<_>>()[..] {
        [] => tracker.resolve(word).map(Dependency::from),
        [id] => Ok(id.into()),
        ref several => Err(Failure::ambiguous(word, several)),
    }
}
