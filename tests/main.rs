//! The real program, in scratch repositories: what its users are promised, shown end to end.
//!
//! One file a subject. Each test says what it guards; the numbers are those of "What must always
//! hold" in the design. What a machine can't do is skipped aloud (`support/skip.rs`).

#![allow(clippy::disallowed_methods, reason = "these tests drive real processes, files and clocks")]

#[cfg(test)]
#[cfg(target_os = "linux")]
mod access;
#[cfg(test)]
mod agent_hooks;
#[cfg(test)]
mod auto_claims;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod changing;
#[cfg(test)]
mod clone;
#[cfg(test)]
mod company;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod containers;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod cost;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod damage;
#[cfg(test)]
mod dependencies;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod doctor;
#[cfg(test)]
mod done_elsewhere;
#[cfg(test)]
mod elsewhere;
#[cfg(test)]
mod exporting;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod flush;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod gate_approvals;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod gate_commands;
#[cfg(test)]
mod gate_passes;
#[cfg(test)]
mod gates;
#[cfg(test)]
mod hints;
#[cfg(test)]
mod history;
#[cfg(test)]
mod hook_verdicts;
#[cfg(test)]
mod hooks;
#[cfg(test)]
mod issue_commits;
#[cfg(test)]
mod issue_files;
#[cfg(test)]
mod issues;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod keeping;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod merging;
#[cfg(test)]
mod output;
#[cfg(test)]
mod paths;
#[cfg(test)]
mod picking;
#[cfg(test)]
mod places;
#[cfg(test)]
mod priming;
#[cfg(test)]
mod pushing;
#[cfg(test)]
mod race;
#[cfg(test)]
mod rejected_elsewhere;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod running;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod running_lost;
#[cfg(test)]
mod setting_up;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod stats;
mod streams;
#[cfg(test)]
mod support;
#[cfg(test)]
mod taking_back;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod time;
#[cfg(test)]
mod unrecorded;
#[cfg(test)]
mod waiting;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod watching;
#[cfg(test)]
mod work;
#[cfg(test)]
mod worktree_meanwhile;
#[cfg(test)]
mod worktree_salvage;
#[cfg(test)]
mod worktrees;
