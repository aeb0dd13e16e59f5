//! `jit hook pre-receive` and `jit hook update`

use std::io::Read;

use clap::{ArgMatches, Command};
use jit_core::verdict::{PushId, Received, ReceivedError, Stale};
use jit_core::{Enforcement, Policy};
use jit_git::{Destination, Outgoing};
use jit_store::names::PUSHED;

use crate::commands::{one, text};
use crate::error::Failure;
use crate::output::Output;
use crate::running::process::started;
use crate::verdict::arrivals::{arrivals, is_commit};
use crate::verdict::{Objection, answered, committer, nothing};
use crate::world::World;

const AFTER_HELP: &str = "\
Called by Git in a repository that others push to. Remembers the highest fence that came of each issue,
and refuses commits made under a lower one, unless what is pushed with them builds on them under the
highest, or the same agent made both under one lease. Commits that say nothing of a lease pass.
What is pushed by anybody is judged as enforce_agents says in this repository.
Exit status: 0 may be taken, 6 made under a lease that came before another, 9 can't be told.";

fn push(command: Command) -> Command {
    command
        .arg(text("push", "PID", "The process that takes the push, which tells it from others").long("push"))
}

pub(crate) fn all_arguments(command: Command) -> Command {
    push(command).after_help(format!("{AFTER_HELP}\n\nExample: jit hook pre-receive --push $PPID < updates"))
}

pub(crate) fn one_arguments(command: Command) -> Command {
    push(command)
        .arg(text("REF", "REF", "The reference").required(true))
        .arg(text("OLD", "OLD", "Where it was").required(true))
        .arg(text("NEW", "NEW", "Where it is to be").required(true))
        .after_help(format!(
            "{AFTER_HELP}\nSees one reference of a push at a time, and so less than pre-receive.\n\n\
             Example: jit hook update --push $PPID refs/heads/main OLD NEW"
        ))
}

/// All references of a push, which Git writes to standard input.
pub(crate) fn all(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| Failure::usage(&error.to_string(), ""))?;
    let new = text.lines().filter_map(|line| line.split(' ').nth(1)).map(str::to_owned);
    received(world, matches, new.collect())
}

/// One reference.
pub(crate) fn update(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    received(world, matches, one(matches, "NEW").map(str::to_owned).into_iter().collect())
}

fn received(world: &World<'_>, matches: &ArgMatches, mut tips: Vec<String>) -> Result<Output, Failure> {
    tips.retain(|id| is_commit(id));
    let default = Policy::default();
    let enforcement = world.policy().unwrap_or(&default).enforce_agents;
    if tips.is_empty() || enforcement == Enforcement::Off {
        return Ok(nothing());
    }
    answered(world, enforcement, objections(world, matches, tips))
}

fn objections(world: &World<'_>, matches: &ArgMatches, tips: Vec<String>) -> Result<Vec<Objection>, Failure> {
    let outgoing = Outgoing { tips, known: Vec::new(), to: Destination::Here };
    let arrivals = arrivals(world, &outgoing)?;
    // Nothing is made where nobody uses jit.
    if arrivals.iter().all(|arrival| arrival.carried.is_empty()) {
        return Ok(Vec::new());
    }
    let push = push_id(world, one(matches, "push"))?;
    let path = world.control_plane()?.join(PUSHED);
    let mut late = Vec::new();
    let edited = world.store()?.edit(&committer(world)?, PUSHED, |text| {
        match Received::parse(&text)?.take(&push, &arrivals) {
            Ok(received) => received.text(),
            Err(stale) => {
                late = stale;
                Ok(text)
            }
        }
    });
    let unread = |error: ReceivedError| Failure::pushed_unread(&path, &error);
    edited.map_err(|error| world.trouble(error))?.map_err(unread)?;
    let objection = |stale: &Stale| Objection { failure: Failure::came_late(stale), replaced: true };
    Ok(late.iter().map(objection).collect())
}

/// Which push this is, for as long as this boot lasts and no longer; one that nobody tells from others
/// is one by itself.
fn push_id(world: &World<'_>, pid: Option<&str>) -> Result<PushId, Failure> {
    Ok(PushId(match pid {
        Some(pid) => format!("{} {pid} {}", world.now()?.stamp.boot, started(pid).unwrap_or_default()),
        None => world.uuid()?.to_string(),
    }))
}
