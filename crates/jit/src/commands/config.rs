//! `jit config`: the lease policy.

pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod path;
pub(crate) mod set;
pub(crate) mod unset;
