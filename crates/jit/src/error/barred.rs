//! What is said of issues that nobody can claim as they are.

use jit_core::Outcome;
use jit_core::decide::{Bar, Barred};
use serde_json::{Value, json};

use super::{Code, Failure};

impl Failure {
    /// Issues that nobody can claim as they are; the first says how the whole is called.
    pub(super) fn barred(barred: &[Barred]) -> Self {
        let line = |Barred { reference, bar }: &Barred| format!("{reference} {}", bar_text(bar));
        let Some(first) = barred.first() else { return Self::nothing_to_claim(0, 1) };
        let issue = &first.reference;
        let (code, hint) = match &first.bar {
            Bar::Ended(Outcome::Gated) => {
                (Code::GateOpen, format!("check its gates: jit gate check {issue}"))
            }
            Bar::Ended(_) => (Code::IssueEnded, format!("if it is not over: jit issue reopen {issue}")),
            Bar::Deleted => (Code::IssueEnded, format!("to have it back: jit issue reopen {issue}")),
            Bar::Quarantined { .. } => (
                Code::Quarantined,
                format!(
                    "take something else: jit claim next; once its cause is gone, a person forgives it: jit issue reset-failures {issue}"
                ),
            ),
            Bar::Blocked(by) => {
                let first = by.first().unwrap_or(issue);
                (
                    Code::Blocked,
                    format!(
                        "see why that is not done here: jit issue show {first}; take something else: jit claim next"
                    ),
                )
            }
            Bar::Assigned(_) => {
                (Code::Assigned, format!("take it back first: jit claim assign --none {issue}"))
            }
        };
        let conflict = |Barred { reference, bar }: &Barred| {
            let mut shown = bar_json(bar);
            shown["reference"] = json!(reference);
            shown
        };
        Self::new(code, line(first))
            .details(barred.iter().skip(1).map(line).collect())
            .hint(hint)
            .context(json!({ "barred": barred.iter().map(conflict).collect::<Vec<_>>() }))
    }

    pub(super) fn nothing_to_claim(free: usize, wanted: usize) -> Self {
        let message = match free {
            0 => "there is nothing to claim".to_owned(),
            free => format!("only {free} of {wanted} can be claimed"),
        };
        Self::new(Code::NothingToClaim, message)
            .hint("see what is in the way: jit query all")
            .context(json!({ "free": free, "wanted": wanted }))
    }
}

/// Why an issue can't be claimed, for people.
pub(crate) fn bar_text(bar: &Bar) -> String {
    match bar {
        Bar::Ended(Outcome::Done) => "is done".into(),
        Bar::Ended(Outcome::Rejected) => "is rejected".into(),
        Bar::Ended(Outcome::Gated) => "is done, and its gates are open".into(),
        Bar::Deleted => "is deleted".into(),
        Bar::Quarantined { failures, reason } => {
            let reason =
                reason.as_ref().map(|reason| format!(", the last time: {reason}")).unwrap_or_default();
            format!("is quarantined: it failed {failures} times{reason}")
        }
        Bar::Blocked(by) => {
            let by: Vec<String> = by.iter().map(ToString::to_string).collect();
            format!("waits for {}", by.join(", "))
        }
        Bar::Assigned(agent) => format!("is assigned to {agent}"),
    }
}

/// The same for programs.
pub(crate) fn bar_json(bar: &Bar) -> Value {
    match bar {
        Bar::Ended(outcome) => json!({ "why": "ended", "outcome": outcome }),
        Bar::Deleted => json!({ "why": "ended", "outcome": "deleted" }),
        Bar::Quarantined { failures, reason } => {
            json!({ "why": "quarantined", "failures": failures, "reason": reason })
        }
        Bar::Blocked(by) => json!({ "why": "blocked", "waits_for": by }),
        Bar::Assigned(agent) => json!({ "why": "assigned", "agent": agent }),
    }
}
