//! Gates for people.

use std::path::Path;

use jit_tracker::GateName;
use jit_tracker::gates::{Check, Gate};

use super::{columns, fields, one_line, shown as shown_path};
use crate::gates::{Checked, Shown};

/// One gate, and what was done to it.
pub(super) fn one(did: &str, shown: &Shown) -> String {
    let (command, timeout) = parts(&shown.gate);
    let approve = format!("no; a person who has read it: jit gate approve {}", shown.name);
    let shown_fields = [
        ("command", command),
        ("time limit", timeout),
        ("asks for", shown.gate.description.as_ref().map(|text| one_line(text.as_str()))),
        ("approved", shown.approved.map(|approved| if approved { "here".into() } else { approve })),
    ];
    format!("{did} {}\n{}", shown.name, fields(&shown_fields))
}

/// Gates as a table.
pub(super) fn table(gates: &[Shown]) -> String {
    if gates.is_empty() {
        return "no gates\n".to_owned();
    }
    let head = ["GATE", "COMMAND", "LIMIT", "APPROVED", "DESCRIPTION"].map(String::from).to_vec();
    let rows = gates.iter().map(|shown| {
        let (command, timeout) = parts(&shown.gate);
        vec![
            shown.name.to_string(),
            command.unwrap_or_else(|| "(by hand)".into()),
            timeout.unwrap_or_else(|| "-".into()),
            shown.approved.map_or("-", |approved| if approved { "yes" } else { "no" }).into(),
            shown.gate.description.as_ref().map(|text| one_line(text.as_str())).unwrap_or_default(),
        ]
    });
    columns(std::iter::once(head).chain(rows).collect())
}

fn parts(gate: &Gate) -> (Option<String>, Option<String>) {
    match &gate.check {
        Check::Manual => (None, None),
        Check::Command { command, timeout } => (Some(one_line(command.as_str())), Some(timeout.to_string())),
    }
}

/// A gate whose command said that it is passed.
pub(super) fn passed(check: &Checked) -> String {
    format!("passed {}: its output is in {}\n", check.gate, shown_path(&check.output))
}

/// What would run, line by line.
pub(crate) fn to_approve(gates: &[(GateName, Gate)]) -> Vec<String> {
    let line = |(name, gate): &(GateName, Gate)| Some(format!("{name}: {}", parts(gate).0?));
    gates.iter().filter_map(line).collect()
}

/// What somebody is asked before commands run for the first time.
pub(crate) fn question(gates: &[(GateName, Gate)], file: &Path) -> String {
    let lines: String = to_approve(gates).iter().map(|line| format!("  {line}\n")).collect();
    format!(
        "{} defines what would run here as you:\n{lines}let it run, now and later? [y/N] ",
        shown_path(file)
    )
}
