//! `jit hooks`: jit in Git's hooks.

pub(crate) mod install;
pub(crate) mod status;
pub(crate) mod uninstall;
