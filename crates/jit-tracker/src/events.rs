//! All events: the lines of every worktree's file, taken together. One writer a file, so that
//! branches join without a conflict.

use std::collections::HashSet;

use jit_core::WorktreeId;
use thiserror::Error;

use crate::event::Event;
use crate::json;
use crate::problem::{FileError, Problem};
use crate::source::{Sink, Source};

/// The keys of a line.
const KEYS: [&str; 9] = ["schema_version", "id", "at", "actor", "issue", "what", "field", "from", "to"];

/// What was written, and apart from it what can't be read any more.
#[derive(Debug, Default)]
pub struct Events {
    /// The events, each once, by time and then by id.
    pub events: Vec<Event>,
    /// Lines that are no events.
    pub damaged: Vec<Damaged>,
    /// Files that can't be read.
    pub unreadable: Vec<FileError>,
}

/// A line that is no event. Nothing follows from it for the others.
#[derive(Debug, Error)]
#[error("{file}, {}", problem.on_line(*line))]
pub struct Damaged {
    /// The file as its source names it.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// What is wrong; places in it are within the line.
    pub problem: Problem,
}

/// The name of the file that a worktree writes to.
pub fn file_name(worktree: WorktreeId) -> String {
    format!("{worktree}.jsonl")
}

/// An event as a line, with its line break.
#[allow(
    clippy::expect_used,
    reason = "every key in an event is a string, and memory does not fail to be written"
)]
pub fn line(event: &Event) -> String {
    let mut line = serde_json::to_string(event).expect("an event is JSON");
    line.push('\n');
    line
}

/// Reads an event's line.
///
/// # Errors
/// When it is no event.
pub fn parse(line: &[u8]) -> Result<Event, Problem> {
    json::parse(line, &KEYS).map_err(|problem| match problem {
        Problem::Conflicted { line, .. } => Problem::Conflicted { line, keep: "the lines of both sides" },
        problem => problem,
    })
}

/// Appends events to a worktree's file, durably and together.
///
/// # Errors
/// When they are not known to be there.
pub fn append(sink: &dyn Sink, worktree: WorktreeId, events: &[Event]) -> std::io::Result<()> {
    let lines: String = events.iter().map(line).collect();
    if lines.is_empty() { Ok(()) } else { sink.append(&file_name(worktree), &lines) }
}

/// Reads all events that these directories have.
pub fn read(sources: &[&dyn Source]) -> Events {
    let mut all = Events::default();
    for source in sources {
        match source.names() {
            Ok(mut names) => {
                names.retain(|name| name.ends_with(".jsonl") && !name.starts_with('.'));
                names.sort_unstable();
                names.iter().for_each(|name| read_file(*source, name, &mut all));
            }
            Err(error) => all.unreadable.push(unreadable(*source, "", error)),
        }
    }
    in_order(&mut all.events);
    all
}

/// By time, then by id; each once.
pub fn in_order(events: &mut Vec<Event>) {
    events.sort_by_key(|event| (event.at, event.id));
    let mut seen = HashSet::with_capacity(events.len());
    events.retain(|event| seen.insert(event.id));
}

fn read_file(source: &dyn Source, name: &str, all: &mut Events) {
    let text = match source.read(name) {
        Ok(text) => text.unwrap_or_default(),
        Err(error) => return all.unreadable.push(unreadable(source, name, error)),
    };
    for (before, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match parse(line) {
            Ok(event) => all.events.push(event),
            Err(problem) => {
                let file = source.place(name);
                all.damaged.push(Damaged { file, line: before + 1, problem });
            }
        }
    }
}

fn unreadable(source: &dyn Source, name: &str, error: std::io::Error) -> FileError {
    FileError { file: source.place(name), issue: None, problem: error.into() }
}
