//! `jit import`

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::Read;
use std::time::Duration;

use clap::{ArgMatches, Command};
use jit_core::{IssueId, Outcome};
use jit_tracker::stream::{self, Entry, Here, Import};
use jit_tracker::{EventId, Issue};

use crate::commands::query::warn_of_circle;
use crate::commands::{one, text};
use crate::error::Failure;
use crate::input::files;
use crate::issues::elsewhere::places;
use crate::issues::filed::ended;
use crate::issues::gates::Defined;
use crate::issues::known::{All, Known, Log};
use crate::issues::taking::take;
use crate::issues::tracker::Changing;
use crate::output::{Imported, Output};
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.arg(text("FILE", "FILE|-", "What `jit export` wrote [default: -, standard input]")).after_help(
        "Checked as a whole before anything is written; what stops half way is said again. What is here already\n\
         is not written again; an issue that was changed later here stays, and so does a gate that is something\n\
         else here. Exit status 2: a line is none of its own. Where the policy is strict, by default for agents\n\
         (enforce_agents) and not for people (enforce_people), 6: somebody else holds an issue; 7: one would be\n\
         done without its lease or with open gates, or pass a gate that has a command. What ends by it has\n\
         ended for every worktree at once; what ended here stays so until `jit issue reopen`. Work that another\n\
         branch or worktree of this repository has is left to a merge, with a warning.\n\n\
         Example: jit import backup.jsonl",
    )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let entries = read(world, one(matches, "FILE").unwrap_or("-"))?;
    let all = Names::of(&entries);
    let tracker = Changing::around(world)?;
    let issues = here(&tracker, &all.issues)?;
    let events: HashSet<EventId> = tracker.events()?.events.into_iter().map(|event| event.id).collect();
    let gates = Defined::here(world)?;
    let mut import = stream::import(entries, &Here { issues: &issues, gates: gates.all(), events: &events });
    leave_to_a_merge(world, &mut import)?;
    take(world, &tracker, &issues, &gates, &import)?;
    world.something_changed();
    warn_of_ended(world, import.issues.values())?;
    warn_of_future(world, import.issues.values())?;
    warn_of_circle(world, &All::here(world)?);
    Ok(Output::Imported(all.counted(import)))
}

/// Of work that another branch or worktree of this repository has, a merge brings the file, and the work
/// with it. What is nowhere any more comes from the stream: it may be all that is left.
fn leave_to_a_merge(world: &World<'_>, import: &mut Import) -> Result<(), Failure> {
    let all = All::here(world)?;
    let is_elsewhere = |known: &&Known| {
        let log_knows = known.standing.facts.outcome.is_some();
        let is_done = known.ended_elsewhere().is_some_and(Outcome::is_worked);
        log_knows && is_done && import.issues.contains_key(&known.issue.id)
    };
    let elsewhere: Vec<&Known> = all.issues.iter().filter(is_elsewhere).collect();
    for (known, place) in elsewhere.iter().zip(places(world, &elsewhere)?) {
        let Some(place) = place.filter(|place| place.found) else { continue };
        let id = known.issue.id;
        import.issues.remove(&id);
        import.kept.push(id);
        let (told, way) = (place.told(), place.way);
        world.warn(format!("nothing was written of {id}: it was {told}, and is not in your files; {way}"));
    }
    Ok(())
}

/// What the leases know to have ended is not opened by a file that says otherwise.
fn warn_of_ended<'i>(world: &World<'_>, written: impl Iterator<Item = &'i Issue>) -> Result<(), Failure> {
    let open: Vec<&Issue> = written.filter(|issue| ended(issue.state).is_none()).collect();
    let standings =
        world.read(&Log::about(world, open.iter().map(|issue| issue.reference().into()).collect())?)?;
    for (issue, standing) in open.into_iter().zip(standings) {
        if let Some(outcome) = standing.facts.outcome {
            let (id, outcome, options) = (issue.id, outcome.name(), world.repeated());
            world.warn(format!(
                "{id} was written, but the leases know it as {outcome}, and nobody can claim it before: jit {options}issue reopen {id}"
            ));
        }
    }
    Ok(())
}

/// Clocks of two machines differ by so much.
const APART: Duration = Duration::from_secs(60);

/// What was changed by a clock that is ahead stays the later one until it is changed here.
fn warn_of_future<'i>(world: &World<'_>, written: impl Iterator<Item = &'i Issue>) -> Result<(), Failure> {
    let latest = world.now()?.wall.plus(APART);
    for issue in written.filter(|issue| issue.updated_at > latest) {
        world.warn(format!(
            "{} was last changed at {}, as its file says, which is in the future: no import and no merge of an older time changes it",
            issue.id, issue.updated_at
        ));
    }
    Ok(())
}

fn read(world: &World<'_>, file: &str) -> Result<Vec<Entry>, Failure> {
    let (name, bytes) = match file {
        "-" => {
            let mut bytes = Vec::new();
            let read = std::io::stdin().lock().read_to_end(&mut bytes);
            read.map_err(|error| Failure::usage(&format!("standard input: {error}"), ""))?;
            ("standard input".to_owned(), bytes)
        }
        file => (file.to_owned(), files::read(&world.path(file))?),
    };
    let text = String::from_utf8(bytes).map_err(|error| {
        let whole = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = whole.iter().filter(|byte| **byte == b'\n').count() + 1;
        Failure::bad_stream(&name, line, &format!("line {line}: it is not UTF-8"))
    })?;
    stream::read(&text).map_err(|error| Failure::bad_stream(&name, error.line, &error.to_string()))
}

/// Those of these issues that are here. One whose file is broken can't be compared.
fn here(tracker: &Changing<'_>, ids: &BTreeSet<IssueId>) -> Result<BTreeMap<IssueId, Issue>, Failure> {
    let found = ids.iter().map(|id| tracker.find(*id)).collect::<Result<Vec<_>, _>>()?;
    Ok(found.into_iter().flatten().map(|found| (found.issue.id, *found.issue)).collect())
}

/// What a stream is about, each once.
struct Names {
    issues: BTreeSet<IssueId>,
    gates: BTreeSet<String>,
    events: BTreeSet<EventId>,
}

impl Names {
    fn of(entries: &[Entry]) -> Self {
        let mut names = Self { issues: BTreeSet::new(), gates: BTreeSet::new(), events: BTreeSet::new() };
        for entry in entries {
            match entry {
                Entry::Issue(issue) => drop(names.issues.insert(issue.id)),
                Entry::Gate { name, .. } => drop(names.gates.insert(name.to_string())),
                Entry::Event(event) => drop(names.events.insert(event.id)),
            };
        }
        names
    }

    /// What became of them.
    fn counted(&self, import: Import) -> Imported {
        let kept: BTreeSet<IssueId> =
            import.kept.into_iter().filter(|id| !import.issues.contains_key(id)).collect();
        let other_gates: BTreeSet<String> = import
            .other_gates
            .iter()
            .filter(|name| !import.gates.contains_key(*name))
            .map(ToString::to_string)
            .collect();
        let issues = [import.issues.len(), self.issues.len() - import.issues.len() - kept.len()];
        let gates = [import.gates.len(), self.gates.len() - import.gates.len() - other_gates.len()];
        let events = [import.events.len(), self.events.len() - import.events.len()];
        Imported {
            issues,
            kept: kept.into_iter().collect(),
            gates,
            other_gates: other_gates.into_iter().collect(),
            events,
        }
    }
}
