//! Gates for people.

use std::path::Path;

use jit_tracker::GateName;
use jit_tracker::gates::{Check, Gate};

use super::{fields, one_line, shown as shown_path};
use crate::issues::gates::{Checked, Shown};

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

/// Each gate with how it is passed on a line of its own: commands are long.
pub(super) fn list(gates: &[Shown]) -> String {
    if gates.is_empty() {
        return "no gates\n".to_owned();
    }
    gates.iter().map(listed).collect()
}

fn listed(shown: &Shown) -> String {
    let (command, timeout) = parts(&shown.gate);
    let approved = shown.approved.map(|approved| if approved { "approved" } else { "not approved" });
    let limit = timeout.map(|timeout| format!("at most {timeout}"));
    let more: Vec<&str> = approved.into_iter().chain(limit.as_deref()).collect();
    let how = match &command {
        None => "by hand".to_owned(),
        Some(_) => format!("by command, {}", more.join(", ")),
    };
    let description = shown.gate.description.as_ref().map(|text| one_line(text.as_str()));
    let below = command.map(|command| format!("$ {command}")).into_iter().chain(description);
    let below: String = below.map(|line| format!("  {line}\n")).collect();
    format!("{}: {how}\n{below}", shown.name)
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
