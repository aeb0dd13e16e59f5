//! Issues for people.

use std::borrow::Cow;

use jit_core::decide::{Bar, Share, Standing};
use jit_core::{AgentId, Reference};
use jit_tracker::{FileError, GateName, GateResult, Issue, State};

use super::{columns, fields, issues, printable};
use crate::error::barred::bar_text;
use crate::issues::known::{Known, Stage};

/// How many digits of an id are shown where it stands in a table.
const SHORT: usize = 8;

/// An end that the log was never told of.
const UNRECORDED: &str = "its file says that it ended, the log does not";

/// A reference where it stands in a table.
pub(super) fn short(reference: &Reference) -> String {
    match reference {
        Reference::Issue(id) => {
            let mut digits = id.to_string();
            digits.truncate(SHORT);
            digits
        }
        name => name.to_string(),
    }
}

/// One issue, and what was done to it.
pub(super) fn one(did: Option<&str>, known: &Known<Issue>) -> String {
    let issue = &known.issue;
    let listed = |words: Vec<String>| Some(words.join(", ")).filter(|text| !text.is_empty());
    let mut text = match did {
        Some(did) => format!("{did} {}\n", issue.id),
        None => format!("{}\n", issue.id),
    };
    let Standing { facts, lease, .. } = &known.standing;
    let ended_by = facts.ended_by.as_ref().map(|by| format!("by {} at {}", by.by.agent, by.at));
    let failures = (facts.failures > 0).then(|| match &facts.last_failure {
        Some(reason) => format!("{} (the last time: {reason})", facts.failures),
        None => facts.failures.to_string(),
    });
    text.push_str(&fields(&[
        ("title", Some(issue.title.to_string())),
        ("state", Some(known.stage().as_str().to_owned())),
        ("deleted", ended_by.filter(|_| facts.deleted)),
        ("elsewhere", known.elsewhere.as_ref().map(|place| format!("{}; not in your files", place.told()))),
        ("next", known.next.clone()),
        ("held by", lease.as_ref().map(|lease| lease.holder.agent.to_string())),
        ("priority", Some(issue.priority.to_string())),
        ("labels", listed(issue.labels.iter().map(ToString::to_string).collect())),
        ("waits for", listed(issue.dependencies.iter().map(ToString::to_string).collect())),
        ("open gates", listed(issue.gates.iter().filter_map(open).collect())),
        ("passed gates", listed(issue.gates.iter().filter_map(passed).collect())),
        ("assignee", issue.assignee.as_ref().map(ToString::to_string)),
        ("assigned", facts.assigned.as_ref().map(ToString::to_string)),
        ("failures", failures),
        (
            "quarantined",
            known
                .quarantined()
                .then(|| format!("until a person forgives it: jit issue reset-failures {}", issue.id)),
        ),
        ("unrecorded", (known.unrecorded == Some(true)).then(|| format!("{UNRECORDED}: jit doctor"))),
        ("updated", Some(issue.updated_at.to_string())),
    ]));
    if did.is_none() && !issue.description.as_str().is_empty() {
        text.push_str(&format!("\n{}\n", printable(issue.description.as_str().trim_end())));
    }
    text
}

/// A gate that is not passed, and what was said of it.
fn open((name, result): (&GateName, &GateResult)) -> Option<String> {
    match result {
        GateResult::Open => Some(name.to_string()),
        GateResult::Failed { by, note: None, .. } => Some(format!("{name} (failed by {by})")),
        GateResult::Failed { by, note: Some(note), .. } => Some(format!("{name} (failed by {by}: {note})")),
        GateResult::Passed { .. } => None,
    }
}

fn passed((name, result): (&GateName, &GateResult)) -> Option<String> {
    match result {
        GateResult::Passed { by, .. } => Some(format!("{name} (by {by})")),
        GateResult::Open | GateResult::Failed { .. } => None,
    }
}

/// Issues as a table, and what is broken.
pub(super) fn table(known: &[Known], broken: &[FileError]) -> String {
    let mut text = match known {
        [] => "no issues\n".to_owned(),
        known => {
            let head = ["ID", "STATE", "PRIORITY", "TITLE", "LABELS", "IN THE WAY"].map(Cow::from);
            let rows = known.iter().map(|known| {
                let mut labels = String::new();
                for label in &known.issue.labels {
                    labels.push_str(if labels.is_empty() { "" } else { ", " });
                    labels.push_str(label.as_str());
                }
                [
                    short(&known.issue.reference()).into(),
                    known.stage().as_str().into(),
                    known.issue.priority.as_str().into(),
                    known.issue.title.as_str().into(),
                    labels.into(),
                    in_the_way(known).into(),
                ]
            });
            columns(std::iter::once(head).chain(rows).collect())
        }
    };
    broken.iter().for_each(|error| text.push_str(&format!("BROKEN  {error}\n")));
    text
}

/// Why not everybody can claim it, where its state does not say so.
fn in_the_way(known: &Known) -> String {
    let Standing { facts, lease, bar } = &known.standing;
    let held = lease.as_ref().map(|lease| format!("held by {}", lease.holder.agent));
    let bar = bar.as_ref().filter(|_| held.is_none()).and_then(|bar| match bar {
        Bar::Ended(_) | Bar::Deleted => None,
        Bar::Blocked(by) => {
            let waits = |on: &Reference| match known.awaited.iter().find(|one| on.issue() == Some(one.on)) {
                Some(one) => format!("{} ({})", short(on), one.why.short()),
                None => short(on),
            };
            Some(format!("waits for {}", by.iter().map(waits).collect::<Vec<_>>().join(", ")))
        }
        bar => Some(bar_text(bar)),
    });
    let assigned = facts.assigned.as_ref().map(|agent| format!("assigned to {agent}"));
    let unrecorded = (known.unrecorded == Some(true)).then(|| UNRECORDED.to_owned());
    let elsewhere = known.ended_elsewhere().map(|_| "not in your files".to_owned());
    let gates: Vec<&str> = known.issue.open_gates().map(GateName::as_str).collect();
    let gated = (known.stage() == Stage::At(State::Gated) && !gates.is_empty())
        .then(|| format!("open gates: {}", gates.join(", ")));
    [held, bar, assigned, unrecorded, gated, elsewhere].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// What was reserved.
pub(super) fn assigned(reserved: &[Reference], to: Option<&AgentId>) -> String {
    match to {
        Some(agent) => format!("assigned to {agent}: {}\n", issues(reserved)),
        None => format!("assigned to nobody: {}\n", issues(reserved)),
    }
}

/// Who got what.
pub(super) fn shares(shares: &[Share]) -> String {
    shares.iter().map(|share| assigned(&share.issues, Some(&share.agent))).collect()
}
