//! Worktrees, for people.

use jit_git::{Drift, Kept, WorktreeKind};

use super::columns::{columns, fields};
use super::{granted, left, one_line, shown, subject};
use crate::look::Look;
use crate::output::{MadeWorktree, PutBack, Removed};
use crate::render::branch;
use crate::shell::quoted;
use crate::worktrees::Listed;

/// A line for each worktree.
pub(super) fn table(listed: &[Listed], look: &Look) -> String {
    let head = ["WORKTREE", "BRANCH", "AGENT", "HELD", "LEFT", "STATE", "COMMITS"].map(String::from).to_vec();
    columns([head].into_iter().chain(listed.iter().flat_map(|one| rows(one, look))).collect())
}

/// A line for each lease there, or one.
fn rows(listed: &Listed, look: &Look) -> Vec<Vec<String>> {
    let worktree = &listed.worktree;
    let place = [
        shown(&worktree.path),
        match worktree.kind {
            WorktreeKind::Bare => "(bare)".into(),
            _ => branch(worktree).map_or_else(|| "-".into(), |branch| one_line(&branch)),
        },
    ];
    let stands = [state(listed), listed.drift.as_ref().map_or_else(|| "-".into(), commits)];
    let held = listed.leases.iter().map(|lease| {
        [lease.holder.agent.to_string(), subject(lease), left(lease, &look.now).replace(" left", "")]
    });
    let held: Vec<[String; 3]> = match listed.leases.is_empty() {
        true => vec![["-"; 3].map(String::from)],
        false => held.collect(),
    };
    held.into_iter().map(|held| [&place[..], &held[..], &stands[..]].concat()).collect()
}

fn state(listed: &Listed) -> String {
    match &listed.drift {
        None if listed.worktree.kind == WorktreeKind::Bare => "-".into(),
        None => "gone".into(),
        Some(Drift { changes: 0, .. }) => "clean".into(),
        Some(Drift { changes: 1, .. }) => "1 change".into(),
        Some(Drift { changes, .. }) => format!("{changes} changes"),
    }
}

fn commits(drift: &Drift) -> String {
    match (drift.ahead_behind, &drift.compared_with) {
        (Some((ahead, behind)), Some(with)) => format!("+{ahead} -{behind} {}", one_line(with)),
        _ => "-".into(),
    }
}

pub(super) fn made(made: &MadeWorktree) -> String {
    let mut text = format!("made {} on branch {}\n", shown(&made.path), one_line(&made.branch));
    if let Some(lease) = &made.lease {
        let token = made.token.as_ref().map(ToString::to_string);
        text.push_str(&granted("acquired", lease, token, &made.look.now));
    }
    text
}

pub(super) fn removed(removed: &Removed) -> String {
    let mut text = format!("removed {}\n", shown(&removed.path));
    let branches = [(&removed.deleted, "is gone too"), (&removed.stays, "stays")];
    for (branch, what) in branches {
        branch.iter().for_each(|branch| text.push_str(&format!("branch {} {what}\n", one_line(branch))));
    }
    if removed.ignored > 0 {
        let many = if removed.ignored == 1 { "file" } else { "files" };
        text.push_str(&format!("not kept: {} ignored {many}\n", removed.ignored));
    }
    if let Some(kept) = &removed.kept {
        let name = quoted(kept.strip_prefix("refs/jit/salvage/").unwrap_or(kept));
        text.push_str(&format!(
            "kept as {}\n  to get it back: jit {}worktree salvage restore {name}\n  to let it go:   git update-ref -d {}\n",
            one_line(kept),
            removed.options,
            quoted(kept)
        ));
    }
    text
}

pub(super) fn salvages(kept: &[Kept]) -> String {
    if kept.is_empty() {
        return "nothing is kept\n".into();
    }
    kept.iter()
        .map(|kept| {
            let place = kept.worktree.as_deref().map(shown);
            let head = kept.head.as_deref().map(|head| head.get(..12).unwrap_or(head).to_owned());
            let mut text = format!("{}\n", one_line(&kept.name));
            text.push_str(&fields(&[
                ("kept", Some(format!("{} by {}", one_line(&kept.kept_at), one_line(&kept.agent)))),
                ("worktree", place),
                ("at", head.map(|head| one_line(&head))),
            ]));
            kept.about.iter().for_each(|line| text.push_str(&format!("  {}\n", one_line(line))));
            text
        })
        .collect()
}

pub(super) fn put_back(back: &PutBack) -> String {
    let mut text = format!("put {} back into {}\n", one_line(&back.kept.name), shown(&back.path));
    match &back.restored.branch {
        Some(branch) => text.push_str(&format!("on branch {}\n", one_line(branch))),
        None => text.push_str("HEAD is detached\n"),
    }
    if !back.restored.left.is_empty() {
        let left: Vec<String> = back.restored.left.iter().map(|path| one_line(path)).collect();
        text.push_str(&format!("only in {}: {}\n", &back.kept.reference, left.join(", ")));
    }
    text.push_str(&format!("still kept; to let it go: git update-ref -d {}\n", quoted(&back.kept.reference)));
    text
}
