//! `jit dep add` and `jit dep rm`

use clap::{ArgMatches, Command};
use jit_core::{IssueId, Reference};
use jit_tracker::Dependency;
use jit_tracker::dependencies::Graph;

use crate::change::{changed, changed_if};
use crate::commands::{all, one, text, texts};
use crate::error::Failure;
use crate::known::All;
use crate::output::Output;
use crate::reference::issue;
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
    both(command).after_help("Example: jit dep rm 3f2a91bc 77b0e1d2")
}

pub(crate) fn add(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let (id, on) = named(world, matches)?;
    changed_if(world, id, "updated", |issue| {
        let all = All::here(world)?;
        let graph = Graph::new(all.issues.iter().map(|known| &known.issue));
        for dependency in &on {
            graph
                .link(&Reference::Issue(id), dependency)
                .map_err(|error| Failure::no_dependency(&error, dependency.reference()))?;
        }
        issue.dependencies.extend(on);
        Ok(())
    })
}

pub(crate) fn remove(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let (id, on) = named(world, matches)?;
    changed(world, id, "updated", |issue| issue.dependencies.retain(|known| !on.contains(known)))
}

fn named(world: &World<'_>, matches: &ArgMatches) -> Result<(IssueId, Vec<Dependency>), Failure> {
    let id = issue(world, one(matches, "ISSUE").unwrap_or_default())?;
    let on = all(matches, "ON");
    let on = on.iter().map(|word| issue(world, word).map(Dependency::from)).collect::<Result<_, _>>()?;
    Ok((id, on))
}
