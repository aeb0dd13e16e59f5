//! A real directory: only here is the disk read and written.

mod draft;
mod lock;

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::fs::{AtFlags, Dir as Entries, FileType, Gid, Mode, OFlags, Stat, Uid};
use rustix::io::Errno;

use crate::os::draft::{Draft, MOST_DRAFTS};
use crate::source::{Identity, Origin, Sink, Source};

pub use lock::{DirLock, SharedLock};

/// The most that one file is read of; a whole issue, however escaped, has less.
const MOST: u64 = 64 << 20;

/// A directory on the disk. It need not be there: it is made when something is written.
#[derive(Debug)]
pub struct Dir {
    /// What it is below, which is never made and may be reached by symlinks.
    root: PathBuf,
    /// The way from there, name by name.
    below: PathBuf,
    origin: Origin,
    /// Empty while there is no such directory.
    fd: OnceLock<OwnedFd>,
}

impl Dir {
    /// The directory at `path`, which is not made.
    ///
    /// # Errors
    /// When something is there and can't be opened as a directory.
    pub fn open(path: &Path, origin: Origin) -> io::Result<Self> {
        Self::below(path, "", origin)
    }

    /// The directory `below` a root. No symlink is followed on the way: what is committed could
    /// lead anywhere.
    ///
    /// # Errors
    /// When something is there and can't be opened as a directory.
    pub fn below(root: &Path, below: &str, origin: Origin) -> io::Result<Self> {
        let dir = Self { root: root.to_owned(), below: below.into(), origin, fd: OnceLock::new() };
        match dir.reached(enter) {
            Ok(fd) => Ok(Self { fd: fd.into(), ..dir }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(dir),
            Err(error) => Err(error),
        }
    }

    fn reached(&self, step: fn(OwnedFd, &OsStr) -> io::Result<OwnedFd>) -> io::Result<OwnedFd> {
        let root = rustix::fs::open(&self.root, DIRECTORY, Mode::empty())?;
        self.below.iter().try_fold(root, step)
    }

    fn open_file(&self, name: &str) -> io::Result<Option<File>> {
        let Some(dir) = self.fd.get() else { return Ok(None) };
        // Not to wait for whoever may write to a pipe of that name.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        match rustix::fs::openat(dir, name, flags, Mode::empty()) {
            Ok(fd) => Ok(Some(File::from(fd))),
            Err(Errno::NOENT) => Ok(None),
            Err(Errno::LOOP) => Err(not_regular()),
            Err(error) => Err(error.into()),
        }
    }

    /// The directory to write in, made if it has to be.
    fn made(&self) -> io::Result<&OwnedFd> {
        match self.fd.get() {
            Some(fd) => Ok(fd),
            None => {
                let made = self.reached(make)?;
                Ok(self.fd.get_or_init(|| made))
            }
        }
    }
}

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

fn not_regular() -> io::Error {
    io::Error::other("it is no regular file")
}

fn identity(stat: &Stat) -> io::Result<Identity> {
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(not_regular());
    }
    // Until the year 2262.
    let ns = |secs: i64, ns: i64| secs.saturating_mul(1_000_000_000).saturating_add(ns);
    Ok(Identity::File {
        size: stat.st_size as u64,
        mtime: ns(stat.st_mtime, stat.st_mtime_nsec as i64),
        ctime: ns(stat.st_ctime, stat.st_ctime_nsec as i64),
        inode: stat.st_ino,
    })
}

impl Source for Dir {
    fn origin(&self) -> Origin {
        self.origin
    }

    fn place(&self, name: &str) -> String {
        self.root.join(&self.below).join(name).display().to_string()
    }

    fn tell_names(&self, tell: &mut dyn FnMut(&str)) -> io::Result<()> {
        let Some(dir) = self.fd.get() else { return Ok(()) };
        for entry in Entries::read_from(dir)? {
            tell(&entry?.file_name().to_string_lossy());
        }
        Ok(())
    }

    fn identity(&self, name: &str) -> io::Result<Option<Identity>> {
        let Some(dir) = self.fd.get() else { return Ok(None) };
        match rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => identity(&stat).map(Some),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let Some(file) = self.open_file(name)? else { return Ok(None) };
        identity(&rustix::fs::fstat(&file)?)?;
        let mut content = Vec::new();
        let read = file.take(MOST + 1).read_to_end(&mut content)?;
        if read as u64 > MOST {
            return Err(io::Error::other(format!("it has more than {} MiB", MOST >> 20)));
        }
        Ok(Some(content))
    }
}

impl Sink for Dir {
    fn put(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let dir = self.made()?;
        Draft::written(dir, name, content)?.published()?;
        Ok(rustix::fs::fsync(dir)?)
    }

    fn put_all(&self, files: &[(String, String)]) -> io::Result<()> {
        let dir = self.made()?;
        for some in files.chunks(MOST_DRAFTS) {
            let drafts = some.iter().map(|(name, content)| Draft::written(dir, name, content.as_bytes()));
            let drafts = drafts.collect::<io::Result<Vec<_>>>()?;
            drafts.into_iter().try_for_each(Draft::published)?;
        }
        Ok(rustix::fs::fsync(dir)?)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let Some(dir) = self.fd.get() else { return Ok(()) };
        match rustix::fs::unlinkat(dir, name, AtFlags::empty()) {
            Ok(()) => Ok(rustix::fs::fsync(dir)?),
            Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn append(&self, name: &str, lines: &str) -> io::Result<()> {
        let dir = self.made()?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::APPEND | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let mut file = File::from(rustix::fs::openat(dir, name, flags, Mode::from_raw_mode(0o666))?);
        let stat = rustix::fs::fstat(&file)?;
        identity(&stat)?;
        let size = stat.st_size as u64;
        let begin = if ends_whole(&file, size)? { "" } else { "\n" };
        // One write: what two processes append at once does not mix.
        file.write_all([begin, lines].concat().as_bytes())?;
        file.sync_all()?;
        if size == 0 {
            hand_over(dir, &file)?;
            rustix::fs::fsync(dir)?;
        }
        Ok(())
    }
}

/// Whether a file of that size is empty or ends in a line break.
fn ends_whole(file: &File, size: u64) -> io::Result<bool> {
    let mut last = [b'\n'];
    if size > 0 {
        rustix::io::pread(file, &mut last, size - 1)?;
    }
    Ok(last == [b'\n'])
}

/// Goes into a directory, and through no symlink.
fn enter(above: OwnedFd, name: &OsStr) -> io::Result<OwnedFd> {
    rustix::fs::openat(above, name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty()).map_err(
        |error| match error {
            Errno::NOTDIR | Errno::LOOP => {
                let what = format!("`{}` is no directory (a symlink is not followed there)", name.display());
                io::Error::new(ErrorKind::NotADirectory, what)
            }
            error => error.into(),
        },
    )
}

/// The same; where there is none it is made, durable in the one above.
fn make(above: OwnedFd, name: &OsStr) -> io::Result<OwnedFd> {
    match rustix::fs::mkdirat(&above, name, Mode::from_raw_mode(0o777)) {
        Ok(()) => {}
        Err(_) => return enter(above, name),
    }
    let made = enter(above.try_clone()?, name)?;
    hand_over(&above, &made)?;
    rustix::fs::fsync(&above)?;
    Ok(made)
}

/// What root makes in somebody's directory belongs to its owner.
fn hand_over(dir: impl AsFd, made: impl AsFd) -> io::Result<()> {
    let owner = rustix::fs::fstat(dir)?;
    let now = rustix::fs::fstat(&made)?;
    if now.st_uid == 0 && (owner.st_uid, owner.st_gid) != (0, 0) {
        let (uid, gid) = (Uid::from_raw(owner.st_uid), Gid::from_raw(owner.st_gid));
        rustix::fs::fchown(made, Some(uid), Some(gid))?;
    }
    Ok(())
}

/// The bytes of a cache; none where they can't be read.
pub fn read_cache(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_default()
}

/// Writes a cache over what is there: no rename and no truncation, which cost more than the
/// content. Whoever reads meanwhile, or writes too, gets bytes whose hash does not fit.
///
/// # Errors
/// When it can't be written. Nothing is lost by that but time.
pub fn write_cache(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let mut file = File::from(rustix::fs::open(path, flags, Mode::from_raw_mode(0o600))?);
    if let Some(above) = path.parent() {
        hand_over(File::open(above)?, &file)?;
    }
    file.write_all(bytes)
}
