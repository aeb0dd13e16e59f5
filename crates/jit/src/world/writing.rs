//! Who may write here, and where.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jit_core::{Holder, WorktreeId};
use jit_git::{ConfigEnv, SharedRepository};
use jit_store::StoreError;
use jit_store::disk::Disk;
use rustix::fs::{Access, AtFlags, CWD, accessat};

use crate::error::Failure;
use crate::world::World;

impl World<'_> {
    /// Who asks, to change something: this worktree gets an identity if it has none.
    pub(crate) fn holder(&self) -> Result<Holder, Failure> {
        let agent = self.agent()?;
        let repo = self.repo()?;
        self.may_write()?;
        let id = match repo.confirmed_identity()? {
            Some(identity) => identity.id,
            None => {
                let shared = repo.shared_repository(&ConfigEnv::from_process())?;
                repo.ensure_identity(self.uuid()?, shared.modes(), self.lock_timeout()?)?.id
            }
        };
        Ok(Holder { agent, worktree: WorktreeId::new(id) })
    }

    /// How long whatever takes long, because Git makes files meanwhile, is waited for.
    pub(crate) fn long_lock_timeout(&self) -> Result<Duration, Failure> {
        const LONG: Duration = Duration::from_secs(60);
        if self.option("lock-timeout").is_some() { self.lock_timeout() } else { Ok(LONG) }
    }

    /// Another user's leases are changed only where the repository is shared.
    pub(crate) fn may_write(&self) -> Result<(), Failure> {
        self.may_write_in(&self.control_plane()?)
    }

    fn may_write_in(&self, path: &Path) -> Result<(), Failure> {
        let me = rustix::process::geteuid();
        let Ok(found) = path.symlink_metadata() else { return Ok(()) };
        if me.is_root() || found.uid() == me.as_raw() {
            return Ok(());
        }
        match self.repo()?.shared_repository(&ConfigEnv::from_process())? {
            SharedRepository::Umask => Err(Failure::another_owner(path, found.uid())),
            _ => Ok(()),
        }
    }

    /// Whether a change could be written, as far as that can be told without writing.
    pub(crate) fn could_write(&self) -> Result<(), Failure> {
        self.may_write()?;
        let path = self.control_plane()?;
        let place = if path.exists() { &path } else { self.repo()?.common_dir() };
        accessat(CWD, place, Access::WRITE_OK, AtFlags::EACCESS).map_err(|error| {
            self.trouble(StoreError::NotWritable { file: "the control plane".into(), source: error.into() })
        })?;
        match self.store()?.disk().locks_may_be_local() {
            Ok(Some(kind)) if !self.policy()?.allow_shared_filesystem => {
                Err(self.trouble(StoreError::SharedFilesystem { kind }))
            }
            _ => Ok(()),
        }
    }

    /// This worktree's own directory, made if need be, for what is kept to be quick. Where it would
    /// be the first thing that another user's repository has of jit, its owner could not use it.
    pub(crate) fn cache_dir(&self) -> Result<PathBuf, Failure> {
        let repo = self.repo()?;
        self.may_write_in(repo.git_dir())?;
        Ok(repo.made_dir(repo.shared_repository(&ConfigEnv::from_process())?.modes())?)
    }
}
