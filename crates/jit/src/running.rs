//! Commands that run while jit looks after them and their leases.

pub(crate) mod cgroup;
pub(crate) mod group;
pub(crate) mod holding;
pub(crate) mod keeper;
pub(crate) mod launch;
pub(crate) mod process;
pub(crate) mod signals;
pub(crate) mod stopping;
pub(crate) mod terminal;
