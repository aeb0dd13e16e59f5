//! Export and import: issues, gates and events as one stream of JSON Lines.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jit_core::IssueId;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::event::{Event, EventId};
use crate::gates::{Gate, Gates};
use crate::issue::Issue;
use crate::json::{self, SchemaVersion};
use crate::problem::Problem;
use crate::text::GateName;

/// The keys of a line.
const KEYS: [&str; 4] = ["schema_version", "issue", "gate", "event"];

/// One line of the stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Entry {
    /// An issue.
    Issue(Box<Issue>),
    /// A gate.
    Gate {
        /// Its name.
        name: GateName,
        /// What it is.
        #[serde(flatten)]
        gate: Gate,
    },
    /// An event.
    Event(Box<Event>),
}

#[derive(Serialize, Deserialize)]
struct Line<E> {
    schema_version: SchemaVersion,
    #[serde(flatten)]
    entry: E,
}

/// A stream that can't be read. Nothing of it is imported.
#[derive(Debug, Error)]
#[error("{}", problem.on_line(*line))]
pub struct StreamError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong; places in it are within the line.
    pub problem: Problem,
}

/// A line of the stream, with its line break.
#[allow(
    clippy::expect_used,
    reason = "every key in an entry is a string, and memory does not fail to be written"
)]
pub fn line(entry: &Entry) -> String {
    let line = Line { schema_version: SchemaVersion, entry };
    let mut line = serde_json::to_string(&line).expect("an entry is JSON");
    line.push('\n');
    line
}

/// Reads a stream.
///
/// # Errors
/// At the first line that is none of its own.
pub fn read(text: &str) -> Result<Vec<Entry>, StreamError> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(before, line)| {
            let entry = json::parse::<Line<Entry>>(line.as_bytes(), &KEYS);
            entry.map(|line| line.entry).map_err(|problem| StreamError { line: before + 1, problem })
        })
        .collect()
}

/// What is here already.
pub struct Here<'a> {
    /// The issues.
    pub issues: &'a BTreeMap<IssueId, Issue>,
    /// The gates.
    pub gates: &'a Gates,
    /// The ids of the events.
    pub events: &'a HashSet<EventId>,
}

/// What an import has to write. Importing the same once more has nothing to write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Import {
    /// Issues that are not here, or are older here.
    pub issues: BTreeMap<IssueId, Issue>,
    /// Issues that are here as the stream has them, unless a later line of it says more.
    pub same: BTreeSet<IssueId>,
    /// Issues that were changed later here, or differently at the same time: they stay.
    pub kept: Vec<IssueId>,
    /// Gates that are not here.
    pub gates: Gates,
    /// Gates that are something else here: they stay.
    pub other_gates: Vec<GateName>,
    /// Events that are not here, in order.
    pub events: Vec<Event>,
}

/// What of a stream is new here.
pub fn import(entries: Vec<Entry>, here: &Here<'_>) -> Import {
    let mut import = Import::default();
    for entry in entries {
        match entry {
            Entry::Issue(issue) => import.issue(*issue, here),
            Entry::Gate { name, gate } => match import.gates.get(&name).or_else(|| here.gates.get(&name)) {
                None => drop(import.gates.insert(name, gate)),
                Some(same) if *same == gate => {}
                Some(_) => import.other_gates.push(name),
            },
            Entry::Event(event) if here.events.contains(&event.id) => {}
            Entry::Event(event) => import.events.push(*event),
        }
    }
    crate::events::in_order(&mut import.events);
    import
}

impl Import {
    fn issue(&mut self, issue: Issue, here: &Here<'_>) {
        match self.issues.get(&issue.id).or_else(|| here.issues.get(&issue.id)) {
            Some(same) if *same == issue => drop(self.same.insert(issue.id)),
            Some(known) if known.updated_at >= issue.updated_at => self.kept.push(issue.id),
            _ => drop(self.issues.insert(issue.id, issue)),
        }
    }
}
