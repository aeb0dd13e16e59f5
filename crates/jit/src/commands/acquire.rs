//! `jit claim acquire`

use clap::{Arg, ArgAction, ArgMatches, Command};
use jit_core::decide::{Acquire, Candidate, Resume, Terms};
use jit_core::{IssueId, Now, Reference, References, Token, parse_duration};

use crate::commands::{all, one, option, parsed, repeated, texts, warn_of_its_end};
use crate::error::Failure;
use crate::known;
use crate::output::Output;
use crate::reference::references;
use crate::tracker::{Tracker, warn_of_uncommitted};
use crate::waiting;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(texts("REF", "REF", "What to take, all of it or nothing: issues by their id or its beginning, things as name:THING").required(true))
        .arg(option("task", "TEXT", "What for, in a line; others see it"))
        .arg(option("ttl", "DURATION", "How long it stands without a renewal: 90s, 10m, 1h30m, 1d, a plain number is seconds; more than `jit config get max_ttl` says is bad usage [default: 10m, or what `jit config get ttl` says]"))
        .arg(option("wait", "DURATION", "Wait in turn, at most so long, if somebody holds it: 90s, 10m, 2h"))
        .arg(
            option("resume", "TOKEN", "Carry on with a lease of one's own, in the worktree that holds it: the token that its grant showed")
                .conflicts_with_all(["task", "ttl", "wait", "dry-run"]),
        )
        .arg(
            Arg::new("dry-run")
                .long("dry-run")
                .action(ArgAction::SetTrue)
                .help("Take nothing; say whether it would be granted, with the same exit status"),
        )
        .arg(
            Arg::new("override-quarantine")
                .long("override-quarantine")
                .action(ArgAction::SetTrue)
                .help("Take what failed too often all the same"),
        )
        .after_help(
            "The answer shows the lease's id and, this once, its token. Exit status 5: somebody holds some of\n\
             it (each holder is named), or waits for it; 8: waited in vain.\n\n\
             Example: jit claim acquire name:schema name:docs --ttl 30m --task \"rename users\" --wait 2m",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let issues = references(world, &all(matches, "REF"))?;
    let task = parsed(matches, "task")?;
    let ttl = parsed(matches, "ttl")?;
    let wait = one(matches, "wait").map(parse_duration).transpose();
    let wait = wait.map_err(|error| Failure::usage(&format!("--wait: {error}"), ""))?;
    if let Some(token) = parsed::<Token>(matches, "resume")? {
        let request = Resume { issues, token: token.hash() };
        let lease = world.transact(&request)?;
        let look = world.glance(world.now()?, Some(&lease));
        return Ok(Output::Granted { did: "resumed", lease, token: None, look });
    }
    let again = again(&issues, matches);
    let minted = world.mint()?;
    let branch = world.branch()?;
    let terms = Terms { task, branch, ttl };
    let request = |ticket| {
        Ok(Acquire {
            id: minted.lease,
            token: minted.token.hash(),
            issues: issues.clone(),
            filed: filed(world, &issues)?,
            despite_failures: matches.get_flag("override-quarantine"),
            terms: terms.clone(),
            ticket,
        })
    };
    if matches.get_flag("dry-run") {
        return rehearse(world, &request(None)?).map_err(|failure| failure.with_wait(&again));
    }
    let lease = waiting::transact(world, wait, Some(&issues), request).map_err(|failure| {
        failure
            .with_token(&minted.token)
            .or_renew(&format!("jit claim renew {}", minted.lease))
            .with_wait(&again)
    })?;
    let now = Now { stamp: lease.renewed, wall: lease.acquired_at };
    warn_of_its_end(world, &lease, &now)?;
    warn_of_uncommitted(world, std::slice::from_ref(&lease));
    let look = world.glance(now, Some(&lease));
    Ok(Output::Granted { did: "acquired", lease, token: Some(minted.token), look })
}

/// What files say of the issues among these.
fn filed(world: &World<'_>, issues: &References) -> Result<Vec<Candidate>, Failure> {
    let ids: Vec<IssueId> = issues.iter().filter_map(Reference::issue).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let tracker = Tracker::around(world)?;
    ids.into_iter().map(|id| known::filed(&tracker, &tracker.read(id)?.issue)).collect()
}

/// The command that asks for the same again.
fn again(issues: &References, matches: &ArgMatches) -> String {
    let named = issues.iter().map(|reference| format!(" {reference}"));
    repeated(format!("jit claim acquire{}", named.collect::<String>()), matches, &["ttl", "task"])
}

fn rehearse(world: &World<'_>, request: &Acquire) -> Result<Output, Failure> {
    world.could_write()?;
    // A rehearsal is not counted.
    let lease = world.rehearse(request).map_err(|failure| Failure { refused: None, ..failure })?;
    Ok(Output::WouldGrant { lease })
}
