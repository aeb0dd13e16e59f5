//! `jit worktree`: worktrees that are made, looked at and taken away.

pub(crate) mod add;
pub(crate) mod info;
pub(crate) mod list;
pub(crate) mod remove;
pub(crate) mod salvage;
