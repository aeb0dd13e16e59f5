//! `jit gate`: what has to be passed before an issue is done.

pub(crate) mod add;
pub(crate) mod approve;
pub(crate) mod check;
pub(crate) mod define;
pub(crate) mod fail;
pub(crate) mod list;
pub(crate) mod pass;
pub(crate) mod rm;
