//! `jit claim`: leases, by whoever takes, keeps, gives up or looks at them.

pub(crate) mod abandon;
pub(crate) mod acquire;
pub(crate) mod assign;
pub(crate) mod check;
pub(crate) mod distribute;
pub(crate) mod extend;
pub(crate) mod force_evict;
pub(crate) mod heartbeat;
pub(crate) mod history;
pub(crate) mod keep;
pub(crate) mod list;
pub(crate) mod next;
pub(crate) mod release;
pub(crate) mod renew;
pub(crate) mod status;
pub(crate) mod transfer;
pub(crate) mod wait;
