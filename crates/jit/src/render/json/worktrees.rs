//! Worktrees, for programs.

use jit_git::{Kept, WorktreeKind};
use serde_json::{Value, json};

use crate::look::Look;
use crate::output::{MadeWorktree, PutBack, Removed};
use crate::render::branch;
use crate::worktrees::{Listed, identity};

pub(super) fn listed(listed: &Listed, look: &Look) -> Value {
    let (worktree, drift) = (&listed.worktree, listed.drift.as_ref());
    let counts = drift.and_then(|drift| drift.ahead_behind);
    json!({
        "path": worktree.path.display().to_string(),
        "git_dir": worktree.git_dir.display().to_string(),
        "kind": match worktree.kind {
            WorktreeKind::Main => "main",
            WorktreeKind::Bare => "bare",
            WorktreeKind::Linked => "linked",
        },
        "branch": branch(worktree),
        "id": identity(worktree),
        "locked": worktree.locked,
        "prunable": worktree.prunable,
        "leases": listed.leases.iter().map(|lease| super::lease(lease, look)).collect::<Vec<_>>(),
        "changes": drift.map(|drift| drift.changes),
        "ahead": counts.map(|(ahead, _)| ahead),
        "behind": counts.map(|(_, behind)| behind),
        "compared_with": drift.and_then(|drift| drift.compared_with.as_deref()),
    })
}

pub(super) fn made(made: &MadeWorktree) -> Value {
    json!({
        "worktree": {
            "path": made.path.display().to_string(),
            "branch": made.branch,
            "id": made.id,
        },
        "lease": made.lease.as_ref().map(|lease| super::lease(lease, &made.look)),
        "token": made.token.as_ref().map(ToString::to_string),
    })
}

pub(super) fn removed(removed: &Removed) -> Value {
    json!({
        "path": removed.path.display().to_string(),
        "branch": removed.stays,
        "deleted_branch": removed.deleted,
        "kept": removed.kept,
        "ignored_files": removed.ignored,
    })
}

pub(super) fn kept(kept: &Kept) -> Value {
    json!({
        "name": kept.name,
        "ref": kept.reference,
        "commit": kept.commit,
        "branch": kept.branch,
        "head": kept.head,
        "worktree": kept.worktree.as_ref().map(|path| path.display().to_string()),
        "agent": kept.agent,
        "kept_at": kept.kept_at,
        "about": kept.about,
    })
}

pub(super) fn put_back(back: &PutBack) -> Value {
    json!({
        "path": back.path.display().to_string(),
        "branch": back.restored.branch,
        "made_branch": back.restored.made_branch,
        "detached": back.restored.detached,
        "not_put_back": back.restored.left,
        "salvage": kept(&back.kept),
    })
}
