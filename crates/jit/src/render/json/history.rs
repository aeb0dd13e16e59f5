//! What happened, for programs.

use jit_core::{Lease, Operation, Record};
use serde_json::{Value, json};

use super::fields;
use crate::output::Happening;

/// What happened just now: an operation, or what has no number because it is none yet.
pub(super) fn happening(happening: &Happening<'_>) -> Value {
    match happening {
        Happening::Record(happened) => record(happened),
        Happening::Lapsed(lease, at) => json!({
            "seq": null,
            "op": "lapsed",
            "at": at,
            "agent": lease.holder.agent,
            "worktree": lease.holder.worktree,
            "reason": null,
            "lease": fields(lease),
        }),
    }
}

/// An operation as `history` and `watch` show it.
pub(super) fn record(record: &Record) -> Value {
    let one = |lease: &Lease| Value::Object(fields(lease));
    let mut shown = json!({
        "seq": record.seq,
        "op": record.operation.name(),
        "at": record.at,
        "agent": record.actor.agent,
        "worktree": record.actor.worktree,
        "reason": null,
    });
    match &record.operation {
        Operation::Renew(leases) => shown["leases"] = leases.iter().map(one).collect(),
        Operation::Facts(_, facts) => shown["facts"] = json!(facts),
        Operation::Release { lease, released, attempt } => {
            shown["attempt"] = json!(attempt.name());
            shown["reason"] = json!(attempt.reason());
            shown["lease"] = one(lease);
            shown["released"] = json!(released);
        }
        Operation::ForceEvict { lease, reason } => {
            shown["lease"] = one(lease);
            shown["reason"] = json!(reason);
        }
        Operation::Acquire(lease)
        | Operation::Resume(lease)
        | Operation::Extend(lease)
        | Operation::Transfer(lease)
        | Operation::AutoEvict(lease) => {
            shown["lease"] = one(lease);
        }
        Operation::Checkpoint(checkpoint) => {
            if let Some(missing) = &checkpoint.missing {
                shown["missing"] = json!(missing);
            }
        }
        Operation::Carry(_) | Operation::Abandon | Operation::Sighting => {}
    }
    shown
}
