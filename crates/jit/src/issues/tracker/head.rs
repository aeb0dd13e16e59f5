//! The files of issues as they are committed, at HEAD and at the main worktree's.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use jit_git::{CommittedFiles, Repo, SystemGit};
use jit_tracker::{Identity, Origin, Source};

/// So many contents are asked for one by one. Whoever reads more reads many, and gets all.
const ALONE: usize = 8;

/// The main worktree's HEAD, as it is called in all worktrees; a bare repository has one, too.
pub(super) const MAIN_HEAD: &str = "main-worktree/HEAD";

/// A committed directory. Git is asked once for the names, and seldom for contents.
pub(crate) struct Head<'r> {
    repo: &'r Repo,
    dir: &'static str,
    origin: Origin,
    files: OnceLock<Result<CommittedFiles, String>>,
    /// Of each of those.
    contents: OnceLock<Result<Vec<Option<Vec<u8>>>, String>>,
    read: AtomicUsize,
}

impl<'r> Head<'r> {
    /// The directory `dir`, which is relative to the root.
    pub(crate) fn of(repo: &'r Repo, dir: &'static str) -> Self {
        Self::from(repo, dir, Origin::Head)
    }

    /// The same of the main worktree's HEAD: only what it has otherwise.
    pub(super) fn of_main(repo: &'r Repo, dir: &'static str) -> Self {
        Self::from(repo, dir, Origin::Main)
    }

    fn from(repo: &'r Repo, dir: &'static str, origin: Origin) -> Self {
        Self {
            repo,
            dir,
            origin,
            files: OnceLock::new(),
            contents: OnceLock::new(),
            read: AtomicUsize::new(0),
        }
    }

    /// The files, if Git was asked for them already.
    pub(super) fn listed(&self) -> Option<&CommittedFiles> {
        self.files.get()?.as_ref().ok()
    }

    fn files(&self) -> io::Result<&CommittedFiles> {
        let files = self.files.get_or_init(|| {
            let git = SystemGit::on_path();
            let files = match self.origin {
                Origin::Main => self.repo.committed_otherwise(&git, self.dir, MAIN_HEAD),
                Origin::Worktree | Origin::Head => self.repo.committed_files(&git, self.dir),
            };
            files.map_err(|error| error.to_string())
        });
        files.as_ref().map_err(|error| io::Error::other(error.clone()))
    }

    /// Git's name of the content of the file of that name, and the file's place among them.
    fn object(&self, name: &str) -> io::Result<Option<(usize, &str)>> {
        let files = self.files()?;
        Ok(files.place(name).and_then(|at| Some((at, files.get(at)?.object))))
    }

    fn contents(&self) -> io::Result<&[Option<Vec<u8>>]> {
        let files = self.files()?;
        let contents = self.contents.get_or_init(|| {
            let objects: Vec<&str> = files.iter().map(|file| file.object).collect();
            let contents = self.repo.committed_contents(&SystemGit::on_path(), &objects);
            contents.map_err(|error| error.to_string())
        });
        contents.as_deref().map_err(|error| io::Error::other(error.clone()))
    }
}

impl Source for Head<'_> {
    fn origin(&self) -> Origin {
        self.origin
    }

    fn place(&self, name: &str) -> String {
        let head = if self.origin == Origin::Main { MAIN_HEAD } else { "HEAD" };
        format!("{head}:{}/{name}", self.dir)
    }

    fn tell_names(&self, tell: &mut dyn FnMut(&str)) -> io::Result<()> {
        self.files()?.iter().for_each(|file| tell(file.name));
        Ok(())
    }

    fn identity(&self, name: &str) -> io::Result<Option<Identity>> {
        Ok(self.object(name)?.map(|(_, object)| Identity::Content(bytes(object))))
    }

    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let Some((at, object)) = self.object(name)? else { return Ok(None) };
        if self.read.fetch_add(1, Ordering::Relaxed) >= ALONE {
            return Ok(self.contents()?.get(at).cloned().flatten());
        }
        let contents = self.repo.committed_contents(&SystemGit::on_path(), &[object]);
        Ok(contents.map_err(io::Error::other)?.pop().flatten())
    }
}

/// Git's name of a content as bytes, SHA-1 padded with zeros.
fn bytes(object: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (byte, digits) in bytes.iter_mut().zip(object.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(digits).unwrap_or_default();
        *byte = u8::from_str_radix(digits, 16).unwrap_or(0);
    }
    bytes
}
