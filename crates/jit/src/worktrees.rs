//! Worktrees that are made and taken away: by one process at a time, which also tidies up after
//! those that died.

use std::path::Path;

use jit_core::decide::Sweep;
use jit_core::{Lease, LeaseId, Now, Query, View, WorktreeId};
use jit_git::{Drift, Occasion, SalvageError, SystemGit, Unsaved, Worktree, real};
use jit_tracker::{Dir, DirLock, Origin};

use crate::error::Failure;
use crate::shell::quoted;
use crate::world::World;

/// Why a worktree is locked while a process of jit's makes it.
pub(crate) const MAKING: &str = "jit is making this worktree";
/// Why one is locked that jit made.
pub(crate) const MADE: &str = "made by jit, which takes it away: jit worktree remove";

/// The lock's file, in the control plane's `locks/`; it is never taken away.
const LOCK: &str = "worktrees";

/// The file of one that all share who make a worktree, from before they hold a lease in it.
const AT_IT: &str = "adding";

/// A worktree as `jit worktree list` shows it.
pub(crate) struct Listed {
    pub(crate) worktree: Worktree,
    /// The leases that stand there.
    pub(crate) leases: Vec<Lease>,
    /// How it stands; `None` where that can't be told.
    pub(crate) drift: Option<Drift>,
}

/// No other process makes or takes away a worktree, or changes what stands in hooks, which worktrees
/// share, while this is there.
pub(crate) struct WorktreeLock {
    _lock: DirLock,
}

/// The leases that stand in worktrees with these identities: of each its own, in their order.
pub(crate) struct Standing(pub(crate) Vec<Option<WorktreeId>>);

impl Query for Standing {
    type Answer = (Vec<Vec<Lease>>, Now);

    fn ask<V: View>(&self, view: &V, now: &Now) -> Result<Self::Answer, V::Error> {
        let standing = self.0.iter().map(|worktree| {
            let mut held = worktree.as_ref().map_or(Ok(Vec::new()), |worktree| view.held_in(worktree))?;
            held.retain(|lease| !lease.lapsed(&now.stamp));
            Ok(held)
        });
        Ok((standing.collect::<Result<_, _>>()?, *now))
    }
}

impl World<'_> {
    /// Takes the lock, and tidies up after whoever died with it. Makes the control plane.
    pub(crate) fn lock_worktrees(&self) -> Result<WorktreeLock, Failure> {
        self.transact(&Sweep)?;
        let locks = self.control_plane()?.join("locks");
        let who = self.agent()?.to_string();
        let lock = self.lock_in(&locks, LOCK, &who, self.long_lock_timeout()?)?;
        let lock = WorktreeLock { _lock: lock.map_err(|busy| busy.failed(Failure::worktrees_locked))? };
        self.settle(&lock)?;
        Ok(lock)
    }

    /// Lets others know that this process makes a worktree, as long as it runs. Makes the control plane.
    pub(crate) fn make_known(&self) -> Result<(), Failure> {
        self.transact(&Sweep)?;
        let path = self.control_plane()?.join("locks");
        let dir = Dir::open(&path, Origin::Worktree).map_err(|error| Failure::not_read(&path, &error))?;
        let lock = dir.share_lock(AT_IT).map_err(|error| Failure::not_made(&path.join(AT_IT), &error))?;
        self.making.replace(Some(lock));
        Ok(())
    }

    /// Whether somebody else makes a worktree; what can't be told is not so.
    pub(crate) fn is_another_made(&self) -> bool {
        // Who makes one and asks was refused the lease, or has ended.
        drop(self.making.take());
        let locks = self.control_plane().ok().map(|dir| dir.join("locks"));
        let dir = locks.and_then(|locks| Dir::open(&locks, Origin::Worktree).ok());
        dir.is_some_and(|dir| dir.is_shared(AT_IT).unwrap_or(false))
    }

    /// All worktrees.
    pub(crate) fn worktrees(&self) -> Result<Vec<Worktree>, Failure> {
        Ok(self.repo()?.worktrees(&SystemGit::on_path())?)
    }

    /// The leases that stand in a worktree.
    pub(crate) fn leases_in(&self, worktree: &Worktree) -> Result<Vec<Lease>, Failure> {
        let (mut leases, _) = self.read(&Standing(vec![identity(worktree)]))?;
        Ok(leases.pop().unwrap_or_default())
    }

    /// The one worktree that a path or a branch names.
    pub(crate) fn worktree_named(&self, text: &str) -> Result<Worktree, Failure> {
        let path = real(&self.path(text));
        let mut all = self.worktrees()?;
        let by_path = all.iter().position(|worktree| real(&worktree.path) == path);
        let at =
            by_path.or_else(|| all.iter().position(|worktree| branch(worktree).as_deref() == Some(text)));
        at.map(|at| all.swap_remove(at)).ok_or_else(|| Failure::names_no_worktree(text))
    }

    /// What an interrupted process left is kept and taken away, or, where it was whole, locked like
    /// all that `jit worktree add` made.
    pub(crate) fn settle(&self, _: &WorktreeLock) -> Result<(), Failure> {
        for worktree in &self.worktrees()? {
            if is_half_made(worktree) && self.leases_in(worktree)?.is_empty() {
                self.take_left(worktree);
            }
            let is_whole = worktree.added().is_some();
            if is_whole && matches!(worktree.locked.as_deref(), None | Some(MAKING)) {
                self.lock_made(worktree)?;
            }
        }
        self.settle_branches()
    }

    /// A branch that was made with a worktree that came to nothing goes, unless something came of it.
    fn settle_branches(&self) -> Result<(), Failure> {
        let (repo, git) = (self.repo()?, SystemGit::on_path());
        let begun = repo.begun_branches(&git)?;
        let all = if begun.is_empty() { Vec::new() } else { self.worktrees()? };
        for begun in &begun {
            let name = Some(&*begun.name);
            let made = |worktree: &Worktree| worktree.added().and_then(|added| added.branch);
            let has = |worktree: &&Worktree| {
                branch(worktree).as_deref() == name || made(worktree).as_deref() == name
            };
            if all.iter().filter(has).any(is_half_made) {
                continue;
            }
            if !all.iter().any(|worktree| has(&worktree)) && !repo.delete_begun(&git, begun)? {
                self.warn(format!(
                    "branch {0} was made for a worktree that came to nothing, and stays, for it leads to commits \
                     that no other does; if nobody wants it: git branch -D {1}",
                    begun.name,
                    quoted(&begun.name)
                ));
            }
            repo.forget_begun(&git, &begun.name)?;
        }
        Ok(())
    }

    /// Keeps Git from pruning a worktree that jit made, for as long as it is there.
    fn lock_made(&self, worktree: &Worktree) -> Result<(), Failure> {
        let (repo, git) = (self.repo()?, SystemGit::on_path());
        if worktree.locked.is_some() {
            repo.unlock_worktree(&git, &worktree.path)?;
        }
        Ok(repo.lock_worktree(&git, &worktree.path, MADE)?)
    }

    /// What this process made of a worktree before something failed is kept and taken away, unless
    /// others hold a lease there. Says whether nothing of it is left.
    pub(crate) fn take_back(&self, _: &WorktreeLock, path: &Path, own: Option<LeaseId>) -> bool {
        let half_made = || -> Result<Option<Worktree>, Failure> {
            let mut all = self.worktrees()?;
            let at = all.iter().position(|other| is_half_made(other) && real(&other.path) == *path);
            Ok(at.map(|at| all.swap_remove(at)))
        };
        let others = |lease: &Lease| Some(lease.id) != own;
        match half_made() {
            Ok(None) => true,
            Ok(Some(worktree)) => match self.leases_in(&worktree) {
                Ok(leases) => !leases.iter().any(others) && self.take_left(&worktree),
                Err(_) => false,
            },
            // The next one who makes a worktree finds it.
            Err(_) => false,
        }
    }

    /// Nobody was told of it, but somebody may have found it. Says whether it is gone.
    fn take_left(&self, worktree: &Worktree) -> bool {
        let taken = match worktree.is_at_its_place() {
            Err(SalvageError::Gone { .. }) => self
                .repo()
                .and_then(|repo| Ok(repo.forget_worktree(&SystemGit::on_path(), worktree)?))
                .map(|()| None),
            Ok(()) if !worktree.has_head() => self
                .repo()
                .and_then(|repo| Ok(repo.remove_begun(&SystemGit::on_path(), worktree)?))
                .map(|()| None),
            // What else is wrong, the look says.
            _ => self.unsaved(worktree, None).and_then(|unsaved| {
                let kept = self.keep(worktree, &unsaved, false)?;
                self.take_away(worktree, &unsaved, kept.as_deref()).map(|()| kept)
            }),
        };
        let path = worktree.path.display();
        match &taken {
            Ok(Some(kept)) => {
                self.warn(format!("{path} was half made, and is gone; what was in it is kept as {kept}"));
            }
            Ok(None) => {}
            Err(failure) => {
                self.warn(format!("{path} is half made, and could not be taken away: {}", failure.message));
            }
        }
        taken.is_ok()
    }

    /// What would be lost if a worktree went, and this branch with it.
    pub(crate) fn unsaved(&self, worktree: &Worktree, going: Option<&str>) -> Result<Unsaved, Failure> {
        let unsaved = worktree.unsaved(&SystemGit::on_path(), going)?;
        match unsaved.repositories.is_empty() {
            true => Ok(unsaved),
            false => Err(Failure::nested(&worktree.path, &unsaved.repositories)),
        }
    }

    /// Keeps what would be lost, if anything would; says as what.
    pub(crate) fn keep(
        &self,
        worktree: &Worktree,
        unsaved: &Unsaved,
        with_ignored: bool,
    ) -> Result<Option<String>, Failure> {
        if unsaved.is_none() && !(with_ignored && unsaved.ignored > 0) {
            return Ok(None);
        }
        let time = self.now()?.wall;
        let secs = "1970-01-01T00:00:00Z".parse().map_or(0, |epoch| time.secs_since(&epoch));
        let occasion = Occasion {
            agent: self.agent()?.to_string(),
            time: time.to_string(),
            secs: u64::try_from(secs).unwrap_or_default(),
            with_ignored,
        };
        let kept = self.repo()?.keep(&SystemGit::on_path(), worktree, unsaved, &occasion)?;
        Ok(Some(kept.reference))
    }

    /// Takes a worktree away with all that is in it, if it is still as it was seen.
    pub(crate) fn take_away(
        &self,
        worktree: &Worktree,
        seen: &Unsaved,
        kept: Option<&str>,
    ) -> Result<(), Failure> {
        match self.repo()?.remove_worktree(&SystemGit::on_path(), worktree, seen, kept) {
            Err(SalvageError::Changed(path)) => Err(Failure::still_in_use(&path, kept)),
            done => Ok(done?),
        }
    }
}

/// Whether it is one that jit began to make, and that is not whole.
pub(crate) fn is_half_made(worktree: &Worktree) -> bool {
    worktree.locked.as_deref() == Some(MAKING) && worktree.added().is_none()
}

/// Which worktree it is, as leases know it.
pub(crate) fn identity(worktree: &Worktree) -> Option<WorktreeId> {
    let identity = worktree.identity.as_ref().ok()?.as_ref()?;
    Some(WorktreeId::new(identity.id))
}

/// The branch that is checked out there, or being rebased.
pub(crate) fn branch(worktree: &Worktree) -> Option<String> {
    let on = worktree.branch.as_ref().ok()?.clone();
    on.or_else(|| worktree.rebased()).map(|branch| branch.to_string())
}
