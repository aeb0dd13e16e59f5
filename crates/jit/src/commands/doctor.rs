//! `jit doctor`

use clap::{Arg, ArgAction, ArgMatches, Command};
use jit_core::decide::Sweep;
use jit_store::Finding as Seen;

use crate::error::Failure;
use crate::output::{Finding, Needs, Output};
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(
            Arg::new("fix")
                .long("fix")
                .action(ArgAction::SetTrue)
                .help("Mend what can be mended without losing anything"),
        )
        .after_help("Exit status 0 when nothing needs a person, else 9.\n\nExample: jit doctor --fix")
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let fix = matches.get_flag("fix");
    let mut findings = policy_findings(world);
    let store = world.store()?;
    let before: Vec<Finding> = store.examine().into_iter().map(described).collect();
    let mended = fix && before.iter().any(|finding| finding.needs == Needs::Fix);
    if mended {
        // The next writer's step mends the log and evicts; what is left is taken away after it.
        world.transact(&Sweep)?;
        store.tidy(&world.holder()?).map_err(|error| world.trouble(error))?;
        let fixed = before.into_iter().filter(|finding| finding.needs == Needs::Fix);
        findings.extend(fixed.map(|finding| Finding { needs: Needs::Fixed, ..finding }));
        findings.extend(store.examine().into_iter().map(described));
    } else {
        findings.extend(before);
    }
    findings.extend(lost_worktrees(world)?);
    let healthy = findings.iter().all(|finding| finding.needs != Needs::Person);
    Ok(Output::Checked { findings, healthy })
}

fn policy_findings(world: &World<'_>) -> Vec<Finding> {
    match world.strict_policy() {
        Ok(_) => Vec::new(),
        Err(failure) => vec![Finding { what: failure.message, needs: Needs::Person }],
    }
}

/// Leases whose worktree is gone can't be renewed: somebody may want to end them early.
fn lost_worktrees(world: &World<'_>) -> Result<Vec<Finding>, Failure> {
    let mut known = Vec::new();
    for worktree in world.repo()?.worktrees(&jit_git::SystemGit::on_path())? {
        match worktree.identity {
            Ok(identity) => known.extend(identity.map(|identity| identity.id)),
            // Which leases are its own can't be told then.
            Err(error) => return Ok(vec![Finding { what: error.to_string(), needs: Needs::Person }]),
        }
    }
    let Ok((leases, _)) = world.read(&super::list::Live) else { return Ok(Vec::new()) };
    let gone = leases.into_iter().filter(|lease| !known.contains(&lease.holder.worktree.uuid()));
    let what = gone.map(|lease| {
        format!(
            "lease {} of {} is held in a worktree that is gone; it lapses by itself",
            lease.id, lease.holder.agent
        )
    });
    Ok(what.map(|what| Finding { what, needs: Needs::Nothing }).collect())
}

fn described(seen: Seen) -> Finding {
    let (what, needs) = match seen {
        Seen::Absent => ("nothing was claimed here yet".into(), Needs::Nothing),
        Seen::Log { segment, last, leases } => (
            format!("the log is sound: segment {segment}, records up to {last}, leases: {leases}"),
            Needs::Nothing,
        ),
        Seen::Torn { offset, length } => (
            format!(
                "{length} bytes at byte {offset} of the log were never acknowledged; they go to the archive"
            ),
            Needs::Fix,
        ),
        Seen::History { records } => {
            (format!("the archive is sound: {records} records with the log's"), Needs::Nothing)
        }
        Seen::Index => ("the index agrees with the log".into(), Needs::Nothing),
        Seen::NoIndex => ("there is no index of this boot; the next change makes it".into(), Needs::Fix),
        Seen::IndexDisagrees => ("the index disagrees with the log; it is made anew".into(), Needs::Fix),
        Seen::Lapsed(leases) => {
            (format!("leases that have lapsed: {leases}; the next change evicts them"), Needs::Fix)
        }
        Seen::Leftover(file) => (format!("{file} was left by a writer that was interrupted"), Needs::Fix),
        Seen::SharedFilesystem(kind) => {
            (format!("the control plane is on {kind}: locks may be local to each machine"), Needs::Person)
        }
        Seen::Trouble(error) => (error.to_string(), Needs::Person),
    };
    Finding { what, needs }
}
