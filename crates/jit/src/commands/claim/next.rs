//! `jit claim next`

use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command};
use jit_core::decide::{Candidate, Next, Terms};
use jit_core::{AgentId, Lease, Mode, Now, Token};
use jit_tracker::Listed;
use jit_tracker::dependencies::pick_order;

use crate::commands::filter::{Picking, picking};
use crate::commands::{duration, number, one, option, parsed, repeated, warn_of_its_end};
use crate::error::{Again, Code, Failure};
use crate::input::paths;
use crate::issues::known::{All, Known};
use crate::issues::tracker::{Tracker, warn_of_uncommitted, warn_of_unwritable};
use crate::issues::unrecorded::warn_of_left;
use crate::output::Output;
use crate::waiting;
use crate::world::{Minted, World};

pub(crate) fn arguments(command: Command) -> Command {
    paths::arguments(picking(command))
        .arg(option("count", "N", "Up to so many, each a lease of its own [default: 1]"))
        .arg(
            Arg::new("all-or-nothing")
                .long("all-or-nothing")
                .action(ArgAction::SetTrue)
                .help("Exactly so many as --count says, or none"),
        )
        .arg(option("task", "TEXT", "What for, in a line; others see it"))
        .arg(option("ttl", "DURATION", "How long it stands without a renewal [default: 10m, or what `jit config get ttl` says]"))
        .arg(option("wait", "DURATION", "Wait, at most so long, until there is something: 90s, 10m, 2h"))
        .after_help(
            "Picks and claims in one step: no two callers get the same issue, and none gets an error because of\n\
             another. What is ready, unblocked, not quarantined and not assigned to somebody else, by priority,\n\
             then the oldest; what is assigned to the caller comes first. Exit status 4: there is nothing.\n\
             In JSON, `data.lease` and `data.token`; with --count `data.leases`, each with its `token`.\n\n\
             Example: jit claim next --label backend --wait 10m --json",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let picked = picked(world, matches);
    // What can't be found out is not told.
    let _ = warn_of_left(world);
    picked
}

fn picked(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let picking = Picking::read(matches)?;
    let agent = world.agent()?;
    let count = number(matches, "count")?.unwrap_or(1);
    let wait = duration(matches, "wait")?;
    let scope = paths::scope(world, matches)?;
    if count > 1 && !scope.is_none() && scope.mode() == Mode::Exclusive {
        return Err(Failure::one_holder_of_paths());
    }
    let minted: Vec<Minted> = (0..count).map(|_| world.mint()).collect::<Result<_, _>>()?;
    let terms =
        Terms { task: parsed(matches, "task")?, branch: world.branch()?, ttl: parsed(matches, "ttl")? };
    let request = |most| {
        let (candidates, is_all) = candidates(world, &picking, Some(&agent), most)?;
        let next = Next {
            candidates,
            minted: minted.iter().map(|minted| (minted.lease, minted.token.hash())).collect(),
            all_or_nothing: matches.get_flag("all-or-nothing"),
            scope: scope.clone(),
            terms: terms.clone(),
        };
        Ok((next, is_all))
    };
    let leases = among_the_first(world, wait, count, request).map_err(|failure| {
        // One step: what became of the first became of all.
        let renew = minted.first().map(|minted| format!("jit claim renew {}", minted.lease));
        failure.with_tokens(&minted).or_renew(&renew.unwrap_or_default()).with_wait(&again(matches))
    })?;
    let tokens: Vec<Token> = minted.into_iter().map(|minted| minted.token).collect();
    let now = leases.first().map(|lease: &Lease| Now { stamp: lease.renewed, wall: lease.acquired_at });
    let now = now.map_or_else(|| world.now(), Ok)?;
    leases.iter().try_for_each(|lease| warn_of_its_end(world, lease, &now))?;
    warn_of_uncommitted(world, &leases);
    warn_of_unwritable(world, &leases);
    let several = one(matches, "count").is_some();
    let look = world.glance(now, leases.first());
    Ok(Output::Picked { leases: leases.into_iter().zip(tokens).collect(), several, look })
}

/// The command that asks for the same again.
fn again(matches: &ArgMatches) -> Again {
    let options = ["label", "priority", "count", "path", "paths-from", "task", "ttl"];
    let again = paths::repeated_shared(repeated("jit claim next".into(), matches, &options), matches);
    let all = if matches.get_flag("all-or-nothing") { " --all-or-nothing" } else { "" };
    Again { head: again + all, tail: String::new() }
}

/// So many are looked at closely before the step: more than others take meanwhile, mostly.
const FIRST: usize = 64;

/// Picks among the first; among all where those are not enough, or there is something to wait for.
fn among_the_first(
    world: &World<'_>,
    wait: Option<Duration>,
    count: usize,
    request: impl Fn(usize) -> Result<(Next, bool), Failure>,
) -> Result<Vec<Lease>, Failure> {
    let (next, is_all) = request(count.max(FIRST))?;
    match world.transact(&next) {
        Err(failure) if wait.is_some() || (!is_all && failure.code == Code::NothingToClaim) => {
            waiting::transact(world, wait, None, |_| Ok(request(usize::MAX)?.0))
        }
        picked => picked,
    }
}

/// What may be claimed as far as is known before the step, in the order of preference: by this
/// agent, or by anybody. What is found broken is passed over, with a warning. Only the first `most`
/// are looked at, closely, and handed out; whether these are all is said.
pub(crate) fn candidates(
    world: &World<'_>,
    picking: &Picking,
    agent: Option<&AgentId>,
    most: usize,
) -> Result<(Vec<Candidate>, bool), Failure> {
    let tracker = Tracker::around(world)?;
    let all = All::of(world, &tracker)?;
    all.broken.iter().for_each(|error| world.warn(format!("passed over: {error}")));
    let fits = |known: &&Known| known.available(agent) && picking.fits(known);
    let mut found: Vec<&Known> = all.issues.iter().filter(fits).collect();
    found.sort_by_cached_key(|known| (known.standing.facts.assigned.is_none(), pick_order(&known.issue)));
    let is_all = found.len() <= most;
    found.truncate(most);
    Ok((open(&tracker, &found)?, is_all))
}

/// Those of these that no file says to have ended, also of those that a listing does not look at.
fn open(tracker: &Tracker<'_>, found: &[&Known]) -> Result<Vec<Candidate>, Failure> {
    let mut listed: Vec<Listed> = found.iter().map(|known| known.listed()).collect();
    tracker.note_later(&mut listed)?;
    let open = found.iter().zip(&listed);
    let open = open.filter(|(known, listed)| !listed.later.is_some_and(|later| known.is_ended_by(later)));
    Ok(open.map(|(known, _)| known.candidate.clone()).collect())
}
