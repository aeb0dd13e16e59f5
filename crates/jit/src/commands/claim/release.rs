//! `jit claim release`

use std::collections::{BTreeMap, BTreeSet};

use clap::{Arg, ArgAction, ArgMatches, Command};
use jit_core::decide::{Attempted, Bar, Candidate, Release, ReleaseAll, Released, Target};
use jit_core::{Attempt, Facts, IssueId, LeaseId, Outcome, Reference, References, WallTime};
use jit_tracker::{GateName, Issue, Origin, State, Work};

use crate::commands::{all, option, parsed, texts};
use crate::error::barred::bar_text;
use crate::error::{Code, Failure};
use crate::input::reference::targets;
use crate::issues::filed::is_worked;
use crate::issues::gates::filed;
use crate::issues::known::Log;
use crate::issues::passing::opened;
use crate::issues::tracker::{Changing, Rewrite, Said, Tracker, later};
use crate::issues::unrecorded::{advised, says_done, warn_of_undone};
use crate::output::{Output, ToCommit};
use crate::running::keeper::HolderOf;
use crate::world::World;

/// What `--all` is.
const ALL: &str = "Everything that the caller holds in this worktree; with an outcome, what it holds under exactly its own id";

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
        .arg(flag("all", ALL).conflicts_with("TARGET"))
        .arg(flag("done", "The work is done: the issues' files say so, to be committed").conflicts_with_all(["failed", "infra"]))
        .arg(flag("failed", "The work failed; it counts against the issue, unless --infra says otherwise"))
        .arg(flag("infra", "With --failed: something else than the work was to blame; it does not count").requires("failed"))
        .arg(option("reason", "TEXT", "With --failed: why, in a line").requires("failed").conflicts_with("done"))
        .after_help(
            "All that is named, or nothing; without an outcome, the work is undone. An issue with open gates becomes\n\
             gated rather than done. Exit status 6: some of it is not held, or not yours.\n\n\
             Example: jit claim release name:schema\n\
             Example: jit claim release 3f2a91bc --done\n\
             Example: jit claim release 3f2a91bc --failed --reason \"tests fail on main\"\n\
             Example: jit claim release --all --failed --infra",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let held = match matches.get_flag("all") {
        true => Held::All,
        false => Held::Named(targets(world, &all(matches, "TARGET"))?),
    };
    given_up(world, &held, attempt(matches)?)
}

/// What is to be given up.
enum Held {
    All,
    Named(Target),
}

impl Held {
    fn rehearse(&self, world: &World<'_>, attempted: Attempted) -> Result<Vec<Released>, Failure> {
        match self {
            Self::All => world.rehearse(&ReleaseAll { attempted }).map_err(or_by_name),
            Self::Named(target) => world.rehearse(&Release { target: target.clone(), attempted }),
        }
    }

    fn transact(&self, world: &World<'_>, attempted: Attempted) -> Result<Vec<Released>, Failure> {
        match self {
            Self::All => world.transact(&ReleaseAll { attempted }).map_err(or_by_name),
            Self::Named(target) => world.transact(&Release { target: target.clone(), attempted }),
        }
    }

    /// The issues of it that this worktree's files say to be done.
    fn filed(&self, world: &World<'_>, attempt: &Attempt) -> Result<BTreeSet<Reference>, Failure> {
        let issues = match self {
            Self::Named(Target::Issues(named)) => named.iter().cloned().collect(),
            Self::Named(Target::Lease(_)) | Self::All => {
                let attempted = Attempted { attempt: attempt.clone(), ..Attempted::default() };
                let released = self.rehearse(world, attempted)?;
                released.into_iter().flat_map(|released| released.issues).collect()
            }
        };
        says_done(world, issues)
    }
}

/// What others hold whom the caller acts for can be named.
fn or_by_name(failure: Failure) -> Failure {
    match failure.code {
        Code::NoLease => {
            let hint = "see who holds what: jit claim list; an outcome with --all is of what you hold under exactly your id";
            Failure { hint: Some(hint.into()), ..failure }
        }
        _ => failure,
    }
}

/// Gives up what is named, with what came of it.
pub(crate) fn give_up(world: &World<'_>, target: Target, attempt: Attempt) -> Result<Output, Failure> {
    given_up(world, &Held::Named(target), attempt)
}

/// Gives up a lease whose process died: as done the issues of which the files here came to say so while
/// it was held, for whoever wrote that was about to release them; the rest with what is said.
pub(crate) fn give_up_for_the_dead(
    world: &World<'_>,
    lease: LeaseId,
    attempt: Attempt,
) -> Result<Output, Failure> {
    // What can't be found out was not said.
    let said = said_by_the_dead(world, lease).unwrap_or_default();
    if let Ok(said) = References::try_from(said) {
        match given_up(world, &Held::Named(Target::Issues(said)), Attempt::Done) {
            // To give it up now would deny what can be said a moment later.
            Err(failure) if failure.code.retryable() => return Err(failure),
            Ok(done) if world.read(&HolderOf(lease))?.is_none() => return Ok(done),
            _ => {}
        }
    }
    given_up(world, &Held::Named(Target::Lease(lease)), attempt)
}

fn said_by_the_dead(world: &World<'_>, lease: LeaseId) -> Result<Vec<Reference>, Failure> {
    let root = Tracker::around(world)?.root();
    let released = Held::Named(Target::Lease(lease)).rehearse(world, Attempted::default())?;
    let is_said = |since: WallTime, issue: &Reference| {
        let said = issue.issue().and_then(|id| Said::in_worktree(&root, id).issue);
        said.is_some_and(|issue| is_worked(&issue) && issue.updated_at >= since)
    };
    let said = released.into_iter().flat_map(|Released { lease, issues }| {
        issues.into_iter().filter(move |issue| is_said(lease.acquired_at, issue)).collect::<Vec<_>>()
    });
    Ok(said.collect())
}

fn given_up(world: &World<'_>, held: &Held, attempt: Attempt) -> Result<Output, Failure> {
    if attempt == Attempt::Done {
        return done(world, held);
    }
    let failed = matches!(attempt, Attempt::Failed(_));
    // What can't be found out is not told, here and below.
    let filed = held.filed(world, &attempt).unwrap_or_default();
    let attempted = Attempted { attempt, filed: filed.clone(), ..Attempted::default() };
    let released = held.transact(world, attempted)?;
    let _ = warn_of_undone(world, &filed);
    if failed {
        let _ = warn_of_quarantine(world, &released);
    }
    Ok(Output::Released { released, gated: Vec::new(), commit: None })
}

/// Lets the files of the issues say that they are done, then the log: should this process die in
/// between, they are still held, and saying the same again ends it.
fn done(world: &World<'_>, held: &Held) -> Result<Output, Failure> {
    let done = |gates| Attempted { attempt: Attempt::Done, gates, ..Attempted::default() };
    let given_up = held.rehearse(world, done(BTreeMap::new())).map_err(|failure| advised(world, failure))?;
    let ids: Vec<IssueId> =
        given_up.iter().flat_map(|released| &released.issues).filter_map(Reference::issue).collect();
    if ids.is_empty() {
        let released = held.transact(world, done(BTreeMap::new()))?;
        return Ok(Output::Released { released, gated: Vec::new(), commit: None });
    }
    let tracker = Changing::around(world)?;
    let (mut changed, mut gates, mut commit) = (Vec::new(), BTreeMap::new(), Vec::new());
    let mut ended = Vec::new();
    for id in ids {
        let facts = world.read(&Log::about(world, vec![Reference::Issue(id).into()])?)?.remove(0).facts;
        let Some(found) = tracker.find(id)? else { return Err(Failure::out_of_sight(id, &facts)) };
        let mut after = Issue::clone(&found.issue);
        let lease = given_up.iter().find(|released| released.issues.contains(&after.reference()));
        let work = lease.map_or(Work::None, |released| Work::Under(released.lease.id));
        warn_of_opened(world, id, &opened(world, &mut after, work)?);
        let of = filed(&after);
        after.state = if of.open.is_empty() { State::Done } else { State::Gated };
        let is_of_before = facts.contradicts(found.issue.updated_at);
        let since = facts.since(found.issue.updated_at);
        ended.extend((facts.outcome == Some(Outcome::Rejected)).then_some((facts, after.state)));
        gates.insert(after.reference(), of);
        commit.push(tracker.file(id));
        if after != *found.issue || found.origin != Origin::Worktree || is_of_before {
            after.updated_at = later(world.now()?.wall, since);
            changed.push((*found.issue, after));
        }
    }
    let rewrites: Vec<_> = changed.iter().map(|(before, after)| Rewrite::of(Some(before), after)).collect();
    let released = tracker.write_then(&rewrites, || held.transact(world, done(gates.clone())))?;
    ended.iter().for_each(|(facts, state)| warn_of_ended(world, facts, *state));
    commit.push(tracker.events_file()?);
    let commit = Some(ToCommit { files: commit, command: format!("{} add :/.jit", world.git()) });
    let gated = gates.into_iter().filter(|(_, gates)| !gates.open.is_empty());
    Ok(Output::Released { released, gated: gated.map(|(issue, _)| issue).collect(), commit })
}

/// Says of what somebody ended meanwhile what it is now.
fn warn_of_ended(world: &World<'_>, Facts { issue, deleted, ended_by, .. }: &Facts, state: State) {
    let how = if *deleted { "deleted" } else { "rejected" };
    let by = ended_by.as_ref().map(|by| format!(" by {} at {}", by.by.agent, by.at)).unwrap_or_default();
    let jit = format!("jit {}", world.repeated());
    world.warn(format!(
        "{issue} was {how}{by} while you worked on it, and counts as {} now; if it is not wanted: {jit}issue reopen {issue} && {jit}issue close {issue} --rejected",
        state.as_str()
    ));
}

/// Says of gates that were passed for something else that they are open.
fn warn_of_opened(world: &World<'_>, issue: IssueId, gates: &[GateName]) {
    for gate in gates {
        world.warn(format!(
            "gate {gate} of {issue} was passed for other work than this, or as it was defined before: it is open"
        ));
    }
}

/// Says of what failed once too often that nobody gets it any more.
fn warn_of_quarantine(world: &World<'_>, released: &[Released]) -> Result<(), Failure> {
    let issues = released.iter().flat_map(|released| &released.issues).filter(|issue| issue.is_issue());
    let candidates: Vec<Candidate> = issues.cloned().map(Candidate::from).collect();
    let standings = world.read(&Log::about(world, candidates)?)?;
    for standing in standings {
        if let Some(bar @ Bar::Quarantined { .. }) = standing.bar {
            let issue = standing.facts.issue;
            world.warn(format!(
                "{issue} {}; nobody gets it until a person forgives it: jit {}issue reset-failures {issue}",
                bar_text(&bar),
                world.repeated()
            ));
        }
    }
    Ok(())
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
