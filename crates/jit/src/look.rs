//! How leases are looked at: when, by whom, and where their worktrees are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jit_core::{Holder, Lease, Now, WorktreeId};
use jit_git::Repo;

use crate::world::World;

/// What is said of a lease depends on this.
#[derive(Debug)]
pub(crate) struct Look {
    /// When.
    pub(crate) now: Now,
    /// By whom, where that is known; in no worktree, where that has no identity.
    pub(crate) by: Option<Holder>,
    /// The roots of worktrees that are there.
    pub(crate) places: BTreeMap<WorktreeId, PathBuf>,
    /// Whether worktrees are being made: a lease of one that is not there may be of such a one.
    pub(crate) making: bool,
}

impl Look {
    /// Whether whoever looks may act for the lease's holder.
    pub(crate) fn is_own(&self, lease: &Lease) -> bool {
        self.by.as_ref().is_some_and(|by| lease.holder.acts_for(by))
    }

    /// Whether the lease is of the same agent in another worktree, which is another holder.
    pub(crate) fn is_elsewhere(&self, lease: &Lease) -> bool {
        self.by
            .as_ref()
            .is_some_and(|by| lease.holder.agent.acts_for(&by.agent) && lease.holder.worktree != by.worktree)
    }

    /// Where the lease's holder works, if that is there.
    pub(crate) fn place(&self, lease: &Lease) -> Option<&Path> {
        self.places.get(&lease.holder.worktree).map(PathBuf::as_path)
    }

    /// Where whoever looks is.
    pub(crate) fn here(&self) -> Option<&Path> {
        self.by.as_ref().and_then(|by| self.places.get(&by.worktree)).map(PathBuf::as_path)
    }
}

impl World<'_> {
    /// At leases of the caller's own worktree: on the way to a grant nobody looks up anything.
    pub(crate) fn glance(&self, now: Now, own: Option<&Lease>) -> Look {
        let here = self.repo().ok().and_then(Repo::worktree);
        let places = own.zip(here).map(|(lease, here)| (lease.holder.worktree, here.to_path_buf()));
        Look { now, by: None, places: places.into_iter().collect(), making: false }
    }

    /// With all that a person wants to know, and nothing that could fail: what can't be found out
    /// is not told.
    pub(crate) fn look(&self, now: Now) -> Look {
        let places = || {
            let roots = self.repo().map(|repo| repo.roots()).unwrap_or_default();
            roots.into_iter().map(|(identity, root)| (WorktreeId::new(identity.id), root))
        };
        // Before the places: one that is whole by then has one.
        let making = self.is_another_made();
        let places = places().collect();
        Look { now, by: self.reading_holder().ok(), places, making }
    }
}
