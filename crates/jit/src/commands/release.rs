//! `jit claim release`

use clap::{Arg, ArgAction, ArgMatches, Command};
use jit_core::decide::{Attempted, Release, ReleaseAll, Target};
use jit_core::{Attempt, Known, Lease, Now, Query, Reference, View};
use jit_tracker::{Origin, State};

use crate::commands::{all, option, parsed, texts};
use crate::error::Failure;
use crate::output::Output;
use crate::reference::targets;
use crate::tracker::{Changing, later};
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    command
        .arg(
            texts(
                "TARGET",
                "REF|LEASE",
                "A lease by its id, as a whole; or references, which leave a lease's others",
            )
            .required_unless_present("all"),
        )
        .arg(flag("all", "Everything that the caller holds").conflicts_with("TARGET"))
        .arg(flag("done", "The work is done: the issues' files say so, to be committed").conflicts_with_all(["failed", "infra", "all"]))
        .arg(flag("failed", "The work failed; it counts against the issue, unless --infra says otherwise").conflicts_with("all"))
        .arg(flag("infra", "With --failed: something else than the work was to blame; it does not count").requires("failed"))
        .arg(option("reason", "TEXT", "With --failed: why, in a line").requires("failed").conflicts_with("done"))
        .after_help(
            "All that is named, or nothing; without an outcome, the work is undone. An issue with open gates becomes\n\
             gated rather than done. Exit status 6: some of it is not held, or not yours.\n\n\
             Example: jit claim release name:schema\n\
             Example: jit claim release 3f2a91bc --done\n\
             Example: jit claim release 3f2a91bc --failed --reason \"tests fail on main\"",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    if matches.get_flag("all") {
        let released = world.transact(&ReleaseAll)?;
        return Ok(Output::Released { released, gated: Vec::new(), commit: Vec::new() });
    }
    let target = targets(world, &all(matches, "TARGET"))?;
    let attempt = attempt(matches)?;
    let Finished { gated, commit } = match attempt {
        Attempt::Done => finish(world, &target)?,
        _ => Finished::default(),
    };
    let attempted = Attempted { attempt, gated: gated.clone() };
    let released = world.transact(&Release { target, attempted })?;
    Ok(Output::Released { released, gated, commit })
}

fn attempt(matches: &ArgMatches) -> Result<Attempt, Failure> {
    let reason = parsed(matches, "reason")?;
    Ok(match (matches.get_flag("done"), matches.get_flag("failed"), matches.get_flag("infra")) {
        (true, ..) => Attempt::Done,
        (_, true, true) => Attempt::Infra(reason),
        (_, true, false) => {
            Attempt::Failed(reason.ok_or_else(|| Failure::usage("--failed needs --reason, or --infra", ""))?)
        }
        _ => Attempt::Undone,
    })
}

/// What the files say once the work is done.
#[derive(Default)]
struct Finished {
    /// The issues that have open gates.
    gated: Vec<Reference>,
    /// The files that were written.
    commit: Vec<String>,
}

/// Lets the files of the issues say that they are done, before the lease goes: should this process
/// die in between, they are still held.
fn finish(world: &World<'_>, target: &Target) -> Result<Finished, Failure> {
    let mut finished = Finished::default();
    let mut held = world.read(&OwnIssues(target, world.reading_holder()?))?;
    held.retain(|reference| matches!(reference, Reference::Issue(_)));
    if held.is_empty() {
        return Ok(finished);
    }
    let tracker = Changing::around(world)?;
    for reference in held {
        let Reference::Issue(id) = reference else { continue };
        let Some(found) = tracker.find(id)? else {
            world.warn(format!(
                "the file of {id} is not to be seen from here, so only the leases know the outcome"
            ));
            continue;
        };
        let mut after = found.issue.clone();
        let open = after.open_gates().next().is_some();
        after.state = if open { State::Gated } else { State::Done };
        if after.state == State::Gated {
            finished.gated.push(reference);
        }
        if after.state != found.issue.state || found.origin != Origin::Worktree {
            after.updated_at = later(world.now()?.wall, after.updated_at);
            tracker.write(Some(&found.issue), &after)?;
        }
        finished.commit.push(tracker.file(id));
    }
    Ok(finished)
}

/// What of a target the asker holds.
struct OwnIssues<'a>(&'a Target, jit_core::Holder);

impl Query for OwnIssues<'_> {
    type Answer = Vec<Reference>;

    fn ask<V: View>(&self, view: &V, _: &Now) -> Result<Self::Answer, V::Error> {
        let own = |lease: &Lease| lease.holder.acts_for(&self.1);
        match &self.0.named(view)? {
            Target::Lease(id) => Ok(match view.lease(id)? {
                Some(Known::Live(lease)) if own(&lease) => lease.issues,
                _ => Vec::new(),
            }),
            Target::Issues(issues) => {
                let mut held = Vec::new();
                for reference in issues {
                    held.extend(view.covering(reference)?.filter(own).map(|_| reference.clone()));
                }
                Ok(held)
            }
        }
    }
}
