//! Keeping: one `git fast-import` writes all of it, in one pack, and the reference last. Whatever
//! stops it before leaves no reference, and the worktree as it was.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::contents::{Kind, Seen, named};
use crate::paths;
use crate::program::{At, GitProgram, ProgramError};
use crate::removing::begun;
use crate::repo::Repo;
use crate::salvage::message::Message;
use crate::salvage::{REFERENCES, SalvageError, part, quoted, state};
use crate::unsaved::{Unsaved, entries};
use crate::worktrees::Worktree;

/// Why and when a worktree is kept.
#[derive(Clone, Debug)]
pub struct Occasion {
    /// Who wants it.
    pub agent: String,
    /// When, for people: RFC 3339.
    pub time: String,
    /// When, in seconds since 1970.
    pub secs: u64,
    /// Whether files that Git is told to ignore are kept too.
    pub with_ignored: bool,
}

/// What was just kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptNow {
    /// The reference that leads to it.
    pub reference: String,
    /// How many files are in it.
    pub files: usize,
}

/// All that is to be written, but for the files' content.
struct Plan {
    reference: String,
    message: Message,
    secs: u64,
    parents: Vec<String>,
    files: Vec<(Vec<u8>, Seen)>,
    /// Lines that put objects into the tree that are there already.
    known: Vec<u8>,
    state: Vec<PathBuf>,
    references: String,
}

impl Repo {
    /// Keeps what a worktree has, as it was looked at: commits, the index, the files, and what was
    /// begun in it. When this returns, it is on the disk.
    ///
    /// # Errors
    /// [`SalvageError`]; there is no reference then.
    pub fn keep(
        &self,
        git: &dyn GitProgram,
        worktree: &Worktree,
        unsaved: &Unsaved,
        occasion: &Occasion,
    ) -> Result<KeptNow, SalvageError> {
        let plan = self.plan(git, worktree, unsaved, occasion)?;
        // One pack, flushed once; every file by its bytes, whatever the name means elsewhere.
        let options = [
            "-c",
            "core.fsync=all",
            "-c",
            "fastimport.unpackLimit=1",
            "-c",
            "core.protectNTFS=false",
            "-c",
            "core.protectHFS=false",
            "fast-import",
            "--quiet",
            "--done",
            "--date-format=raw",
        ];
        let options: Vec<_> = options.iter().map(std::ffi::OsStr::new).collect();
        let mut write = |to: &mut dyn Write| plan.write(&mut io::BufWriter::new(to), worktree);
        git.run_at(self.shared(), &options, &mut write)?.successful()?;
        self.shared().ask(git, &["rev-parse", "--verify", "--quiet", &plan.reference])?;
        // Names, and objects that were there before and that nobody had flushed.
        sync(self.common_dir()).map_err(|error| named(self.common_dir(), error))?;
        Ok(KeptNow { reference: plan.reference, files: plan.files.len() })
    }

    fn plan(
        &self,
        git: &dyn GitProgram,
        worktree: &Worktree,
        unsaved: &Unsaved,
        occasion: &Occasion,
    ) -> Result<Plan, SalvageError> {
        let branch = unsaved.sight.branch.as_ref().map(ToString::to_string);
        let head = unsaved.head().map(str::to_owned);
        let ignored = if occasion.with_ignored { BTreeSet::new() } else { worktree.ignored(git)? };
        let files = unsaved.sight.contents.files.iter().filter(|(path, _)| !ignored.contains(*path));
        let state = state::files(&worktree.git_dir)?;
        let own = worktree.own_references(git)?;
        let named = state::objects(&worktree.git_dir, &state)?;
        let named = named.into_iter().chain(own.iter().map(|(object, _)| object.clone()));
        let named = named.chain(unsaved.tip().map(str::to_owned));
        let (commits, trees) = known_objects(git, self.shared(), &named.collect::<Vec<_>>())?;
        let mut known = index_lines(git, worktree)?;
        trees
            .iter()
            .for_each(|tree| known.extend(format!("M 040000 {tree} \"{}{tree}\"\n", part::TREES).bytes()));
        let called = branch.clone().or_else(|| worktree.rebased().map(|branch| branch.to_string()));
        let reference = self.free_reference(git, called.as_deref(), &occasion.time)?;
        let mut about = unsaved.lines();
        if let Some(before) = begun(worktree) {
            about.insert(0, format!("a removal had begun, before which it was kept as {before}"));
        }
        Ok(Plan {
            reference,
            parents: parents(git, self.shared(), head.as_deref(), commits)?,
            message: Message {
                branch,
                head,
                worktree: Some(worktree.path.clone()),
                agent: occasion.agent.clone(),
                kept_at: occasion.time.clone(),
                about,
            },
            secs: occasion.secs,
            files: files.map(|(path, seen)| (path.clone(), *seen)).collect(),
            known,
            state,
            references: own.iter().map(|(object, name)| format!("{object} {name}\n")).collect(),
        })
    }

    /// `<branch>/<time>`, with a number behind it where that is taken.
    fn free_reference(
        &self,
        git: &dyn GitProgram,
        branch: Option<&str>,
        time: &str,
    ) -> Result<String, ProgramError> {
        let time: String = time.chars().filter(|c| !matches!(c, '-' | ':')).collect();
        let name = format!("{REFERENCES}{}/{time}", branch.unwrap_or("detached"));
        let mut reference = name.clone();
        for n in 2.. {
            let taken = self.shared().run(git, &["show-ref", "--verify", "--quiet", &reference], b"")?;
            if taken.status != Some(0) {
                break;
            }
            reference = format!("{name}-{n}");
        }
        Ok(reference)
    }
}

impl Plan {
    fn write(&self, to: &mut dyn Write, worktree: &Worktree) -> io::Result<()> {
        let message = self.message.text();
        write!(to, "commit {}\ncommitter jit <jit@localhost> {} +0000\n", self.reference, self.secs)?;
        write!(to, "data {}\n{message}\n", message.len())?;
        for (n, parent) in self.parents.iter().enumerate() {
            writeln!(to, "{} {parent}", if n == 0 { "from" } else { "merge" })?;
        }
        to.write_all(b"deleteall\n")?;
        to.write_all(&self.known)?;
        for (path, seen) in &self.files {
            put_file(to, part::FILES, path, seen.kind, &worktree.path.join(paths::from_bytes(path)))?;
        }
        for path in &self.state {
            let place = worktree.git_dir.join(path);
            put_file(to, part::GIT, paths::bytes(path), Kind::Plain, &place)?;
        }
        if !self.references.is_empty() {
            let (name, length) = (part::REFERENCES, self.references.len());
            write!(to, "M 100644 inline {name}\ndata {length}\n{}\n", self.references)?;
        }
        to.write_all(b"done\n")?;
        to.flush()
    }
}

/// A file with its content as it stands on the disk, through no filter.
fn put_file(to: &mut dyn Write, part: &str, path: &[u8], kind: Kind, place: &Path) -> io::Result<()> {
    write!(to, "M {} inline ", kind.mode())?;
    to.write_all(&quoted(&[part.as_bytes(), path].concat()))?;
    if kind == Kind::Symlink {
        let target = fs::read_link(place).map_err(|error| named(place, error))?;
        let target = target.as_os_str().as_bytes();
        write!(to, "\ndata {}\n", target.len())?;
        to.write_all(target)?;
        return to.write_all(b"\n");
    }
    let flags = rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::CLOEXEC | rustix::fs::OFlags::NOFOLLOW;
    let file = rustix::fs::open(place, flags, rustix::fs::Mode::empty());
    let file = File::from(file.map_err(|error| named(place, error.into()))?);
    let length = file.metadata().map_err(|error| named(place, error))?.len();
    write!(to, "\ndata {length}\n")?;
    let copied = io::copy(&mut file.take(length), to).map_err(|error| named(place, error))?;
    if copied != length {
        return Err(named(place, io::Error::other("it grew shorter while it was read")));
    }
    to.write_all(b"\n")
}

/// The index's entries by stage, and those that it remembers of conflicts.
fn index_lines(git: &dyn GitProgram, worktree: &Worktree) -> Result<Vec<u8>, ProgramError> {
    let mut lines = Vec::new();
    for (part, option) in [(part::INDEX, "--stage"), (part::RESOLVED, "--resolve-undo")] {
        let listed = worktree.at().ask(git, &["ls-files", option, "-z"])?;
        for entry in entries(&listed) {
            let Some(tab) = entry.iter().position(|byte| *byte == b'\t') else { continue };
            let (head, path) = (String::from_utf8_lossy(&entry[..tab]).into_owned(), &entry[tab + 1..]);
            let [mode, object, stage] = head.split(' ').collect::<Vec<_>>()[..] else { continue };
            let place = quoted(&[part.as_bytes(), stage.as_bytes(), b"/", path].concat());
            lines.extend(format!("M {mode} {object} ").bytes().chain(place).chain([b'\n']));
        }
    }
    Ok(lines)
}

/// Which of these are commits, and which are trees.
fn known_objects(
    git: &dyn GitProgram,
    at: At<'_>,
    named: &[String],
) -> Result<(Vec<String>, Vec<String>), ProgramError> {
    let (mut commits, mut trees) = (Vec::new(), Vec::new());
    if named.is_empty() {
        return Ok((commits, trees));
    }
    let asked: String = named.iter().map(|object| format!("{object}\n")).collect();
    let told = at.run(git, &["cat-file", "--batch-check=%(objectname) %(objecttype)"], asked.as_bytes())?;
    for line in String::from_utf8_lossy(&told.successful()?.stdout).lines() {
        match line.split_once(' ') {
            Some((object, "commit")) => commits.push(object.to_owned()),
            Some((object, "tree")) => trees.push(object.to_owned()),
            _ => {}
        }
    }
    Ok((commits, trees))
}

/// `HEAD` first, then what none of the others leads to.
fn parents(
    git: &dyn GitProgram,
    at: At<'_>,
    head: Option<&str>,
    commits: Vec<String>,
) -> Result<Vec<String>, ProgramError> {
    /// As many as a command line takes.
    const MOST: usize = 500;
    let all: Vec<&str> = head.into_iter().chain(commits.iter().map(String::as_str)).collect();
    let mut needed: Vec<String> = match all.len() {
        2..=MOST => {
            let arguments: Vec<&str> = ["merge-base", "--independent"].into_iter().chain(all).collect();
            let told = at.ask(git, &arguments)?;
            String::from_utf8_lossy(&told).lines().map(str::to_owned).collect()
        }
        _ => commits.clone(),
    };
    needed.retain(|commit| Some(&**commit) != head);
    Ok(head.map(str::to_owned).into_iter().chain(needed).collect())
}

/// Waits until all that was written to the file system of `dir` is on its disk.
#[cfg(target_os = "linux")]
fn sync(dir: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(dir)?)?)
}

/// The same for every file system: there is no call for one.
#[cfg(not(target_os = "linux"))]
fn sync(_: &Path) -> io::Result<()> {
    rustix::fs::sync();
    Ok(())
}
