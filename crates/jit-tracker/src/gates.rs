//! What gates there are, and how each is checked: `.jit/gates.toml`.

use std::collections::BTreeMap;
use std::ops::Range;

use jit_core::{ControlPlaneId, Ttl, parse_duration};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use toml_edit::{Document, DocumentMut, Item, Table, TableLike, TomlError, value};

use crate::nearest::nearest;
use crate::problem::{Place, Problem, conflict_line};
use crate::text::{GateName, GateText};

/// The file's name below `.jit`.
pub const FILE: &str = "gates.toml";

/// What is to be kept of a conflict: each side may define gates that issues have.
const BOTH_SIDES: &str = "the gates of both sides, each with all its keys below a `[gates.NAME]` of its own";

/// The keys of a gate.
const KEYS: [&str; 4] = ["kind", "command", "timeout", "description"];

/// Something that has to be passed before an issue is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// How it is passed.
    pub check: Check,
    /// What it asks for, for people.
    pub description: Option<GateText>,
}

/// How a gate is passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Check {
    /// Somebody says so.
    Manual,
    /// A command, run in the worktree, ends with status 0.
    Command {
        /// For the shell.
        command: GateText,
        /// How long it may take, in whole seconds.
        timeout: Ttl,
    },
}

/// How long a command may take that does not say.
pub fn default_timeout() -> Ttl {
    // Ten minutes are a TTL.
    Ttl::from_secs(600).unwrap_or(Ttl::MIN)
}

/// What a person approves when they let a gate's command run: this command, as this gate, in this
/// repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What an approval is of: another repository may come to be at the same path, and a copy of one
/// has its control plane.
#[derive(Clone, Copy, Debug)]
pub struct Repository<'a> {
    /// Whose leases it has.
    pub control_plane: ControlPlaneId,
    /// The path of its common directory.
    pub path: &'a [u8],
}

impl Gate {
    /// Of its command, if it has one.
    pub fn fingerprint(&self, name: &GateName, of: &Repository<'_>) -> Option<Fingerprint> {
        let Check::Command { command, .. } = &self.check else { return None };
        let mut hash = Sha256::new();
        let control_plane = of.control_plane.to_string();
        // None of them has a zero byte, so that nothing else hashes the same bytes.
        for part in [b"jit gate", name.as_str().as_bytes(), control_plane.as_bytes(), of.path] {
            hash.update(part);
            hash.update([0]);
        }
        hash.update(command.as_str());
        Some(Fingerprint(hash.finalize().into()))
    }
}

/// All gates, by name.
pub type Gates = BTreeMap<GateName, Gate>;

/// Reads the file of gates.
///
/// # Errors
/// When it is no TOML, or a gate is not one. What is half understood is not used.
pub fn parse(text: &str) -> Result<Gates, Problem> {
    if let Some(line) = conflict_line(text) {
        return Err(Problem::Conflicted { line, keep: BOTH_SIDES });
    }
    let document = Document::parse(text).map_err(|error| malformed(text, &error))?;
    let file = Text(text);
    let mut gates = Gates::new();
    for (key, item) in document.iter() {
        let span = document.key(key).and_then(toml_edit::Key::span);
        if key != "gates" {
            return Err(file.unknown(key, span, &["gates"]));
        }
        let table = file.table(item)?;
        for (name, item) in table.iter() {
            let span = table.key(name).and_then(toml_edit::Key::span);
            let parsed = name.parse().map_err(|error| file.value(span, error))?;
            gates.insert(parsed, file.gate(item)?);
        }
    }
    Ok(gates)
}

/// The text with a gate defined, or defined anew; comments and all other gates stay.
///
/// # Errors
/// When the text could not be read before.
pub fn defined(text: &str, name: &GateName, gate: &Gate) -> Result<String, Problem> {
    parse(text)?;
    let mut document = document(text)?;
    let gates = document.entry("gates").or_insert_with(|| {
        let mut gates = Table::new();
        gates.set_implicit(true);
        Item::Table(gates)
    });
    let Some(gates) = gates.as_table_like_mut() else { return Ok(text.to_owned()) };
    if !gates.contains_key(name.as_str()) {
        gates.insert(name.as_str(), Item::Table(Table::new()));
    }
    let Some(table) = gates.get_mut(name.as_str()).and_then(Item::as_table_like_mut) else {
        return Ok(text.to_owned());
    };
    let (kind, command, timeout) = match &gate.check {
        Check::Manual => ("manual", None, None),
        Check::Command { command, timeout } => {
            ("command", Some(command.to_string()), Some(timeout.to_string()))
        }
    };
    let description = gate.description.as_ref().map(ToString::to_string);
    set(table, "kind", Some(kind.to_owned()));
    set(table, "command", command);
    set(table, "timeout", timeout);
    set(table, "description", description);
    Ok(document.to_string())
}

/// Sets a key in its place, so that the comment behind it stays, or takes it out.
fn set(table: &mut dyn TableLike, key: &str, to: Option<String>) {
    match (to, table.get_mut(key).and_then(Item::as_value_mut)) {
        (None, _) => drop(table.remove(key)),
        (Some(to), Some(old)) if old.as_str() == Some(&to) => {}
        (Some(to), Some(old)) => {
            let decor = old.decor().clone();
            *old = to.into();
            *old.decor_mut() = decor;
        }
        (Some(to), None) => drop(table.insert(key, value(to))),
    }
}

fn document(text: &str) -> Result<DocumentMut, Problem> {
    text.parse().map_err(|error| malformed(text, &error))
}

fn malformed(text: &str, error: &TomlError) -> Problem {
    let place = Place::of_byte(text, error.span().map_or(0, |span| span.start));
    Problem::Malformed { place, message: error.message().to_owned() }
}

/// The text that problems are placed in.
struct Text<'a>(&'a str);

type Span = Option<Range<usize>>;

impl Text<'_> {
    fn place(&self, span: Span) -> Place {
        Place::of_byte(self.0, span.map_or(0, |span| span.start))
    }

    fn value(&self, span: Span, message: impl ToString) -> Problem {
        Problem::Value { place: self.place(span), message: message.to_string() }
    }

    fn unknown(&self, key: &str, span: Span, known: &[&'static str]) -> Problem {
        Problem::UnknownKey {
            place: self.place(span),
            key: key.to_owned(),
            nearest: nearest(key, known.iter().copied()),
        }
    }

    fn table<'i>(&self, item: &'i Item) -> Result<&'i dyn TableLike, Problem> {
        item.as_table_like().ok_or_else(|| self.value(item.span(), "it is a table, `[gates.NAME]`"))
    }

    fn text<'i>(&self, item: &'i Item) -> Result<&'i str, Problem> {
        item.as_str().ok_or_else(|| self.value(item.span(), "it is a text, in quotes"))
    }

    fn gate(&self, item: &Item) -> Result<Gate, Problem> {
        let table = self.table(item)?;
        let unknown = table.iter().map(|(key, _)| key).find(|key| !KEYS.contains(key));
        if let Some(key) = unknown {
            return Err(self.unknown(key, table.key(key).and_then(toml_edit::Key::span), &KEYS));
        }
        let parsed = |key: &str| {
            let Some(item) = table.get(key) else { return Ok(None) };
            let text = self.text(item)?.parse::<GateText>();
            text.map(Some).map_err(|error| self.value(item.span(), error))
        };
        let (command, description) = (parsed("command")?, parsed("description")?);
        let kind = table.get("kind").ok_or_else(|| self.value(item.span(), "`kind` is missing"))?;
        let check = match (self.text(kind)?, command) {
            ("manual", None) if !table.contains_key("timeout") => Check::Manual,
            ("manual", _) => {
                return Err(self.value(kind.span(), "a `manual` gate has no `command` and no `timeout`"));
            }
            ("command", Some(command)) => Check::Command { command, timeout: self.timeout(table)? },
            ("command", None) => return Err(self.value(kind.span(), "`command` is missing")),
            _ => return Err(self.value(kind.span(), "`kind` is \"manual\" or \"command\"")),
        };
        Ok(Gate { check, description })
    }

    fn timeout(&self, table: &dyn TableLike) -> Result<Ttl, Problem> {
        let Some(item) = table.get("timeout") else { return Ok(default_timeout()) };
        let duration = match item.as_integer() {
            Some(secs) => parse_duration(&secs.to_string()),
            None => parse_duration(self.text(item)?),
        };
        let timeout = duration.and_then(|duration| Ttl::from_secs(duration.as_secs()));
        timeout.map_err(|error| self.value(item.span(), error))
    }
}
