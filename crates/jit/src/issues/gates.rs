//! The gates that this worktree's `.jit/gates.toml` defines, and what is said of an issue's gates.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use jit_core::{FiledGates, Gate as LogGate, IssueId, Task, Ttl};
use jit_tracker::gates::{self, Check, Gate, Gates};
use jit_tracker::{
    Dir, FileError, GateName, GateResult, Issue, Origin, Problem, Sink, Source, State, nearest,
};

use crate::error::Failure;
use crate::error::gates::pass;
use crate::issues::change::with_gates;
use crate::issues::elsewhere::places;
use crate::issues::known::{Known, Stage, looked_closely};
use crate::issues::passing::{Began, Of};
use crate::issues::tracker::{Tracker, later};
use crate::running::launch::End;
use crate::world::World;

/// Where the file is, below a worktree's root.
const DIR: &str = ".jit";

/// What this worktree defines.
pub(crate) struct Defined {
    file: PathBuf,
    dir: Dir,
    text: String,
    gates: Gates,
}

impl Defined {
    /// Reads the file; without one, there are no gates.
    pub(crate) fn here(world: &World<'_>) -> Result<Self, Failure> {
        let root = world.repo()?.worktree().ok_or_else(Failure::no_worktree)?;
        let file = root.join(DIR).join(gates::FILE);
        let broken = |problem| {
            Failure::broken_file(&FileError { file: file.display().to_string(), issue: None, problem })
        };
        let dir = Dir::below(root, DIR, Origin::Worktree).map_err(|error| broken(error.into()))?;
        let bytes = dir.read(gates::FILE).map_err(|error| broken(error.into()))?.unwrap_or_default();
        let text = String::from_utf8(bytes)
            .map_err(|_| broken(Problem::from(io::Error::new(ErrorKind::InvalidData, "it is not UTF-8"))))?;
        let gates = gates::parse(&text).map_err(broken)?;
        Ok(Self { dir, text, gates, file })
    }

    /// The file.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Every gate, by name.
    pub(crate) fn all(&self) -> &Gates {
        &self.gates
    }

    /// One of them.
    pub(crate) fn get(&self, name: &GateName) -> Result<&Gate, Failure> {
        let known = self.gates.keys().map(GateName::as_str);
        self.gates.get(name).ok_or_else(|| Failure::undefined_gate(name, nearest(name.as_str(), known)))
    }

    /// Writes the definition of one, or another one of it.
    pub(crate) fn define(&self, name: &GateName, gate: &Gate) -> Result<(), Failure> {
        let text = gates::defined(&self.text, name, gate).map_err(|problem| {
            Failure::broken_file(&FileError { file: self.file.display().to_string(), issue: None, problem })
        })?;
        let written = self.dir.put(gates::FILE, text.as_bytes());
        written.map_err(|error| Failure::not_made(&self.file, &error))
    }
}

/// Each of these is defined here: nobody could pass any other.
pub(crate) fn defined(world: &World<'_>, names: &[GateName]) -> Result<(), Failure> {
    if names.is_empty() {
        return Ok(());
    }
    let here = Defined::here(world)?;
    names.iter().try_for_each(|name| here.get(name).map(drop))
}

/// The names of gates, each once.
pub(crate) fn names(words: &[String]) -> Result<Vec<GateName>, Failure> {
    let mut names = Vec::new();
    for word in words {
        let name: GateName =
            word.parse().map_err(|error: jit_tracker::TextError| Failure::usage(&error.to_string(), ""))?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// Each of these has to be passed before the issue is done.
pub(crate) fn required(issue: &Issue, names: &[GateName]) -> Result<(), Failure> {
    let known = || issue.gates.keys().map(GateName::as_str);
    match names.iter().find(|name| !issue.gates.contains_key(name)) {
        Some(name) => Err(Failure::gate_not_required(issue.id, name, nearest(name.as_str(), known()))),
        None => Ok(()),
    }
}

/// Each of these can be taken away. One that the log waits for may be gone from the file: saying it
/// again tells the log.
pub(crate) fn removable(known: &Known<Issue>, names: &[GateName]) -> Result<(), Failure> {
    let open = &known.standing.facts.open_gates;
    let here: Vec<_> = names.iter().filter(|name| !open.contains(&LogGate::named(name))).cloned().collect();
    required(&known.issue, &here)
}

/// Lets an issue wait for gates, as far as it does not yet. Of one that is passed nothing is said: those
/// that are open are returned.
pub(crate) fn require(issue: &mut Issue, names: Vec<GateName>) -> BTreeSet<GateName> {
    for name in &names {
        issue.gates.entry(name.clone()).or_insert(GateResult::Open);
    }
    names.into_iter().filter(|name| issue.open_gates().any(|open| open == name)).collect()
}

/// What is done takes no new gate and no failed one: nothing would wait for it.
pub(crate) fn not_done(id: IssueId, stage: Stage) -> Result<(), Failure> {
    match stage {
        Stage::At(State::Done) => Err(Failure::gate_too_late(id)),
        _ => Ok(()),
    }
}

/// The open gates of an issue, as the log names them.
pub(crate) fn open<D>(issue: &Issue<D>) -> BTreeSet<LogGate> {
    issue.open_gates().map(LogGate::named).collect()
}

/// What an issue's file says of its gates, as the log names them.
pub(crate) fn filed<D>(issue: &Issue<D>) -> FiledGates {
    let passed = issue.gates.iter().filter(|(_, result)| result.passed());
    FiledGates { open: open(issue), passed: passed.map(|(name, _)| LogGate::named(name)).collect() }
}

/// The open gates of an issue, and whether somebody's word is all that is missing.
pub(crate) fn open_gates<D>(world: &World<'_>, issue: &Issue<D>) -> Result<(Vec<GateName>, bool), Failure> {
    let here = Defined::here(world)?;
    let open: Vec<GateName> = issue.open_gates().cloned().collect();
    let by_hand =
        open.iter().all(|name| here.all().get(name).is_some_and(|gate| gate.check == Check::Manual));
    Ok((open, by_hand))
}

/// What passes the open gates of an issue whose work is done.
pub(crate) fn way_past<D>(world: &World<'_>, issue: &Issue<D>) -> String {
    let options = world.repeated();
    match open_gates(world, issue) {
        Ok((open, true)) if !open.is_empty() => format!("once it is so: {}", pass(&options, issue.id, &open)),
        _ => format!("check its gates: jit {options}gate check {}", issue.id),
    }
}

/// A refusal because of open gates, with what brings the issue on.
pub(crate) fn advised(world: &World<'_>, failure: Failure) -> Failure {
    match failure.gated().map(|id| way_on(world, id)) {
        Some(Ok(Some(way))) => Failure { hint: Some(way), ..failure },
        _ => failure,
    }
}

fn way_on(world: &World<'_>, id: IssueId) -> Result<Option<String>, Failure> {
    let tracker = Tracker::around(world)?;
    let Some(found) = tracker.find(id)? else { return Ok(None) };
    let known = looked_closely(world, &tracker, found)?;
    let place = places(world, &[&known])?.pop().flatten();
    Ok(Some(place.map_or_else(|| way_past(world, &known.issue), |place| place.way)))
}

/// A gate as it is defined.
pub(crate) struct Shown {
    pub(crate) name: GateName,
    pub(crate) gate: Gate,
    /// Whether its command may run on this machine; not known where it has none, or nobody can say.
    pub(crate) approved: Option<bool>,
}

/// A gate whose command ran.
pub(crate) struct Checked {
    pub(crate) gate: GateName,
    pub(crate) end: End,
    pub(crate) limit: Ttl,
    /// Where the last of its output is.
    pub(crate) output: PathBuf,
    /// The last lines of it.
    pub(crate) last: Vec<String>,
}

impl Checked {
    /// What its command says of it.
    pub(crate) fn verdict(&self) -> Verdict {
        match self.end {
            End::Exited(0) => Verdict::Passed,
            _ => Verdict::Failed(self.how().parse().ok()),
        }
    }

    /// How its command ended.
    pub(crate) fn how(&self) -> String {
        match self.end {
            End::Exited(status) => format!("exit status {status}"),
            End::Killed(signal) | End::Interrupted(signal) => format!("killed by signal {signal}"),
            End::TimedOut => format!("not done after {}", self.limit),
        }
    }
}

/// What is said of a gate.
pub(crate) enum Verdict {
    /// It is passed.
    Passed,
    /// It is not, and why.
    Failed(Option<Task>),
}

/// Writes what is said of an issue's gates; the latest word counts. What is done fails none. What a
/// check found is of what it began with.
pub(crate) fn say(
    world: &World<'_>,
    id: IssueId,
    verdicts: Vec<(GateName, Verdict)>,
    began: Option<&Began>,
) -> Result<Known<Issue>, Failure> {
    let (by, now) = (world.agent()?, world.now()?.wall);
    let changed = with_gates(world, id, |known| {
        if verdicts.iter().any(|(_, verdict)| matches!(verdict, Verdict::Failed(_))) {
            not_done(id, known.stage())?;
        }
        let defined = Defined::here(world)?;
        began.map_or(Ok(()), |began| began.is_still(known, &defined, &verdicts))?;
        let mut said = BTreeSet::new();
        for (name, verdict) in verdicts {
            let Some(before) = known.issue.gates.get(&name).map(GateResult::at) else {
                world.warn(format!("{id} has no gate {name} any more: nothing was recorded of it"));
                continue;
            };
            // Merging takes the later of two results.
            let (by, at) = (by.clone(), before.map_or(now, |before| later(now, before)));
            let result = match verdict {
                Verdict::Passed => Of::now(known, &defined, &name)?.passed(by, at),
                Verdict::Failed(note) => GateResult::Failed { by, at, note },
            };
            known.issue.gates.insert(name.clone(), result);
            said.insert(name);
        }
        Ok(said)
    })?;
    Ok(changed.known)
}
