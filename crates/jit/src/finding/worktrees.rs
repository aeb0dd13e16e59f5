//! What the doctor says of worktrees, and of leases whose worktree is not there.

use std::path::{Path, PathBuf};

use jit_core::Lease;

use crate::finding::{Finding, Kind, Needs};

impl Finding {
    /// A lease whose worktree is not where Git's book has it.
    pub(crate) fn moved_away(lease: &Lease, place: &Path) -> Self {
        let what = format!(
            "{} is not there, and lease {} of {} is held in it; it goes on if the directory was only moved, \
             else it lapses by itself",
            place.display(),
            lease.id,
            lease.holder.agent
        );
        Self::new(Kind::WorktreeGone, Needs::Nothing, what)
            .at(place.to_path_buf())
            .hint("if it was moved, run in its new place: git worktree repair")
    }

    /// A lease that no worktree can renew.
    pub(crate) fn without_worktree(lease: &Lease, options: &str) -> Self {
        let what = format!(
            "no worktree here has the identity {}, under which lease {} of {} is held: it was removed, or lost \
             its jit/worktree.json; the lease lapses by itself",
            lease.holder.worktree, lease.id, lease.holder.agent
        );
        let end = format!("jit {options}claim force-evict {} --reason 'its worktree is gone'", lease.id);
        Self::new(Kind::WorktreeGone, Needs::Nothing, what).hint(end)
    }

    /// The same while worktrees are being made.
    pub(crate) fn in_the_making(lease: &Lease) -> Self {
        let what = format!(
            "the worktree in which lease {} of {} is held is not there yet: one is being made; look again in a moment",
            lease.id, lease.holder.agent
        );
        Self::new(Kind::HalfMadeWorktree, Needs::Nothing, what)
    }

    /// A worktree that jit began to make. While its maker holds a lease there, nobody takes it away.
    pub(crate) fn half_made(place: &Path, is_leased: bool) -> Self {
        let what = format!(
            "{} is half made, by a jit that is at it or was interrupted; whoever adds or removes a worktree next \
             keeps what is in it, and takes it away{}",
            place.display(),
            if is_leased { ", once the lease there has lapsed" } else { "" }
        );
        let needs = if is_leased { Needs::Nothing } else { Needs::Fix };
        Self::new(Kind::HalfMadeWorktree, needs, what).at(place.to_path_buf())
    }

    /// A worktree in which Git does not ask jit what it asks it in another.
    pub(crate) fn without_hooks(place: PathBuf, options: &str) -> Self {
        let what = format!(
            "in {}, Git runs hooks of its own directory, and asks jit nothing there that it asks elsewhere",
            place.display()
        );
        Self::new(Kind::HooksMissing, Needs::Person, what)
            .at(place)
            .hint(format!("let it ask there too: jit {options}hooks install"))
    }
}
