//! Setting coding agents up: what is put into their files in this worktree, and taken out again.

mod block;
mod hooks;
mod layout;
mod list;
mod sandbox;
#[cfg(test)]
mod tests;

use std::fs::Permissions;
use std::io;
use std::path::{Path, PathBuf};

use jit_tracker::{Dir, Origin, Sink};

use crate::agents::Program;
use crate::error::Failure;
use crate::world::World;

/// What can be set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    Program(Program),
    /// A file that agents of many programs read.
    AgentsMd,
}

const AGENTS_MD: &str = "AGENTS.md";

impl Tool {
    /// Every one.
    pub(crate) const ALL: [Self; 5] = [
        Self::Program(Program::Claude),
        Self::Program(Program::Codex),
        Self::Program(Program::Gemini),
        Self::Program(Program::Cursor),
        Self::AgentsMd,
    ];

    /// As it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Program(program) => program.name(),
            Self::AgentsMd => "agents-md",
        }
    }

    /// The one of this name.
    pub(crate) fn named(name: &str) -> Result<Self, Failure> {
        let found = Self::ALL.into_iter().find(|tool| tool.name() == name);
        found.ok_or_else(|| Failure::no_such_tool(name))
    }
}

/// A file as it is and as it is to be; nothing where there is none.
pub(crate) struct Edit {
    pub(crate) path: PathBuf,
    before: Option<String>,
    after: Option<String>,
    /// Whose hooks are in it.
    program: Option<Program>,
}

/// Why a file can't be changed.
#[derive(Debug)]
enum Wrong {
    /// It is not of its format, from this byte on.
    Text(usize, String),
    /// It is, and not as its program has it.
    Unlike(String),
}

/// What sets a tool up in the worktree with this root, or undoes that. Nothing is written.
pub(crate) fn edits(world: &World<'_>, root: &Path, tool: Tool, remove: bool) -> Result<Vec<Edit>, Failure> {
    let program = match tool {
        Tool::AgentsMd => return Ok(vec![edit(root.join(AGENTS_MD), None, |text| markdown(text, remove))?]),
        Tool::Program(program) => program,
    };
    let mut edits = vec![edit(root.join(program.place().file), Some(program), |text| match text {
        Some(text) if remove => hooks::remove(program, text),
        None if remove => Ok(None),
        before => hooks::add(program, before).map(Some),
    })?];
    if program == Program::Codex {
        let dirs = written(world)?;
        let is_ours = |root: &str| is_written(world, Path::new(root), &dirs);
        edits.push(edit(root.join(sandbox::FILE), None, |text| match text {
            Some(text) if remove => sandbox::remove(text, &is_ours),
            None if remove => Ok(None),
            before => sandbox::add(before, &dirs).map(Some),
        })?);
    }
    Ok(edits)
}

/// The file that Codex takes a linked worktree's hooks from, the main one's, if nothing there asks jit.
pub(crate) fn unasked(world: &World<'_>) -> Result<Option<PathBuf>, Failure> {
    let repo = world.repo()?;
    let Some(main) = repo.common_dir().parent().filter(|_| repo.is_linked()) else { return Ok(None) };
    let path = main.join(Program::Codex.place().file);
    let asks = |text: &String| hooks::asks(Program::Codex, text);
    let is_asked = read(&path).ok().flatten().as_ref().is_some_and(asks);
    Ok((!is_asked).then_some(path))
}

/// The directories outside of a worktree's files that jit writes.
pub(crate) fn written(world: &World<'_>) -> Result<Vec<PathBuf>, Failure> {
    let mut dirs = vec![world.control_plane()?, world.repo()?.git_dir().join("jit")];
    dirs.dedup();
    Ok(dirs)
}

/// Whether it is one of these, or another worktree's.
fn is_written(world: &World<'_>, dir: &Path, dirs: &[PathBuf]) -> bool {
    let is_of_another = || {
        let all = world.repo().ok()?.common_dir().join("worktrees");
        Some(dir.ends_with("jit") && dir.parent()?.parent()? == all)
    };
    dirs.iter().any(|own| own == dir) || is_of_another() == Some(true)
}

fn markdown(text: Option<&str>, remove: bool) -> Result<Option<String>, Wrong> {
    let changed = match text {
        Some(text) if remove => block::remove(text),
        None if remove => Ok(None),
        before => block::add(before).map(Some),
    };
    changed.map_err(|line| {
        let lines = text.unwrap_or_default().split_inclusive('\n');
        let at = lines.take(line - 1).map(str::len).sum();
        Wrong::Text(at, "a mark of jit's block has no other".to_owned())
    })
}

/// What changes a file's text, behind a mark of the byte order if there is one.
fn edit(
    path: PathBuf,
    program: Option<Program>,
    change: impl FnOnce(Option<&str>) -> Result<Option<String>, Wrong>,
) -> Result<Edit, Failure> {
    const MARK: &str = "\u{feff}";
    let before = read(&path)?;
    let text = before.as_deref().map(|text| text.strip_prefix(MARK).unwrap_or(text));
    let mark = if before.as_deref() == text { "" } else { MARK };
    let changed = change(text).map_err(|wrong| match wrong {
        Wrong::Unlike(what) => Failure::unlike(&path, &what),
        Wrong::Text(at, what) => {
            let (line, column) = place(text.unwrap_or_default(), at);
            Failure::malformed(&path, line, column, &what)
        }
    })?;
    // What a symlink leads to was there before.
    let rest = Some(String::new()).filter(|_| !mark.is_empty() || path.is_symlink());
    let after = changed.or(rest).map(|text| format!("{mark}{text}"));
    Ok(Edit { path, before, after, program })
}

fn read(path: &Path) -> Result<Option<String>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        // A symlink to nothing is somebody's, and not a file that is still to be made.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => Ok(None),
        Err(error) => Err(Failure::not_read(path, &error)),
    }
}

/// The line and the column of a byte, counted from 1.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

impl Edit {
    /// What it comes to, for people and programs.
    pub(crate) fn did(&self) -> &'static str {
        match (&self.before, &self.after) {
            (before, after) if before == after => "unchanged",
            (None, _) => "made",
            (_, None) => "removed",
            _ => "changed",
        }
    }

    /// Whether a hook is left that asks jit and is not ours.
    pub(crate) fn leaves_another(&self) -> bool {
        self.program.zip(self.after.as_deref()).is_some_and(|(program, text)| hooks::asks(program, text))
    }

    /// Writes it.
    pub(crate) fn write(&self) -> Result<(), Failure> {
        self.put().map_err(|error| Failure::not_made(&self.path, &error))
    }

    fn put(&self) -> io::Result<()> {
        let Some(after) = self.after.as_deref().filter(|_| self.before != self.after) else {
            return if self.before == self.after { Ok(()) } else { self.take_away() };
        };
        // A file that is kept elsewhere stays there, and who may read it stays as it is.
        let path = self.path.canonicalize().unwrap_or_else(|_| self.path.clone());
        let permissions = path.metadata().ok().map(|found| found.permissions());
        let (dir, name) = parts(&path)?;
        dir.put(name, after.as_bytes())?;
        permissions.map_or(Ok(()), |permissions: Permissions| std::fs::set_permissions(&path, permissions))
    }

    fn take_away(&self) -> io::Result<()> {
        let (dir, name) = parts(&self.path)?;
        dir.remove(name)?;
        let above = self.path.parent().filter(|above| above.join(".git").symlink_metadata().is_err());
        // Others may have files there.
        let _ = above.map(rustix::fs::rmdir);
        Ok(())
    }
}

/// The directory of a file, made once it is written, and the file's name.
fn parts(path: &Path) -> io::Result<(Dir, &str)> {
    let name = path.file_name().and_then(|name| name.to_str()).ok_or(io::ErrorKind::InvalidFilename)?;
    let above = path.parent().ok_or(io::ErrorKind::InvalidFilename)?;
    let dir = match (above.is_dir(), above.parent(), above.file_name().and_then(|name| name.to_str())) {
        (false, Some(root), Some(below)) => Dir::below(root, below, Origin::Worktree),
        _ => Dir::open(above, Origin::Worktree),
    };
    Ok((dir?, name))
}
