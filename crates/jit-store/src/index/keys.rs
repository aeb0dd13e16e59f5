//! What the index is asked by.

use jit_core::{Holder, LeaseId, Reference, WorktreeId};
use xxhash_rust::xxh3::xxh3_64;

use super::table::{Key, Kind};

impl Key {
    pub(super) fn lease(id: &LeaseId) -> Self {
        Self::new(Kind::Lease, hash(id.uuid().as_bytes()))
    }

    pub(super) fn reference(reference: &Reference) -> Self {
        Self::new(Kind::Reference, named(reference))
    }

    pub(super) fn lost(reference: &Reference) -> Self {
        Self::new(Kind::Lost, named(reference))
    }

    pub(super) fn facts(issue: &Reference) -> Self {
        Self::new(Kind::Facts, named(issue))
    }

    pub(super) fn held_in(worktree: &WorktreeId) -> Self {
        Self::new(Kind::HeldIn, hash(worktree.uuid().as_bytes()))
    }

    pub(super) fn lost_in(worktree: &WorktreeId) -> Self {
        Self::new(Kind::LostIn, hash(worktree.uuid().as_bytes()))
    }

    pub(super) fn lost_by(holder: &Holder) -> Self {
        let base = holder.base();
        Self::new(Kind::LostBy, hash(format!("{} {}", base.agent, base.worktree).as_bytes()))
    }

    pub(super) fn successor(id: &LeaseId) -> Self {
        Self::new(Kind::Successor, hash(id.uuid().as_bytes()))
    }

    pub(super) fn lost_paths(id: &LeaseId) -> Self {
        Self::new(Kind::LostPaths, hash(id.uuid().as_bytes()))
    }

    /// Of the patterns that lead to this directory, or are the path itself, and no further.
    pub(super) fn at(path: &str) -> Self {
        Self::new(Kind::At, hash(path.as_bytes()))
    }

    /// Of the leases with patterns that lead further than this directory.
    pub(super) fn under(path: &str) -> Self {
        Self::new(Kind::Under, hash(path.as_bytes()))
    }
}

/// The hash of how it is written. Ten thousand issues are looked up at a time.
fn named(reference: &Reference) -> u64 {
    match reference {
        Reference::Issue(id) => {
            hash(id.uuid().hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()).as_bytes())
        }
        Reference::Name(_) => hash(reference.to_string().as_bytes()),
    }
}

#[cfg(not(test))]
fn hash(key: &[u8]) -> u64 {
    xxh3_64(key)
}

/// In this crate's own tests most keys share their hash with others.
#[cfg(test)]
fn hash(key: &[u8]) -> u64 {
    xxh3_64(key) & 0b11_0000
}
