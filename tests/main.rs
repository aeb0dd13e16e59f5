//! The real program, in scratch repositories: what its users are promised, shown end to end.
//!
//! One file a subject. Each test says what it guards; the numbers are those of "What must always
//! hold" in the design. What a machine can't do is skipped aloud (`support/skip.rs`).

#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(clippy::disallowed_methods, reason = "these tests drive real processes, files and clocks")]

#[cfg(target_os = "linux")]
mod access;
mod agent_hooks;
mod auto_claims;
mod bad_input;
mod changing;
mod clone;
mod company;
#[cfg(target_os = "linux")]
mod containers;
#[cfg(target_os = "linux")]
mod cost;
#[cfg(target_os = "linux")]
mod damage;
mod dependencies;
#[cfg(target_os = "linux")]
mod doctor;
mod done_elsewhere;
mod elsewhere;
mod exporting;
#[cfg(target_os = "linux")]
mod flush;
#[cfg(target_os = "linux")]
mod gate_approvals;
#[cfg(target_os = "linux")]
mod gate_commands;
mod gate_passes;
mod gates;
mod hints;
mod history;
mod hook_tools;
mod hook_verdicts;
mod hooks;
mod hooks_configured;
mod issue_commits;
mod issue_files;
mod issues;
#[cfg(target_os = "linux")]
mod keeping;
mod kill;
mod merging;
mod output;
mod paths;
mod picking;
mod places;
mod priming;
mod pushing;
mod race;
mod rejected_elsewhere;
#[cfg(target_os = "linux")]
mod running;
#[cfg(target_os = "linux")]
mod running_lost;
mod setting_up;
mod settings;
mod stats;
mod streams;
mod support;
mod taking_back;
#[cfg(target_os = "linux")]
mod time;
mod unrecorded;
mod waiting;
#[cfg(target_os = "linux")]
mod watching;
mod work;
#[cfg(target_os = "linux")]
mod worktree_adding;
mod worktree_left;
mod worktree_meanwhile;
mod worktree_salvage;
mod worktrees;
