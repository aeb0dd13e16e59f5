//! Issues: their files, what the log knows of them, and how both are kept in step.

pub(crate) mod approvals;
pub(crate) mod awaited;
pub(crate) mod change;
pub(crate) mod elsewhere;
pub(crate) mod ending;
pub(crate) mod filed;
pub(crate) mod gates;
pub(crate) mod gone;
pub(crate) mod known;
pub(crate) mod lock;
pub(crate) mod merging;
pub(crate) mod passing;
pub(crate) mod taking;
pub(crate) mod tracker;
pub(crate) mod unrecorded;
