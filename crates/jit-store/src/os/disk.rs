//! The real disk: everything relative to one directory's descriptor.

use std::cell::OnceCell;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use fs4::fs_std::FileExt as _;
use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, fstat, fsync, mkdirat, open, openat, renameat, statat, unlinkat,
};
use rustix::io::{Errno, write};

// macOS's `fsync` leaves what it writes in the drive's own cache.
#[cfg(target_os = "macos")]
use rustix::fs::fcntl_fullfsync as flush;
#[cfg(not(target_os = "macos"))]
use rustix::fs::fdatasync as flush;

use crate::disk::{Disk, DiskFile, Open};
use crate::os::filesystem;
use crate::os::owner::{Heritage, Modes};
use crate::os::words::MappedWords;

/// The directory of a control plane.
pub struct OsDisk {
    path: PathBuf,
    modes: Modes,
    root: OnceCell<Root>,
}

struct Root {
    dir: OwnedFd,
    heritage: Heritage,
}

impl OsDisk {
    /// The disk below `path`, which need not be there; if it is made, then with these modes.
    pub fn at(path: PathBuf, modes: Modes) -> Self {
        Self { path, modes, root: OnceCell::new() }
    }

    fn root(&self) -> io::Result<&Root> {
        if let Some(root) = self.root.get() {
            return Ok(root);
        }
        // A symlink in its place would put the leases where another repository, or another user,
        // has them too.
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let dir = open(&self.path, flags, Mode::empty()).map_err(|error| match error {
            Errno::LOOP | Errno::NOTDIR => io::Error::from(io::ErrorKind::NotADirectory),
            error => error.into(),
        })?;
        let heritage = Heritage::of(&fstat(&dir)?);
        Ok(self.root.get_or_init(|| Root { dir, heritage }))
    }

    fn opened(&self, path: &str, flags: OFlags, make: bool) -> io::Result<OwnedFd> {
        let root = self.root()?;
        let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        match openat(&root.dir, path, flags, Mode::empty()) {
            Err(Errno::NOENT) if make => {
                let mode = root.heritage.file_mode();
                match openat(&root.dir, path, flags | OFlags::CREATE | OFlags::EXCL, mode) {
                    Ok(file) => {
                        root.heritage.hand_on(&file, mode)?;
                        Ok(file)
                    }
                    // Somebody else made it in between.
                    Err(Errno::EXIST) => Ok(openat(&root.dir, path, flags, Mode::empty())?),
                    Err(error) => Err(error.into()),
                }
            }
            file => Ok(file?),
        }
    }

    /// The path as the kernel's `*at` calls take it.
    fn name(path: &str) -> &str {
        if path.is_empty() { "." } else { path }
    }
}

impl Disk for OsDisk {
    type File = OsFile;
    type Words = MappedWords;

    fn make_root(&self) -> io::Result<()> {
        let parent = self.path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        let name = self.path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let parent = open(parent, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let heritage = Heritage::with(self.modes, &fstat(&parent)?);
        let made = match mkdirat(&parent, name, heritage.dir_mode()) {
            Ok(()) => {
                let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let dir = openat(&parent, name, flags, Mode::empty())?;
                heritage.hand_on(&dir, heritage.dir_mode())?;
                true
            }
            Err(Errno::EXIST) => false,
            Err(error) => return Err(error.into()),
        };
        if let Err(error) = fsync(&parent) {
            if made {
                // Not if somebody has moved in meanwhile.
                let _ = unlinkat(&parent, name, AtFlags::REMOVEDIR);
            }
            return Err(error.into());
        }
        self.root().map(|_| ())
    }

    fn open(&self, path: &str, how: Open) -> io::Result<OsFile> {
        let (flags, make) = match how {
            // Or a pipe in a file's place would hang every command.
            Open::Read => (OFlags::RDONLY | OFlags::NONBLOCK, false),
            Open::Write => (OFlags::RDWR, false),
            Open::Create => (OFlags::RDWR, true),
            Open::Fresh => (OFlags::RDWR | OFlags::TRUNC, true),
        };
        Ok(OsFile(self.opened(path, flags, make)?.into()))
    }

    fn append(&self, path: &str, bytes: &[u8]) -> io::Result<u64> {
        let file = self.opened(path, OFlags::WRONLY | OFlags::APPEND, true)?;
        // In one call, or another's could come between.
        if write(&file, bytes)? < bytes.len() {
            return Err(io::ErrorKind::WriteZero.into());
        }
        u64::try_from(fstat(&file)?.st_size).map_err(io::Error::other)
    }

    fn words(&self, path: &str, how: Open) -> io::Result<MappedWords> {
        MappedWords::map(&self.open(path, how)?.0, how != Open::Read)
    }

    fn make_dir(&self, path: &str) -> io::Result<()> {
        let root = self.root()?;
        match mkdirat(&root.dir, path, root.heritage.dir_mode()) {
            Ok(()) => {
                let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let dir = openat(&root.dir, path, flags, Mode::empty())?;
                Ok(root.heritage.hand_on(&dir, root.heritage.dir_mode())?)
            }
            Err(Errno::EXIST) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn list(&self, path: &str) -> io::Result<Vec<String>> {
        let root = match self.root() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            root => root?,
        };
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let dir = match openat(&root.dir, Self::name(path), flags, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(Vec::new()),
            dir => dir?,
        };
        let names: rustix::io::Result<Vec<String>> = Dir::new(dir)?
            .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
            .collect();
        let mut names = names?;
        names.retain(|name| !matches!(&**name, "." | ".."));
        names.sort_unstable();
        Ok(names)
    }

    fn exists(&self, path: &str) -> io::Result<bool> {
        let root = match self.root() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            root => root?,
        };
        match statat(&root.dir, path, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let dir = &self.root()?.dir;
        Ok(renameat(dir, from, dir, to)?)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        match unlinkat(&self.root()?.dir, path, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn sync_dir(&self, path: &str) -> io::Result<()> {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let dir = openat(&self.root()?.dir, Self::name(path), flags, Mode::empty())?;
        Ok(fsync(dir)?)
    }

    fn free(&self) -> io::Result<u64> {
        filesystem::free(&self.root()?.dir)
    }

    fn locks_may_be_local(&self) -> io::Result<Option<&'static str>> {
        filesystem::locks_may_be_local(&self.root()?.dir)
    }
}

/// An open file of the control plane.
pub struct OsFile(File);

impl DiskFile for OsFile {
    fn len(&self) -> io::Result<u64> {
        let found = fstat(self.0.as_fd())?;
        // A pipe would seem to be empty.
        match FileType::from_raw_mode(found.st_mode) {
            FileType::RegularFile => u64::try_from(found.st_size).map_err(io::Error::other),
            // No kind says more exactly that it is no file.
            _ => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut read = 0;
        while read < buffer.len() {
            match self.0.read_at(&mut buffer[read..], offset + read as u64) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(flush(&self.0)?)
    }

    fn try_lock(&self) -> io::Result<bool> {
        self.0.try_lock_exclusive()
    }

    fn unlock(&self) -> io::Result<()> {
        fs4::fs_std::FileExt::unlock(&self.0)
    }
}
