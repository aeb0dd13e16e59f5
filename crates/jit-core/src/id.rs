//! Identifiers: one type for each kind, so that none is taken for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use crate::by_str::serde_by_str;

/// A text that is to be a UUID, and is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it is no UUID: 32 digits from 0 to f, with dashes")]
pub struct NoUuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID that was minted or read at the edge.
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID itself.
            pub const fn uuid(&self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NoUuid;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self).map_err(|_| NoUuid)
            }
        }

        serde_by_str!($name);
    };
}

uuid_id! {
    /// Names a lease for good: no other lease ever has it.
    LeaseId
}
uuid_id! {
    /// Names a worktree; it lives in the worktree's own Git directory and moves with it.
    WorktreeId
}
uuid_id! {
    /// Names a control plane; fences of different control planes don't compare.
    ControlPlaneId
}
uuid_id! {
    /// The full id of a local issue. A prefix of one is never of this type.
    IssueId
}

/// The position of a record in the claims log: dense, starting at 1. One that was acknowledged is
/// never used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// The position that comes after this one.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The position `n` places on.
    pub const fn plus(self, n: u64) -> Self {
        Self(self.0 + n)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The position of the record that last granted, resumed, transferred or extended a lease.
///
/// A later holder's fence is always greater, so whoever guards a resource can refuse the lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fence(pub Seq);

impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
