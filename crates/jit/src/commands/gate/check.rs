//! `jit gate check`

use clap::{ArgMatches, Command};
use jit_core::IssueId;
use jit_tracker::gates::{Check, Gate};
use jit_tracker::{Dir, GateName, Issue, Origin, Sink};

use crate::commands::{all, one, text, texts};
use crate::error::gates::pass;
use crate::error::{Code, Failure};
use crate::issues::approvals::Approvals;
use crate::issues::change::may_change;
use crate::issues::gates::{Checked, Defined, Verdict, names, open_gates, required, say};
use crate::issues::known::looked_up;
use crate::issues::passing::{Began, work_is_here};
use crate::issues::tracker::Tracker;
use crate::output::Output;
use crate::render;
use crate::running::launch::{End, Job, Launcher};
use crate::world::World;

/// Where outputs are kept, below the worktree's Git directory.
pub(crate) const OUTPUTS: &str = "jit/gates";

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(text("ISSUE", "ISSUE", "The issue's id, or its beginning").required(true))
        .arg(texts("GATE", "GATE", "A gate that has a command [default: all that the issue has]"))
        .after_help(
            "Each command runs in this worktree's root, with JIT_ISSUE_ID and JIT_GATE in its environment; its\n\
             exit status is what is recorded, once all have run. A command that this machine's user has not\n\
             approved does not run: `jit gate approve`. Exit status 7: some did not pass. 10: a signal\n\
             stopped it, or a command could not be started; nothing was recorded.\n\n\
             The work is what is looked at: what passes counts for the lease under which somebody works on the\n\
             issue now or, once the work is done, for that, and is checked in a worktree that has it (merged, say).\n\
             What passed before, or for another command, is open again. If the issue's work, the gate or what is said\n\
             of it changes while the command runs, nothing is recorded (exit status 7).\n\n\
             Example: jit gate check 3f2a91bc\n\
             Example: jit gate check 3f2a91bc tests",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let tracker = Tracker::around(world)?;
    let id = tracker.resolve(one(matches, "ISSUE").unwrap_or_default())?;
    let names = names(&all(matches, "GATE"))?;
    let mut found = looked_up(world, &tracker, tracker.read(id)?)?;
    required(&found.issue, &names)?;
    work_is_here(world, &tracker, &found)?;
    found.open_what_is_stale(world)?;
    let defined = Defined::here(world)?;
    let commands = commands(&defined, &found.issue, names)?;
    // Before anything runs: what could not be recorded, or may not run.
    may_change(world, &[found.issue.reference()])?;
    world.holder()?;
    approved(world, &defined, &commands)?;
    let began = Began::with(&found, &commands);
    let launcher = Launcher::new().map_err(|error| Failure::gate_not_started(&commands[0].0, &error))?;
    let checked = commands.iter().map(|(name, gate)| check(world, &launcher, id, name, gate));
    let checks: Vec<Checked> = checked.collect::<Result<_, _>>()?;
    drop(launcher);
    let passed = checks.iter().all(|check| matches!(check.verdict(), Verdict::Passed));
    let verdicts = checks.iter().map(|check| (check.gate.clone(), check.verdict())).collect();
    let known = match say(world, id, verdicts, Some(&began)) {
        Err(failure) if !passed && failure.code == Code::IssueEnded => {
            world.warn(format!("{id} is done: nothing was recorded"));
            return Err(Failure::gates_failed(&found, &checks));
        }
        known => known?,
    };
    if !passed {
        return Err(Failure::gates_failed(&known, &checks));
    }
    warn_of_open(world, &known.issue)?;
    Ok(Output::GatesChecked { checks, known: Box::new(known) })
}

/// That these were passed does not say that all are.
fn warn_of_open(world: &World<'_>, issue: &Issue) -> Result<(), Failure> {
    let (open, by_hand) = open_gates(world, issue)?;
    let next = match by_hand {
        true => pass(&world.repeated(), issue.id, &open),
        false => format!("jit {}gate check {}", world.repeated(), issue.id),
    };
    if !open.is_empty() {
        world.warn(format!("other gates are open still: {next}"));
    }
    Ok(())
}

/// Those of the named gates, or of all of the issue's, that have a command. To name one without is
/// an error, and so is it when nothing but such are left to pass.
fn commands(
    defined: &Defined,
    issue: &Issue,
    named: Vec<GateName>,
) -> Result<Vec<(GateName, Gate)>, Failure> {
    let all = named.is_empty();
    let names = if all { issue.gates.keys().cloned().collect() } else { named };
    let (mut commands, mut by_hand) = (Vec::new(), Vec::new());
    for name in names {
        let gate = defined.get(&name)?.clone();
        match gate.check {
            Check::Command { .. } => commands.push((name, gate)),
            Check::Manual => by_hand.push(name),
        }
    }
    by_hand.retain(|name| !all || issue.open_gates().any(|open| open == name));
    match by_hand.is_empty() || (all && !commands.is_empty()) {
        true => Ok(commands),
        false => Err(Failure::passed_by_hand(issue.id, &by_hand)),
    }
}

/// Lets nothing run that this machine's user has not approved; asks where somebody can answer.
fn approved(world: &World<'_>, defined: &Defined, commands: &[(GateName, Gate)]) -> Result<(), Failure> {
    let approvals = Approvals::of(world)?;
    let new: Vec<(GateName, Gate)> =
        commands.iter().filter(|(name, gate)| approvals.has(name, gate) != Some(true)).cloned().collect();
    if new.is_empty() {
        return Ok(());
    }
    if world.somebody_can_answer() && render::asked_to_approve(&new, defined.file()) {
        return approvals.add(&new);
    }
    Err(Failure::unapproved(&new, defined.file()))
}

/// Runs one gate's command and keeps the last of its output.
fn check(
    world: &World<'_>,
    launcher: &Launcher,
    id: IssueId,
    name: &GateName,
    gate: &Gate,
) -> Result<Checked, Failure> {
    let Check::Command { command, timeout } = &gate.check else {
        return Err(Failure::passed_by_hand(id, std::slice::from_ref(name)));
    };
    let repo = world.repo()?;
    let root = repo.worktree().ok_or_else(Failure::no_worktree)?;
    let issue = id.to_string();
    let job = Job {
        command: command.as_str(),
        dir: root,
        env: [("JIT_ISSUE_ID", &issue), ("JIT_GATE", name.as_str())],
        limit: timeout.duration(),
    };
    let ran = launcher.run(&job).map_err(|error| Failure::gate_not_started(name, &error))?;
    if let End::Interrupted(signal) = ran.end {
        return Err(Failure::gate_interrupted(name, signal));
    }
    let (dir, file) = (repo.git_dir().join(OUTPUTS), format!("{issue}.{name}.log"));
    let kept =
        Dir::below(repo.git_dir(), OUTPUTS, Origin::Worktree).and_then(|dir| dir.put(&file, &ran.output));
    kept.map_err(|error| Failure::not_made(&dir.join(&file), &error))?;
    let last = ran.last_lines();
    Ok(Checked { gate: name.clone(), end: ran.end, limit: *timeout, output: dir.join(file), last })
}
