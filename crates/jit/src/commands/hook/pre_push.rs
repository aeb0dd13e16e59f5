//! `jit hook pre-push`

use std::io::Read;

use clap::{ArgMatches, Command};
use jit_core::verdict::{Arrival, Push, not_built_on};
use jit_core::{Carried, Holder};
use jit_git::{Destination, Outgoing};

use crate::commands::{one, text};
use crate::error::Failure;
use crate::look::Look;
use crate::output::Output;
use crate::render::text::{left, subject};
use crate::verdict::arrivals::{arrivals, is_commit};
use crate::verdict::branches::of_branches;
use crate::verdict::{Objection, given, nothing};
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(text("REMOTE", "REMOTE", "The remote's name").required(true))
        .arg(text("URL", "URL", "Where it is"))
        .after_help(
            "Called by Git, which writes what it pushes to standard input. Refuses commits that say they were made\n\
             under a lease that was lost to somebody else, unless what is pushed with them builds on them under\n\
             the lease that came in its place, or a later one of some of the same; and, where all leases of the\n\
             worktree were lost to others, commits that no reference here has. Warns of leases that are about to\n\
             lapse.\n\
             Exit status: 0 may be pushed, 6 lost to somebody else, 9 can't be told.\n\n\
             Example: jit hook pre-push origin git@example.com:repo.git < updates",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| Failure::usage(&error.to_string(), ""))?;
    let outgoing = outgoing(&text, one(matches, "REMOTE").unwrap_or_default());
    if outgoing.tips.is_empty() {
        return Ok(nothing());
    }
    given(world, |by| {
        let mut found = of_branches(world, by, &branches(&text))?;
        found.extend(objections(world, by, &outgoing)?);
        Ok(found)
    })
}

/// What branches there get: the commit, and the branch.
fn branches(text: &str) -> Vec<(&str, &str)> {
    let update = |line| {
        let mut words = str::rsplit(line, ' ').skip(1);
        let (branch, tip) = (words.next()?, words.next()?);
        (branch.starts_with("refs/heads/") && is_commit(tip)).then_some((tip, branch))
    };
    text.lines().filter_map(update).collect()
}

/// `<local ref> <local id> <remote ref> <remote id>`; what a local reference is called may have spaces.
fn outgoing(text: &str, remote: &str) -> Outgoing {
    let to = Destination::Remote(remote.to_owned());
    let mut outgoing = Outgoing { tips: Vec::new(), known: Vec::new(), to };
    for line in text.lines() {
        let mut words = line.rsplit(' ');
        let (known, tip) = (words.next(), words.nth(1));
        let real = |id: Option<&str>| id.filter(|id| is_commit(id)).map(str::to_owned);
        outgoing.known.extend(real(known));
        outgoing.tips.extend(real(tip));
    }
    outgoing
}

fn objections(world: &World<'_>, by: &Holder, outgoing: &Outgoing) -> Result<Vec<Objection>, Failure> {
    let arrivals = arrivals(world, outgoing)?;
    let mut carried: Vec<Carried> = Vec::new();
    for one in arrivals.iter().flat_map(|arrival| &arrival.carried) {
        if !carried.contains(one) {
            carried.push(one.clone());
        }
    }
    let found = world.read(&Push { by: by.clone(), carried })?;
    for lease in &found.ending {
        let (what, left) = (subject(lease), left(lease, &found.now));
        world.warn(format!(
            "{what}: {left}; renew it, or the push may come too late: jit claim renew {}",
            lease.id
        ));
    }
    let mut objections = Vec::new();
    for overtaken in &found.overtaken {
        let lost = overtaken.replaced.lost.lease.id;
        let builds = |arrival: &Arrival| arrival.carried.iter().any(|own| overtaken.settled_by.contains(own));
        let carries = |arrival: &&Arrival| arrival.carried.iter().any(|own| own.lease == lost);
        let left = not_built_on(&arrivals, builds).into_iter().filter(carries);
        let left: Vec<String> = left.map(|arrival| arrival.commit.clone()).collect();
        if !left.is_empty() {
            let look = Look { by: Some(by.clone()), ..world.look(found.now) };
            let failure = Failure::push_is_anothers(&left, overtaken, &look);
            objections.push(Objection { failure, replaced: true });
        }
    }
    Ok(objections)
}
