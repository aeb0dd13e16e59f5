//! `jit issue`: issues as files.

pub(crate) mod close;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod fields;
pub(crate) mod list;
pub(crate) mod reopen;
pub(crate) mod reset_failures;
pub(crate) mod search;
pub(crate) mod show;
pub(crate) mod update;
