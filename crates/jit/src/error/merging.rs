//! What merging, importing and exporting the data plane say when they do not work.

use std::path::Path;
use std::time::Duration;

use jit_core::span;
use jit_git::ProgramError;
use serde_json::json;

use super::{Code, Failure};
use crate::shell::quoted;

impl Failure {
    /// Both sides changed the same fields of an issue, or are of two.
    pub(crate) fn merge_conflict(file: &str, fields: &[&str]) -> Self {
        Self::new(
            Code::MergeConflict,
            format!("{file}: each side has a value of its own: {}", fields.join(", ")),
        )
        .hint(choose(file))
        .context(json!({ "file": file, "fields": fields }))
    }

    /// A file that is no issue was merged by lines, with a conflict.
    pub(crate) fn merged_by_lines(file: &str, what: &str) -> Self {
        Self::new(Code::MergeConflict, what).hint(choose(file)).context(json!({ "file": file }))
    }

    /// Another process of this worktree changes issues.
    pub(crate) fn issues_locked(lock: &Path, waited: Duration) -> Self {
        let what = "another process has been changing the issues of this worktree for";
        Self::new(Code::Locked, format!("{what} {}", span(waited)))
            .context(json!({ "lock": lock.display().to_string() }))
    }

    /// Git could not do what was asked of it.
    pub(crate) fn git(error: &ProgramError) -> Self {
        Self::new(Code::GitFailed, error.to_string())
    }
}

/// What ends a conflict.
fn choose(file: &str) -> String {
    format!("keep one of each two sides that are marked, and then: git add -- {}", quoted(file))
}
