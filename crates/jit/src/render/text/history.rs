//! What happened, for people.

use jit_core::{Attempt, Cause, Facts, Missing, Operation, Record, Reference};

use super::columns::aligned;
use super::{columns, issues, subject, whole};
use crate::output::Happening;

/// Records as a table.
pub(super) fn table(records: &[Record]) -> String {
    match records {
        [] => "no records\n".into(),
        records => columns(records.iter().map(row).collect()),
    }
}

/// One line of what is printed while it happens: nobody knows yet how wide the next ones are.
pub(in crate::render) fn line(happening: &Happening<'_>) -> String {
    const LEAST: [usize; 5] = [5, 24, 11, 14, 20];
    let row = match happening {
        Happening::Record(record) => row(record),
        Happening::Lapsed(lease, at) => vec![
            "-".into(),
            at.to_string(),
            "lapsed".into(),
            lease.holder.agent.to_string(),
            subject(lease),
            format!("after {} without a renewal", lease.ttl),
        ],
    };
    aligned(vec![row], &LEAST)
}

fn row(record: &Record) -> Vec<String> {
    let (covered, note) = match &record.operation {
        Operation::Renew(leases) => {
            (leases.iter().map(subject).collect::<Vec<_>>().join(", "), String::new())
        }
        Operation::Release { lease, released, attempt } if lease.issues.is_empty() => {
            (whole(released, &lease.scope), attempted(attempt))
        }
        Operation::Release { released, attempt, .. } => (issues(released), attempted(attempt)),
        Operation::AutoEvict(lease) => (subject(lease), format!("of {}: it lapsed", lease.holder.agent)),
        Operation::ForceEvict { lease, reason } => {
            (subject(lease), format!("of {}: {reason}", lease.holder.agent))
        }
        Operation::Transfer(lease) => (subject(lease), format!("to {}", lease.holder.agent)),
        Operation::Acquire(lease) | Operation::Resume(lease) | Operation::Extend(lease) => {
            (subject(lease), lease.task.as_ref().map(ToString::to_string).unwrap_or_default())
        }
        Operation::Checkpoint(checkpoint) => {
            (String::new(), checkpoint.missing.as_ref().map(gap).unwrap_or_default())
        }
        Operation::Facts(cause, facts) => noted(*cause, facts),
        Operation::Abandon => (String::new(), "what was lost in this worktree".into()),
        Operation::Carry(_) | Operation::Sighting => (String::new(), String::new()),
    };
    vec![
        record.seq.to_string(),
        record.at.to_string(),
        record.operation.name().into(),
        record.actor.agent.to_string(),
        covered,
        note,
    ]
}

fn gap(missing: &Missing) -> String {
    let from = missing.after.next();
    match &missing.kept {
        Some(kept) => format!("records are missing from {from} on; what is left of them is in {kept}"),
        None => format!("records are missing from {from} on; nothing is left of them"),
    }
}

/// What came of an attempt, if anybody said so.
fn attempted(attempt: &Attempt) -> String {
    match (attempt, attempt.reason()) {
        (Attempt::Undone, _) => String::new(),
        (attempt, None) => attempt.name().into(),
        (attempt, Some(reason)) => format!("{}: {reason}", attempt.name()),
    }
}

/// The issues that facts are about, and what they say; of which issue, where that differs.
fn noted(cause: Cause, facts: &[Facts]) -> (String, String) {
    let mut said: Vec<(String, Vec<Reference>)> = Vec::new();
    for facts in facts {
        let says = known(cause, facts);
        match said.iter_mut().find(|(before, _)| *before == says) {
            Some((_, about)) => about.push(facts.issue.clone()),
            None => said.push((says, vec![facts.issue.clone()])),
        }
    }
    match &said[..] {
        [(says, about)] => (issues(about), says.clone()),
        several => {
            let each = several.iter().map(|(says, about)| format!("{says}: {}", issues(about)));
            (String::new(), each.collect::<Vec<_>>().join("; "))
        }
    }
}

/// What is known of an issue; of a reservation, for whom.
fn known(cause: Cause, facts: &Facts) -> String {
    let assigned = facts.assigned.as_ref().map(|agent| format!("for {agent}"));
    if cause == Cause::Assigned {
        return assigned.unwrap_or_else(|| "for nobody".into());
    }
    let outcome = facts.outcome.map(|outcome| outcome.name().to_owned());
    let failures = (facts.failures > 0).then(|| format!("failures: {}", facts.failures));
    [outcome, failures, assigned].into_iter().flatten().collect::<Vec<_>>().join(", ")
}
