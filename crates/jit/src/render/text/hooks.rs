//! Hooks, for people.

use std::path::PathBuf;

use jit_git::HookState;

use super::columns::columns;
use super::{one_line, shown};
use crate::hooks::{Did, Hook, HookChanged, Stands, WorktreeHooks};

/// What was done, a line for each hook, and then what is left to do by hand.
pub(super) fn changes(changes: &[HookChanged]) -> String {
    let place = |change: &HookChanged| match change.did {
        Did::Configured(_) => format!("{} ({})", shown(&change.path), change.hook),
        Did::Changed(_) | Did::Tracked => shown(&change.path),
    };
    let row = |change: &HookChanged| vec![change.did.name().to_owned(), place(change)];
    let mut text = columns(changes.iter().map(row).collect());
    for change in changes.iter().filter(|change| change.did == Did::Tracked) {
        let Some(block) = &change.by_hand else { continue };
        text.push_str(&format!(
            "\n{} is tracked, and jit does not change it. This belongs behind its first line, or out of it:\n{block}",
            shown(&change.path)
        ));
    }
    text
}

/// The same for what sets tools up.
pub(super) fn set_up(files: &[(PathBuf, &str)], notes: &[String]) -> String {
    let row = |(path, did): &(PathBuf, &str)| vec![(*did).to_owned(), shown(path)];
    let notes = notes.iter().map(|note| format!("note: {}\n", one_line(note)));
    columns(files.iter().map(row).collect()) + &notes.collect::<String>()
}

/// A line for each worktree. Of hooks where others push to, those that stand somewhere.
pub(super) fn table(worktrees: &[WorktreeHooks]) -> String {
    let is_there = |hook| {
        let mut all = worktrees.iter().flat_map(|worktree| &worktree.hooks);
        all.any(|(other, stands)| *other == hook && *stands != Stands::Is(HookState::Missing))
    };
    let told: Vec<Hook> = Hook::all().filter(|hook| Hook::CLIENT.contains(hook) || is_there(*hook)).collect();
    let names = told.iter().map(|hook| hook.name().to_owned());
    let head: Vec<String> =
        ["WORKTREE".to_owned()].into_iter().chain(names).chain(["HOOKS".to_owned()]).collect();
    let row = |worktree: &WorktreeHooks| {
        let states = worktree.hooks.iter().filter(|(hook, _)| told.contains(hook));
        let states = states.map(|(_, stands)| stands.name().to_owned());
        [shown(&worktree.worktree)].into_iter().chain(states).chain([shown(&worktree.dir)]).collect()
    };
    columns([head].into_iter().chain(worktrees.iter().map(row)).collect())
}
