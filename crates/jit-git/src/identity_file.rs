//! Making a worktree's identity file, and its directory: the only writes of this crate.
//!
//! The file appears under its name whole and synced, by a rename. It then still lacks the line
//! end at its end: that is added once the directory that names the file is synced too. Whoever
//! finds it missing does not trust a sync of its own: an earlier one may have failed, which the
//! kernel tells one process only, once. It writes the file anew, so that there is a new rename
//! for its sync to make durable. One process at a time does this, under a lock on the directory:
//! no failure can be told to one for what another renamed. So no lease is ever granted to an
//! identity that a crash could take back, and nobody syncs on the hot path. The line end itself
//! need not be durable: without it, the file is written once more.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, FlockOperation, Gid, Mode, OFlags, RawMode, Uid};
use rustix::io::Errno;
use uuid::Uuid;

use crate::identity::{self, IdentityError, Stored, WorktreeIdentity};
use crate::repo::Repo;
use crate::shared_repository::Modes;

const DIRECTORY: &str = "jit";
const FILE: &str = "worktree.json";

impl Repo {
    /// The identity of this worktree; where it has none, it is `fresh` from now on, durably.
    ///
    /// Of several processes at once, all get the same answer: one makes it, the others wait for it
    /// for as long as `patience`. What root makes in somebody else's Git directory belongs to that
    /// somebody.
    ///
    /// # Errors
    /// As [`Repo::read_identity`]; [`IdentityError::NotPlain`] where a symlink stands in place
    /// of the `jit` directory; [`IdentityError::Unwritable`]; [`IdentityError::Locked`].
    pub fn ensure_identity(
        &self,
        fresh: Uuid,
        modes: Modes,
        patience: Duration,
    ) -> Result<WorktreeIdentity, IdentityError> {
        let git_dir = self.git_dir();
        if let Some(stored) = identity::read(git_dir)?.filter(|stored| stored.confirmed) {
            open_jit(git_dir)?;
            return Ok(stored.identity);
        }
        let jit = make_durable(git_dir, modes)?;
        lock(&jit, &git_dir.join(DIRECTORY), patience)?;
        match identity::read(git_dir)? {
            // Another process was faster.
            Some(stored) if stored.confirmed => Ok(stored.identity),
            Some(stored) => put(git_dir, &jit, fresh, stored, modes),
            None => put(git_dir, &jit, fresh, Stored::fresh(fresh), modes),
        }
    }

    /// The directory `jit` in this worktree's Git directory, made where it is not there. It need not
    /// survive a crash.
    ///
    /// # Errors
    /// [`IdentityError::NotPlain`] where something else stands in its place;
    /// [`IdentityError::Unwritable`].
    pub fn made_dir(&self, modes: Modes) -> Result<PathBuf, IdentityError> {
        make_jit(self.git_dir(), modes)?;
        Ok(self.git_dir().join(DIRECTORY))
    }
}

/// Gives the file its name by a rename of its own, makes that durable, and notes so in the file.
fn put(
    git_dir: &Path,
    jit: &OwnedFd,
    unused: Uuid,
    stored: Stored,
    modes: Modes,
) -> Result<WorktreeIdentity, IdentityError> {
    let temporary = format!(".{FILE}.{}", unused.simple());
    let path = git_dir.join(DIRECTORY).join(&temporary);
    let file = write_temporary(jit.as_fd(), &temporary, &path, &stored.content, modes)?;
    if let Err(errno) = rustix::fs::renameat(jit, &temporary, jit, FILE) {
        let _ = rustix::fs::unlinkat(jit, temporary, AtFlags::empty());
        return Err(unwritable("create", &identity::path_in(git_dir))(errno));
    }
    rustix::fs::fsync(jit).map_err(unwritable("sync", &git_dir.join(DIRECTORY)))?;
    // A note for later; without it, the next caller writes the file anew.
    let _ = rustix::io::pwrite(&file, b"\n", stored.content.len() as u64);
    Ok(stored.identity)
}

/// How long to nap between two tries to get a lock.
const NAP: Duration = Duration::from_millis(2);

/// Keeps other processes out until the directory is closed.
#[allow(clippy::disallowed_methods, reason = "a worktree's first claim waits for another's first claim")]
fn lock(jit: &OwnedFd, path: &Path, patience: Duration) -> Result<(), IdentityError> {
    let mut waited = Duration::ZERO;
    loop {
        match rustix::fs::flock(jit, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(()),
            Err(Errno::WOULDBLOCK) if waited < patience => std::thread::sleep(NAP),
            Err(Errno::WOULDBLOCK) => return Err(IdentityError::Locked { path: path.to_path_buf(), waited }),
            Err(errno) => return Err(unwritable("lock", path)(errno)),
        }
        waited += NAP;
    }
}

fn write_temporary(
    jit: BorrowedFd<'_>,
    name: &str,
    path: &Path,
    content: &[u8],
    modes: Modes,
) -> Result<OwnedFd, IdentityError> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
    let file = rustix::fs::openat(jit, name, flags, Mode::from_raw_mode((modes.file & 0o600) as RawMode))
        .map_err(unwritable("create", path))?;
    let written = write_all(&file, content)
        .and_then(|()| give_to_owner_of(jit, file.as_fd()))
        .and_then(|()| rustix::fs::fchmod(&file, Mode::from_raw_mode(modes.file as RawMode)))
        .and_then(|()| rustix::fs::fsync(&file));
    match written {
        Ok(()) => Ok(file),
        Err(errno) => {
            let _ = rustix::fs::unlinkat(jit, name, AtFlags::empty());
            Err(unwritable("write", path)(errno))
        }
    }
}

fn write_all(file: &OwnedFd, mut content: &[u8]) -> Result<(), Errno> {
    while !content.is_empty() {
        let written = rustix::io::write(file, content)?;
        content = &content[written..];
    }
    Ok(())
}

/// The `jit` directory of `git_dir`, made where it is not there, and its name made durable. Where
/// that fails it is taken back, unless somebody has moved in meanwhile.
fn make_durable(git_dir: &Path, modes: Modes) -> Result<OwnedFd, IdentityError> {
    let Made { parent, jit, new } = make_jit(git_dir, modes)?;
    rustix::fs::fsync(&parent).map_err(|errno| {
        if new {
            let _ = rustix::fs::unlinkat(&parent, DIRECTORY, AtFlags::REMOVEDIR);
        }
        unwritable("sync", git_dir)(errno)
    })?;
    Ok(jit)
}

/// The `jit` directory and the one that it is in.
struct Made {
    parent: OwnedFd,
    jit: OwnedFd,
    new: bool,
}

fn make_jit(git_dir: &Path, modes: Modes) -> Result<Made, IdentityError> {
    let path = git_dir.join(DIRECTORY);
    let parent = open_dir(git_dir).map_err(unwritable("open", git_dir))?;
    let new =
        match rustix::fs::mkdirat(&parent, DIRECTORY, Mode::from_raw_mode((modes.dir & 0o700) as RawMode)) {
            Ok(()) => true,
            Err(Errno::EXIST) => false,
            Err(errno) => return Err(unwritable("create", &path)(errno)),
        };
    let jit = open_jit(git_dir)?;
    if new {
        give_to_owner_of(parent.as_fd(), jit.as_fd())
            .and_then(|()| rustix::fs::fchmod(&jit, Mode::from_raw_mode(modes.dir as RawMode)))
            .map_err(unwritable("set up", &path))?;
    }
    Ok(Made { parent, jit, new })
}

fn open_jit(git_dir: &Path) -> Result<OwnedFd, IdentityError> {
    let path: PathBuf = git_dir.join(DIRECTORY);
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match rustix::fs::open(&path, flags, Mode::empty()) {
        Ok(jit) => Ok(jit),
        // A symlink gives either, as the system likes.
        Err(Errno::NOTDIR | Errno::LOOP) => Err(IdentityError::NotPlain { path, wanted: "directory" }),
        Err(errno) => Err(unwritable("open", &path)(errno)),
    }
}

fn open_dir(path: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat(CWD, path, flags, Mode::empty())
}

/// What root makes in somebody's directory is that somebody's, or they could not use it.
fn give_to_owner_of(parent: BorrowedFd<'_>, made: BorrowedFd<'_>) -> Result<(), Errno> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let parent = rustix::fs::fstat(parent)?;
    if parent.st_uid == 0 {
        return Ok(());
    }
    let (user, group) = (Uid::from_raw(parent.st_uid), Gid::from_raw(parent.st_gid));
    rustix::fs::fchown(made, Some(user), Some(group))
}

fn unwritable<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(Errno) -> IdentityError + 'a {
    move |errno| IdentityError::Unwritable { action, path: path.to_path_buf(), source: errno.into() }
}
