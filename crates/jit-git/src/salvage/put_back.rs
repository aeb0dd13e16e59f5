//! Putting back what was kept, into a new worktree.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use crate::branch::rebased;
use crate::contents::named;
use crate::git_files;
use crate::paths;
use crate::program::{At, GitProgram, ProgramError};
use crate::repo::Repo;
use crate::salvage::{Kept, SalvageError, part, state};
use crate::unsaved::{entries, shown};

/// What came of putting back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The branch that is checked out; `None` where `HEAD` is detached.
    pub branch: Option<String>,
    /// Whether that branch was made for it.
    pub made_branch: bool,
    /// Why the branch that was checked out is not again, if it is not.
    pub detached: Option<String>,
    /// What was kept and is not put back, besides logs: it is there to be read.
    pub left: Vec<String>,
}

/// A file of what was kept.
struct Entry {
    mode: String,
    object: String,
    size: u64,
    path: Vec<u8>,
}

/// So much is read at once.
const CHUNK: u64 = 32 << 20;
const FILES: usize = 2_000;

impl Repo {
    /// Puts back what was kept, into a worktree at `path` that is made for it and stays locked for
    /// `reason` until it is whole.
    ///
    /// # Errors
    /// [`SalvageError`]; what was made of it is there then, locked.
    pub fn put_back(
        &self,
        git: &dyn GitProgram,
        kept: &Kept,
        path: &Path,
        reason: &str,
    ) -> Result<Restored, SalvageError> {
        if fs::read_dir(path).map_or(path.symlink_metadata().is_ok(), |mut dir| dir.next().is_some()) {
            return Err(SalvageError::Occupied(path.to_path_buf()));
        }
        let start = kept.head.as_deref().unwrap_or(&kept.commit);
        // Nothing is checked out yet that a hook could look at.
        let words = [
            "-c",
            "core.hooksPath=/dev/null",
            "worktree",
            "add",
            "--quiet",
            "--detach",
            "--no-checkout",
            "--lock",
            "--reason",
            reason,
        ];
        let arguments: Vec<&OsStr> =
            words.iter().map(OsStr::new).chain([path.as_os_str(), OsStr::new(start)]).collect();
        git.run_at(self.shared(), &arguments, &mut |_| Ok(()))?.successful()?;
        let restored = self.filled(git, kept, path)?;
        self.unlock_worktree(git, path)?;
        Ok(restored)
    }

    fn filled(&self, git: &dyn GitProgram, kept: &Kept, path: &Path) -> Result<Restored, SalvageError> {
        let git_dir = git_dir_of(path)?;
        let at = At { git_dir: &git_dir, root: Some(path) };
        let all = self.entries_of(git, kept)?;
        let below = |part: &str| {
            let part = part.as_bytes().to_vec();
            all.iter().filter_map(move |entry| Some((entry.path.strip_prefix(&part[..])?, entry)))
        };
        let files: Vec<_> = below(part::FILES).map(|(name, entry)| (name.to_vec(), entry)).collect();
        self.write_all(git, kept, path, &files)?;
        // Of a submodule that was not there, its empty directory.
        for (name, _) in below(part::INDEX).filter(|(_, entry)| entry.mode == "160000") {
            if let Some(place) = name.strip_prefix(b"0/").and_then(|name| self::below(path, name)) {
                directory(&place).map_err(|error| named(&place, error))?;
            }
        }
        let (state, left): (Vec<_>, Vec<_>) = below(part::GIT)
            .map(|(name, entry)| (name.to_vec(), entry))
            // Git keeps its state in plain files; a link would lead out of what was kept.
            .partition(|(name, entry)| state::is_put_back(name) && entry.mode != "120000");
        // What Git made of a worktree that had not yet been filled.
        let _ = discard(&git_dir.join("ORIG_HEAD"));
        self.write_all(git, kept, &git_dir, &state)?;
        let commands = without_commands(&git_dir)?;
        let (branch, made_branch, detached) = self.check_out(git, at, kept)?;
        self.make_rebased(git, at)?;
        if let Some((_, entry)) = below(part::REFERENCES).next() {
            self.put_references(git, at, &entry.object)?;
        }
        // Tells Git's index of the new files; what differs is no error.
        at.run(git, &["-c", "core.fsmonitor=false", "update-index", "-q", "--refresh"], b"")?;
        // Of logs, everybody has some.
        let left = left.iter().filter(|(name, _)| !name.starts_with(b"logs/"));
        let left = left.map(|(name, _)| format!("{}{}", part::GIT, shown(name)));
        let left = left.chain(commands.iter().map(|line| format!("{}{TODO}: {line}", part::GIT)));
        Ok(Restored { branch, made_branch, detached, left: left.collect() })
    }

    /// Every file of what was kept.
    fn entries_of(&self, git: &dyn GitProgram, kept: &Kept) -> Result<Vec<Entry>, SalvageError> {
        let listed = self.shared().ask(git, &["ls-tree", "-r", "-z", "-l", "--full-tree", &kept.commit])?;
        let entry = |line: &[u8]| {
            let tab = line.iter().position(|byte| *byte == b'\t')?;
            let head = String::from_utf8_lossy(&line[..tab]).into_owned();
            let [mode, _, object, size] = head.split_whitespace().collect::<Vec<_>>()[..] else {
                return None;
            };
            let size = size.parse().unwrap_or_default();
            let (mode, object) = (mode.to_owned(), object.to_owned());
            Some(Entry { mode, object, size, path: line[tab + 1..].to_vec() })
        };
        Ok(entries(&listed).filter_map(entry).collect())
    }

    /// Writes files below a directory, symlinks last: nothing is written through one.
    fn write_all(
        &self,
        git: &dyn GitProgram,
        kept: &Kept,
        root: &Path,
        files: &[(Vec<u8>, &Entry)],
    ) -> Result<(), SalvageError> {
        let (links, plain): (Vec<_>, Vec<_>) = files.iter().partition(|(_, entry)| entry.mode == "120000");
        let mut rest: Vec<&(Vec<u8>, &Entry)> = plain.into_iter().chain(links).collect();
        while !rest.is_empty() {
            let mut size = 0;
            let fits = rest.iter().take(FILES).take_while(|(_, entry)| {
                let first = size == 0;
                size += entry.size + 1;
                first || size <= CHUNK
            });
            let after = rest.split_off(fits.count());
            let objects: Vec<&str> = rest.iter().map(|(_, entry)| &*entry.object).collect();
            let contents = self.committed_contents(git, &objects)?;
            for ((name, entry), content) in rest.iter().zip(contents) {
                let malformed =
                    |what: String| SalvageError::Malformed { reference: kept.reference.clone(), what };
                let Some(path) = below(root, name) else {
                    return Err(malformed(format!("{} leads elsewhere", shown(name))));
                };
                let content = content.ok_or_else(|| malformed(format!("{} is missing", shown(name))))?;
                write_file(&path, &entry.mode, &content).map_err(|error| named(&path, error))?;
            }
            rest = after;
        }
        Ok(())
    }

    /// Checks out the branch that was, where it is still where it was and nobody else has it.
    fn check_out(
        &self,
        git: &dyn GitProgram,
        at: At<'_>,
        kept: &Kept,
    ) -> Result<(Option<String>, bool, Option<String>), ProgramError> {
        let Some(branch) = &kept.branch else { return Ok((None, false, None)) };
        let reference = format!("refs/heads/{branch}");
        let tip = self.tip(git, branch)?;
        let elsewhere = self.worktrees(git).ok().into_iter().flatten().find(|other| {
            let its = other.branch.as_ref().ok().and_then(Option::as_ref);
            other.git_dir != at.git_dir && its.is_some_and(|its| its.to_string() == *branch)
        });
        let detached = match (&tip, &elsewhere) {
            (_, Some(other)) => Some(format!("branch {branch} is checked out in {}", other.path.display())),
            (Some(tip), _) if Some(tip) != kept.head.as_ref() => {
                Some(format!("branch {branch} is at another commit by now"))
            }
            _ => None,
        };
        if detached.is_some() {
            return Ok((None, false, detached));
        }
        if let (None, Some(head)) = (&tip, &kept.head) {
            self.make_branch(git, branch, head)?;
        }
        at.ask(git, &["symbolic-ref", "HEAD", &reference])?;
        Ok((Some(branch.clone()), tip.is_none() && kept.head.is_some(), None))
    }

    /// A rebase can't end where its branch, which went with the worktree, is nowhere.
    fn make_rebased(&self, git: &dyn GitProgram, at: At<'_>) -> Result<(), ProgramError> {
        let Some(branch) = rebased(at.git_dir) else { return Ok(()) };
        let branch = branch.to_string();
        let was = ["rebase-merge/orig-head", "rebase-apply/orig-head"];
        let was = was.iter().find_map(|name| fs::read_to_string(at.git_dir.join(name)).ok());
        let is_id = |was: &String| was.bytes().all(|byte| byte.is_ascii_hexdigit());
        match was.map(|was| was.trim().to_owned()).filter(is_id) {
            Some(was) if self.tip(git, &branch)?.is_none() => self.make_branch(git, &branch, &was),
            _ => Ok(()),
        }
    }

    fn put_references(&self, git: &dyn GitProgram, at: At<'_>, list: &str) -> Result<(), ProgramError> {
        let text = self.shared().ask(git, &["cat-file", "blob", list])?;
        let own = ["refs/bisect/", "refs/worktree/", "refs/rewritten/"];
        for line in String::from_utf8_lossy(&text).lines() {
            let Some((object, name)) = line.split_once(' ') else { continue };
            if own.iter().any(|own| name.starts_with(own)) {
                at.ask(git, &["update-ref", name, object])?;
            }
        }
        Ok(())
    }
}

/// What a rebase has left to do.
const TODO: &str = "rebase-merge/git-rebase-todo";

/// Takes out of what a rebase has left to do the commands that it would run; they may be somebody
/// else's. Says which they were.
#[allow(clippy::disallowed_methods, reason = "the adapter that puts files back")]
fn without_commands(git_dir: &Path) -> io::Result<Vec<String>> {
    let path = git_dir.join(TODO);
    let Ok(text) = fs::read(&path) else { return Ok(Vec::new()) };
    let is_command = |line: &&[u8]| {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        matches!(words.next(), Some(b"exec" | b"x"))
    };
    let (commands, rest): (Vec<&[u8]>, Vec<&[u8]>) =
        text.split_inclusive(|byte| *byte == b'\n').partition(is_command);
    if !commands.is_empty() {
        fs::write(&path, rest.concat()).map_err(|error| named(&path, error))?;
    }
    Ok(commands.into_iter().map(|line| shown(line.trim_ascii())).collect())
}

/// The Git directory of a worktree that was just made.
fn git_dir_of(root: &Path) -> Result<PathBuf, SalvageError> {
    let path = root.join(".git");
    let content = fs::read(&path).map_err(|error| named(&path, error))?;
    let target = git_files::parse_git_file(&content)
        .map_err(|fault| named(&path, io::Error::other(fault.to_string())))?;
    Ok(paths::resolve(root, target))
}

/// A path below a directory; `None` for one that would leave it, or be Git's.
fn below(root: &Path, name: &[u8]) -> Option<PathBuf> {
    let path = Path::new(OsStr::from_bytes(name));
    let plain = |component| matches!(component, Component::Normal(name) if name != ".git");
    path.components().all(plain).then(|| root.join(path))
}

#[allow(clippy::disallowed_methods, reason = "the adapter that puts files back")]
fn write_file(path: &Path, mode: &str, content: &[u8]) -> io::Result<()> {
    if let Some(above) = path.parent() {
        fs::create_dir_all(above)?;
    }
    if mode == "120000" {
        return symlink(OsStr::from_bytes(content), path);
    }
    let bits = if mode == "100755" { 0o777 } else { 0o666 };
    OpenOptions::new().write(true).create_new(true).mode(bits).open(path)?.write_all(content)
}

#[allow(clippy::disallowed_methods, reason = "the adapter that puts files back")]
fn directory(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

#[allow(clippy::disallowed_methods, reason = "the adapter that puts files back")]
fn discard(path: &Path) -> io::Result<()> {
    fs::remove_file(path)
}
