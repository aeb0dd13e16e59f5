//! Worktrees that are made and taken away: by one process at a time, which also tidies up after
//! those that died, and keeps Git from pruning what is leased.

use std::path::{Path, PathBuf};

use jit_core::decide::Sweep;
use jit_core::{Lease, WorktreeId};
use jit_git::{Drift, Occasion, SystemGit, Unsaved, Worktree, WorktreeKind};
use jit_tracker::DirLock;

use crate::commands::list::Live;
use crate::error::Failure;
use crate::world::World;

/// Why a worktree is locked while a process of jit's makes it.
pub(crate) const MAKING: &str = "jit is making this worktree";
/// Why one is locked while somebody holds a lease in it.
pub(crate) const LEASED: &str = "somebody holds a lease here: jit worktree list";

/// The lock's file, in the control plane's `locks/`; it is never taken away.
const LOCK: &str = "worktrees";

/// A worktree as `jit worktree list` shows it.
pub(crate) struct Listed {
    pub(crate) worktree: Worktree,
    /// The leases that stand there.
    pub(crate) leases: Vec<Lease>,
    /// How it stands; `None` where that can't be told.
    pub(crate) drift: Option<Drift>,
}

/// No other process makes or takes away a worktree while this is there.
pub(crate) struct WorktreeLock {
    _lock: DirLock,
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

    /// All worktrees.
    pub(crate) fn worktrees(&self) -> Result<Vec<Worktree>, Failure> {
        Ok(self.repo()?.worktrees(&SystemGit::on_path())?)
    }

    /// The leases that stand in a worktree.
    pub(crate) fn leases_in(&self, worktree: &Worktree) -> Result<Vec<Lease>, Failure> {
        let (leases, now) = self.read(&Live)?;
        let id = identity(worktree);
        let here = |lease: &Lease| Some(lease.holder.worktree) == id && !lease.lapsed(&now.stamp);
        Ok(leases.into_iter().filter(here).collect())
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

    /// What an interrupted process left is kept and taken away, and what `jit worktree add` made is
    /// locked against pruning exactly while somebody holds a lease there.
    pub(crate) fn settle(&self, _: &WorktreeLock) -> Result<(), Failure> {
        let (repo, git) = (self.repo()?, SystemGit::on_path());
        for worktree in self.worktrees()?.iter().filter(|worktree| worktree.kind == WorktreeKind::Linked) {
            let why = worktree.locked.as_deref();
            let (ours, made) = (matches!(why, Some(MAKING | LEASED)), worktree.added().is_some());
            let ours = ours || made && why.is_none();
            if !ours {
                continue;
            }
            match (self.leases_in(worktree)?.is_empty(), why) {
                (true, Some(MAKING)) if !made => self.take_left(worktree),
                (true, Some(_)) => repo.unlock_worktree(&git, &worktree.path)?,
                (false, None) => repo.lock_worktree(&git, &worktree.path, LEASED)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Nobody was told of it, but somebody may have found it.
    fn take_left(&self, worktree: &Worktree) {
        let taken = match worktree.path.exists() {
            true => self.unsaved(worktree, None).and_then(|unsaved| {
                let kept = self.keep(worktree, &unsaved, false)?;
                self.take_away(worktree).map(|()| kept)
            }),
            false => self.take_away(worktree).map(|()| None),
        };
        let path = worktree.path.display();
        match taken {
            Ok(Some(kept)) => self.warn(format!(
                "{path} was left half made by a jit that was interrupted, and is gone; what was in it is kept as {kept}"
            )),
            Ok(None) => {}
            Err(failure) => self.warn(format!(
                "{path} was left half made by a jit that was interrupted, and could not be taken away: {}",
                failure.message
            )),
        }
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
        match worktree.is_unchanged(unsaved)? {
            true => Ok(Some(kept.reference)),
            false => Err(Failure::still_in_use(&worktree.path, Some(&kept.reference))),
        }
    }

    /// Takes a worktree away with all that is in it.
    pub(crate) fn take_away(&self, worktree: &Worktree) -> Result<(), Failure> {
        Ok(self.repo()?.remove_worktree(&SystemGit::on_path(), &worktree.path)?)
    }
}

/// Which worktree it is, as leases know it.
pub(crate) fn identity(worktree: &Worktree) -> Option<WorktreeId> {
    let identity = worktree.identity.as_ref().ok()?.as_ref()?;
    Some(WorktreeId::new(identity.id))
}

/// The branch that is checked out there.
pub(crate) fn branch(worktree: &Worktree) -> Option<String> {
    worktree.branch.as_ref().ok()?.as_ref().map(ToString::to_string)
}

/// The path with what is there of it resolved.
pub(crate) fn real(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    match (std::fs::canonicalize(&whole), whole.parent(), whole.file_name()) {
        (Ok(real), _, _) => real,
        (Err(_), Some(parent), Some(name)) => real(parent).join(name),
        _ => whole,
    }
}
