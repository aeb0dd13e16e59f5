//! `jit doctor`

mod data_plane;
mod shared;

use std::collections::BTreeMap;

use clap::{Arg, ArgAction, ArgMatches, Command};
use jit_core::Lease;
use jit_core::decide::Sweep;
use jit_git::{ConfigEnv, SystemGit, Worktree};
use jit_store::os::{Modes, Oddity, may_write, mend, survey};
use jit_store::{Keeper, StoreError};

use crate::commands::{one, option};
use crate::error::{Code, Failure};
use crate::finding::{Finding, Kind, Needs};
use crate::issues::unrecorded::tell;
use crate::output::Output;
use crate::worktrees::is_half_made;
use crate::world::{Minted, POLICY, World};

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(
            Arg::new("fix")
                .long("fix")
                .action(ArgAction::SetTrue)
                .help("Mend what can be mended without losing anything"),
        )
        .arg(
            Arg::new("salvage")
                .long("salvage")
                .action(ArgAction::SetTrue)
                .conflicts_with_all(["fix", "shared"])
                .help("Set a damaged log aside, or do without a missing one, and go on with the leases that can still be known"),
        )
        .arg(
            Arg::new("shared")
                .long("shared")
                .action(ArgAction::SetTrue)
                .conflicts_with("fix")
                .help("Test the locks together with another machine or container that runs the same command"),
        )
        .arg(
            option(
                "wait",
                "DURATION",
                "How long to wait for the other side, and for each of its steps [default: 1m]",
            )
            .requires("shared"),
        )
        .after_help(
            "Exit status 0 when nothing needs a person, else 9. With --shared: 0 when both sides may\n\
             claim, 9 when that is not safe, 8 when no other side came.\n\n\
             Example: jit doctor --fix\n\
             Example: jit doctor --shared --wait 2m",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    if matches.get_flag("shared") {
        return shared::run(world, one(matches, "wait"));
    }
    let salvaged = matches.get_flag("salvage").then(|| salvaged(world)).transpose()?;
    let mut findings: Vec<Finding> = salvaged.into_iter().chain(look(world)?).collect();
    if matches.get_flag("fix") && findings.iter().any(fixable) {
        findings = fixed(world, findings)?;
    }
    let (options, dir) = (world.repeated(), world.control_plane()?);
    for finding in &mut findings {
        if finding.needs == Needs::Fix {
            finding.hint = Some(format!("jit {options}doctor --fix"));
        }
    }
    let findings: Vec<Finding> =
        findings.into_iter().map(|finding| finding.or_salvage(&options, &dir)).collect();
    let healthy = findings.iter().all(|finding| finding.needs != Needs::Person);
    Ok(Output::Checked { findings, healthy })
}

fn salvaged(world: &World<'_>) -> Result<Finding, Failure> {
    let Minted { lease, token } = world.mint()?;
    let least = world.policy()?.max_ttl;
    let keeper = Keeper { holder: world.holder()?, lease, token: token.hash(), least };
    let salvaged = world.store()?.salvage(&keeper).map_err(|error| world.trouble(error))?;
    Ok(Finding::salvaged(salvaged, &world.repeated(), &world.control_plane()?))
}

fn fixable(finding: &Finding) -> bool {
    finding.needs == Needs::Fix
}

/// Others work meanwhile, and may leave the same again.
const ROUNDS: u32 = 3;

/// Mends, and looks again: only what is gone then was fixed.
fn fixed(world: &World<'_>, before: Vec<Finding>) -> Result<Vec<Finding>, Failure> {
    let dir = world.control_plane()?;
    let mut rounds = 0;
    let mut after = loop {
        rounds += 1;
        let done = mended(world);
        let after = look(world)?;
        match done {
            Err(failure) if failure.code.status() == 2 => return Err(failure),
            Err(failure) => break unwilling(after, Finding::failure(failure, &dir)),
            Ok(()) if !after.iter().any(fixable) => break after,
            Ok(()) if rounds == ROUNDS => break after.into_iter().map(|left| left.unfixed(&dir)).collect(),
            Ok(()) => {}
        }
    };
    let gone = |finding: &Finding| fixable(finding) && !after.iter().any(|other| other.same(finding));
    let fixed = before.into_iter().filter(gone);
    let mut findings: Vec<Finding> = fixed.map(Finding::fixed).collect();
    findings.append(&mut after);
    Ok(findings)
}

/// What is there, with why it could not be mended.
fn unwilling(mut found: Vec<Finding>, why: Finding) -> Vec<Finding> {
    found.retain(|finding| finding.kind != why.kind);
    found.push(why);
    found
}

/// Permissions first: the rest may need them.
fn mended(world: &World<'_>) -> Result<(), Failure> {
    data_plane::tidy(world)?;
    for oddity in oddities(world)?.iter().filter(|oddity| oddity.ours) {
        let file = oddity.path.display().to_string();
        mend(oddity).map_err(|source| world.trouble(StoreError::NotWritable { file, source }))?;
    }
    if !world.control_plane()?.exists() {
        return Ok(());
    }
    // The next writer's step mends the log and evicts; what is left is taken away after it.
    world.transact(&Sweep)?;
    tell(world)?;
    if !half_made(world)?.is_empty() {
        // Whoever takes the lock tidies up after those that died with it.
        world.lock_worktrees()?;
    }
    world.store()?.tidy(&world.holder()?).map_err(|error| world.trouble(error))
}

fn look(world: &World<'_>) -> Result<Vec<Finding>, Failure> {
    let dir = world.control_plane()?;
    let failed = |failure: Failure| Finding::failure(failure.with_options(&world.repeated()), &dir);
    let mut findings = Vec::new();
    if let Err(failure) = world.strict_policy() {
        findings.push(Finding { path: Some(dir.join(POLICY)), ..failed(failure) });
    }
    // Without a readable policy there is no store, which was just said.
    if let Ok(store) = world.store() {
        findings.extend(store.examine().into_iter().map(|seen| Finding::seen(seen, &dir)));
    }
    findings.extend(unwritable(world)?);
    match oddities(world) {
        Ok(odd) => findings.extend(odd.iter().map(Finding::odd)),
        Err(failure) => findings.push(failed(failure)),
    }
    // Said by the survey, with what to do.
    let wrong: Vec<_> =
        findings.iter().filter(|finding| finding.kind == Kind::WrongType).map(|f| f.path.clone()).collect();
    findings
        .retain(|finding| finding.kind != Kind::Failure(Code::NotAFile) || !wrong.contains(&finding.path));
    // Whatever is in the way of these was said.
    findings.extend(data_plane::unrecorded(world).unwrap_or_default());
    findings.extend(data_plane::end_nowhere(world).unwrap_or_default());
    for found in [lost_worktrees(world), half_made(world), unasked(world), data_plane::look(world)] {
        match found {
            Ok(found) => findings.extend(found),
            Err(failure) => findings.push(failed(failure)),
        }
    }
    Ok(findings)
}

/// Why this user, or this process in its sandbox, may only read.
fn unwritable(world: &World<'_>) -> Result<Option<Finding>, Failure> {
    let dir = world.control_plane()?;
    if let Err(failure) = world.may_write() {
        return Ok(Some(Finding::failure(failure, &dir)));
    }
    let source = match may_write(&dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => error,
        _ => return Ok(None),
    };
    let failure = world.trouble(StoreError::NotWritable { file: "the control plane".into(), source });
    Ok(Some(Finding::failure(failure, &dir)))
}

/// What is odd about the files of the control plane and of this worktree's identity.
fn oddities(world: &World<'_>) -> Result<Vec<Oddity>, Failure> {
    let repo = world.repo()?;
    let modes = Modes { dir: repo.shared_repository(&ConfigEnv::from_process())?.dir_mode() };
    let mut dirs = vec![world.control_plane()?];
    if repo.is_linked() {
        dirs.push(repo.git_dir().join("jit"));
    }
    let mut found = Vec::new();
    for dir in dirs {
        let file = dir.display().to_string();
        found.extend(
            survey(&dir, modes).map_err(|source| world.trouble(StoreError::NotReadable { file, source }))?,
        );
    }
    Ok(found)
}

/// Leases whose worktree is not where it was, or nowhere: somebody may want to end them early.
fn lost_worktrees(world: &World<'_>) -> Result<Vec<Finding>, Failure> {
    // Before the look: one that is whole by then has a place.
    let making = world.is_another_made();
    let mut places = BTreeMap::new();
    for worktree in world.repo()?.worktrees(&SystemGit::on_path())? {
        // Which leases are its own can't be told without.
        let Some(identity) = worktree.identity? else { continue };
        places.insert(identity.id, worktree.path);
    }
    let Ok((leases, _)) = world.read(&super::claim::list::Live) else { return Ok(Vec::new()) };
    let lost = |lease: &Lease| {
        let place = places.get(&lease.holder.worktree.uuid());
        match place {
            Some(place) => (!place.exists()).then(|| Finding::moved_away(lease, place)),
            None if making => Some(Finding::in_the_making(lease)),
            None => Some(Finding::without_worktree(lease, &world.repeated())),
        }
    };
    Ok(leases.iter().filter_map(lost).collect())
}

/// Worktrees in which Git does not ask jit what it asks it elsewhere.
fn unasked(world: &World<'_>) -> Result<Vec<Finding>, Failure> {
    let all = crate::hooks::unasked(world)?;
    Ok(all.into_iter().map(|root| Finding::without_hooks(root, &world.repeated())).collect())
}

/// Worktrees that a jit began to make, and that are not whole.
fn half_made(world: &World<'_>) -> Result<Vec<Finding>, Failure> {
    let all = world.worktrees()?;
    let finding =
        |worktree: &Worktree| Ok(Finding::half_made(&worktree.path, !world.leases_in(worktree)?.is_empty()));
    all.iter().filter(|worktree| is_half_made(worktree)).map(finding).collect()
}
