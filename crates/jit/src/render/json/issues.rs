//! Issues for programs: their files' own fields, with what the log knows.

use jit_core::decide::Standing;
use jit_tracker::{FileError, Issue, Origin};
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::refusals::bar_json;
use crate::known::Known;

/// An issue with its description.
pub(super) fn whole(known: &Known<Issue>) -> Value {
    shown(known)
}

/// An issue without its description.
pub(super) fn outline(known: &Known) -> Value {
    let mut shown = shown(known);
    if let Some(fields) = shown.as_object_mut() {
        fields.remove("description");
    }
    shown
}

fn shown<D: Serialize>(known: &Known<Issue<D>>) -> Value {
    let mut shown = json!(known.issue);
    shown["state"] = json!(known.stage().as_str());
    let Standing { facts, lease, bar } = &known.standing;
    shown["failures"] = json!(facts.failures);
    shown["last_failure"] = json!(facts.last_failure);
    shown["assigned"] = json!(facts.assigned);
    shown["held_by"] = json!(lease.as_ref().map(|lease| &lease.holder.agent));
    shown["lease_id"] = json!(lease.as_ref().map(|lease| lease.id));
    shown["bar"] = json!(bar.as_ref().map(bar_json));
    shown["found_in"] = json!(match known.origin {
        Origin::Worktree => "worktree",
        Origin::Head => "head",
        Origin::Main => "main",
    });
    shown
}

/// A file that can't be used.
pub(super) fn broken(error: &FileError) -> Value {
    json!({ "file": error.file, "issue": error.issue, "problem": error.problem.to_string() })
}
