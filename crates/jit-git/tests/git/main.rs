//! `jit-git` against real Git in scratch repositories.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod at_work;
mod bad_input;
mod commits;
mod committed;
mod config;
mod discovery;
mod environment;
mod identity;
mod merging;
mod other_owner;
mod salvage;
mod submodules;
mod support;
mod unsaved;
mod worktrees;
