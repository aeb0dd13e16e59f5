//! `jit export`

use std::collections::HashMap;

use clap::{ArgMatches, Command};
use jit_core::IssueId;
use jit_tracker::stream::{Entry, line};
use jit_tracker::{Issue, State};

use crate::commands::{one, text};
use crate::error::Failure;
use crate::input::files;
use crate::issues::elsewhere::places;
use crate::issues::filed::state;
use crate::issues::gates::Defined;
use crate::issues::known::{All, Known};
use crate::issues::tracker::{Tracker, later};
use crate::output::{Exported, Output};
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.arg(text("FILE", "FILE|-", "Where to write it [default: -, standard output]")).after_help(
        "Issues as this worktree sees them, in the state that `jit issue show` says, the gates that it\n\
         defines, and all events: one JSON object a line.\n\
         Exit status 9: a file can't be read; nothing is exported. With --json and no FILE, the stream is one\n\
         string, `data.text`.\n\n\
         Example: jit export backup.jsonl",
    )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let tracker = Tracker::around(world)?;
    let mut issues = tracker.whole()?;
    as_known(world, &mut issues)?;
    let gates = match world.repo()?.worktree() {
        Some(_) => Defined::here(world)?.all().clone(),
        None => Default::default(),
    };
    let events = tracker.events()?;
    if let Some(damaged) = events.damaged.first() {
        return Err(Failure::damaged_event(damaged, &tracker.root()));
    }
    if let Some(error) = events.unreadable.first() {
        return Err(tracker.broken(error));
    }
    let exported = Exported { issues: issues.len(), gates: gates.len(), events: events.events.len() };
    let gates = gates.into_iter().map(|(name, gate)| Entry::Gate { name, gate });
    let issues = issues.into_iter().map(|issue| Entry::Issue(Box::new(issue)));
    let events = events.events.into_iter().map(|event| Entry::Event(Box::new(event)));
    let stream: String = gates.chain(issues).chain(events).map(|entry| line(&entry)).collect();
    match one(matches, "FILE") {
        None | Some("-") => Ok(Output::Text(stream)),
        Some(file) => {
            let path = world.path(file);
            files::write(&path, stream.as_bytes())?;
            Ok(Output::Exported { path, exported })
        }
    }
}

/// Lets each say how far it has come, and since when, for the log does not go with it.
fn as_known(world: &World<'_>, issues: &mut [Issue]) -> Result<(), Failure> {
    let all = All::here(world)?;
    let known: HashMap<IssueId, &Known> = all.issues.iter().map(|known| (known.issue.id, known)).collect();
    let mut behind = Vec::new();
    for issue in issues {
        let Some(known) = known.get(&issue.id) else { continue };
        let Some(ended) = known.outcome().map(state).filter(|ended| *ended != issue.state) else { continue };
        let at = known.standing.facts.ended_by.as_ref().map_or(issue.updated_at, |by| by.at);
        issue.state = ended;
        // Whoever has it as it was before takes this for the later one.
        issue.updated_at = later(at, issue.updated_at);
        if ended == State::Done && issue.open_gates().next().is_some() {
            behind.push(*known);
        }
    }
    warn_of_gates(world, &behind)
}

/// Which gates were passed elsewhere, and by whom, only the file there says.
fn warn_of_gates(world: &World<'_>, behind: &[&Known]) -> Result<(), Failure> {
    for (known, place) in behind.iter().zip(places(world, behind)?) {
        let way = place.map(|place| format!("; {}", place.way)).unwrap_or_default();
        world.warn(format!(
            "{} is done, but the file here has gates open that were passed elsewhere, and so has the export: where it is imported, it is gated{way}",
            known.issue.id
        ));
    }
    Ok(())
}
