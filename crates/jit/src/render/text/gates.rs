//! Gates for people.

use jit_tracker::GateName;
use jit_tracker::gates::{Check, Gate};

use super::{columns, fields, one_line};

/// One gate, and what was done to it.
pub(super) fn one(did: &str, (name, gate): &(GateName, Gate)) -> String {
    let (command, timeout) = shown(gate);
    let description = gate.description.as_ref().map(|text| one_line(text.as_str()));
    let shown = [("command", command), ("time limit", timeout), ("asks for", description)];
    format!("{did} {name}\n{}", fields(&shown))
}

/// Gates as a table.
pub(super) fn table(gates: &[(GateName, Gate)]) -> String {
    if gates.is_empty() {
        return "no gates\n".to_owned();
    }
    let head = ["GATE", "COMMAND", "LIMIT", "DESCRIPTION"].map(String::from).to_vec();
    let rows = gates.iter().map(|(name, gate)| {
        let (command, timeout) = shown(gate);
        vec![
            name.to_string(),
            command.unwrap_or_else(|| "(by hand)".into()),
            timeout.unwrap_or_else(|| "-".into()),
            gate.description.as_ref().map(|text| one_line(text.as_str())).unwrap_or_default(),
        ]
    });
    columns(std::iter::once(head).chain(rows).collect())
}

fn shown(gate: &Gate) -> (Option<String>, Option<String>) {
    match &gate.check {
        Check::Manual => (None, None),
        Check::Command { command, timeout } => (Some(one_line(command.as_str())), Some(timeout.to_string())),
    }
}
