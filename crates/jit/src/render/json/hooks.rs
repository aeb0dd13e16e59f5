//! Hooks, for programs.

use serde_json::{Map, Value, json};

use crate::hooks::{HookChanged, WorktreeHooks};

pub(super) fn changed(change: &HookChanged) -> Value {
    json!({
        "hook": change.hook.name(),
        "path": change.path.display().to_string(),
        "did": change.did.name(),
        "by_hand": change.by_hand,
    })
}

pub(super) fn worktree(worktree: &WorktreeHooks) -> Value {
    let states = worktree.hooks.iter().map(|(hook, stands)| (hook.name().to_owned(), json!(stands.name())));
    json!({
        "path": worktree.worktree.display().to_string(),
        "hooks_dir": worktree.dir.display().to_string(),
        "hooks": states.collect::<Map<_, _>>(),
    })
}
