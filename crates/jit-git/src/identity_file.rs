//! Making a worktree's identity file: the only writes of this crate.
//!
//! The file appears under its name whole and synced, by a rename that does not replace. It
//! then still lacks the line end at its end: that is added once the directories that name the
//! file are synced too. Whoever finds it missing syncs them before trusting the file, so that
//! no lease is ever granted to an identity that a crash could take back, and nobody syncs on
//! the hot path. The line end itself need not be durable: without it, one sync is repeated.

use std::path::{Path, PathBuf};

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, Gid, Mode, OFlags, RawMode, RenameFlags, Uid};
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
    /// Of several processes at once, all get the same answer. What root makes in somebody
    /// else's Git directory belongs to that somebody.
    ///
    /// # Errors
    /// As [`Repo::read_identity`]; [`IdentityError::NotPlain`] where a symlink stands in place
    /// of the `jit` directory; [`IdentityError::Unwritable`].
    pub fn ensure_identity(&self, fresh: Uuid, modes: Modes) -> Result<WorktreeIdentity, IdentityError> {
        let git_dir = self.git_dir();
        if let Some(stored) = identity::read(git_dir)? {
            let jit = open_jit(git_dir)?;
            if !stored.confirmed {
                confirm(git_dir, &jit, stored)?;
            }
            return Ok(stored.identity);
        }
        create(git_dir, WorktreeIdentity { id: fresh }, modes)
    }
}

fn create(git_dir: &Path, wanted: WorktreeIdentity, modes: Modes) -> Result<WorktreeIdentity, IdentityError> {
    let jit = make_jit(git_dir, modes)?;
    let temporary = format!(".{FILE}.{}", wanted.id.simple());
    let path = git_dir.join(DIRECTORY).join(&temporary);
    write_temporary(jit.as_fd(), &temporary, &path, wanted, modes)?;
    if let Err(errno) = rename_new(jit.as_fd(), &temporary) {
        let _ = rustix::fs::unlinkat(&jit, temporary, AtFlags::empty());
        if errno != Errno::EXIST {
            return Err(unwritable("create", &identity::path_in(git_dir))(errno));
        }
    }
    // Ours, or that of another process that was faster.
    let Some(stored) = identity::read(git_dir)? else {
        return Err(unwritable("keep", &identity::path_in(git_dir))(Errno::NOENT));
    };
    if !stored.confirmed {
        confirm(git_dir, &jit, stored)?;
    }
    Ok(stored.identity)
}

fn write_temporary(
    jit: BorrowedFd<'_>,
    name: &str,
    path: &Path,
    wanted: WorktreeIdentity,
    modes: Modes,
) -> Result<(), IdentityError> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
    let file = rustix::fs::openat(jit, name, flags, Mode::from_raw_mode((modes.file & 0o600) as RawMode))
        .map_err(unwritable("create", path))?;
    let written = write_all(&file, identity::to_json(wanted).as_bytes())
        .and_then(|()| give_to_owner_of(jit, file.as_fd()))
        .and_then(|()| rustix::fs::fchmod(&file, Mode::from_raw_mode(modes.file as RawMode)))
        .and_then(|()| rustix::fs::fsync(&file));
    written.map_err(|errno| {
        let _ = rustix::fs::unlinkat(jit, name, AtFlags::empty());
        unwritable("write", path)(errno)
    })
}

fn write_all(file: &OwnedFd, mut content: &[u8]) -> Result<(), Errno> {
    while !content.is_empty() {
        let written = rustix::io::write(file, content)?;
        content = &content[written..];
    }
    Ok(())
}

/// Gives the file its name unless the name is taken (`EEXIST`).
fn rename_new(jit: BorrowedFd<'_>, temporary: &str) -> Result<(), Errno> {
    match rustix::fs::renameat_with(jit, temporary, jit, FILE, RenameFlags::NOREPLACE) {
        // The file system cannot do that; nearly all of those can link.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            rustix::fs::linkat(jit, temporary, jit, FILE, AtFlags::empty())?;
            rustix::fs::unlinkat(jit, temporary, AtFlags::empty())
        }
        other => other,
    }
}

/// Makes the file's name durable, then notes that in the file.
fn confirm(git_dir: &Path, jit: &OwnedFd, stored: Stored) -> Result<(), IdentityError> {
    rustix::fs::fsync(jit).map_err(unwritable("sync", &git_dir.join(DIRECTORY)))?;
    let parent = open_dir(git_dir).map_err(unwritable("open", git_dir))?;
    rustix::fs::fsync(&parent).map_err(unwritable("sync", git_dir))?;
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    // A note for later; without it, later calls sync again. At a fixed place, so that two
    // processes write the same.
    if let Ok(file) = rustix::fs::openat(jit, FILE, flags, Mode::empty()) {
        let _ = rustix::io::pwrite(&file, b"\n", stored.length);
    }
    Ok(())
}

/// The `jit` directory of `git_dir`, made where it is not there.
fn make_jit(git_dir: &Path, modes: Modes) -> Result<OwnedFd, IdentityError> {
    let path = git_dir.join(DIRECTORY);
    let parent = open_dir(git_dir).map_err(unwritable("open", git_dir))?;
    match rustix::fs::mkdirat(&parent, DIRECTORY, Mode::from_raw_mode((modes.dir & 0o700) as RawMode)) {
        Ok(()) => {}
        Err(Errno::EXIST) => return open_jit(git_dir),
        Err(errno) => return Err(unwritable("create", &path)(errno)),
    }
    let jit = open_jit(git_dir)?;
    give_to_owner_of(parent.as_fd(), jit.as_fd())
        .and_then(|()| rustix::fs::fchmod(&jit, Mode::from_raw_mode(modes.dir as RawMode)))
        .map_err(unwritable("set up", &path))?;
    Ok(jit)
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
