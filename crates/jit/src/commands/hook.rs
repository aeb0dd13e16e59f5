//! `jit hook`: what Git and agents' programs call.

pub(crate) mod agent;
pub(crate) mod message;
pub(crate) mod pre_commit;
pub(crate) mod pre_push;
pub(crate) mod receive;
pub(crate) mod reference_transaction;
