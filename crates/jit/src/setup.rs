//! Setting coding agents up: what is put into their files in this worktree, and taken out again.

mod block;
mod hooks;
mod ordered;
mod sandbox;

use std::fs::Permissions;
use std::io;
use std::path::{Path, PathBuf};

use jit_tracker::{Dir, Origin, Sink};
use toml_edit::DocumentMut;

use crate::agents::Program;
use crate::error::Failure;
use crate::world::World;
use ordered::Ordered;

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
}

/// What sets tools up in this worktree, or undoes that. Nothing is written.
pub(crate) fn edits(world: &World<'_>, tools: &[Tool], remove: bool) -> Result<Vec<Edit>, Failure> {
    let root = world.repo()?.worktree().ok_or_else(Failure::no_worktree)?;
    let mut edits = Vec::new();
    for tool in tools {
        match tool {
            Tool::AgentsMd => edits.push(markdown(root.join(AGENTS_MD), remove)?),
            Tool::Program(program) => {
                edits.push(hooks_of(*program, root, remove)?);
                if *program == Program::Codex {
                    edits.push(sandbox(root.join(sandbox::FILE), &written(world)?, remove)?);
                }
            }
        }
    }
    Ok(edits)
}

/// The directories outside of a worktree's files that jit writes.
pub(crate) fn written(world: &World<'_>) -> Result<Vec<PathBuf>, Failure> {
    let mut dirs = vec![world.control_plane()?, world.repo()?.git_dir().join("jit")];
    dirs.dedup();
    Ok(dirs)
}

fn read(path: &Path) -> Result<Option<String>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::not_read(path, &error)),
    }
}

fn hooks_of(program: Program, root: &Path, remove: bool) -> Result<Edit, Failure> {
    let path = root.join(program.place().file);
    let before = read(&path)?;
    let text = before.clone().unwrap_or_default();
    let malformed =
        |error: serde_json::Error| Failure::malformed(&path, error.line(), error.column(), &plain(&error));
    let file = Ordered::parse(&text).map_err(malformed)?;
    let mut changed = file.clone();
    match remove {
        true => hooks::remove(program, &mut changed),
        false => hooks::add(program, &mut changed).map_err(|what| Failure::unlike(&path, &what))?,
    }
    let after = match (changed == file, changed.is_empty()) {
        (true, _) => before.clone(),
        (false, true) => None,
        (false, false) => Some(changed.printed(&text).map_err(malformed)?),
    };
    Ok(Edit { path, before, after })
}

fn markdown(path: PathBuf, remove: bool) -> Result<Edit, Failure> {
    let before = read(&path)?;
    let text = before.as_deref().unwrap_or_default();
    let after = if remove { block::remove(text) } else { block::add(text) };
    let after =
        after.map_err(|line| Failure::malformed(&path, line, 1, "a mark of jit's block has no other"))?;
    let is_gone = after.trim().is_empty() && (before.is_none() || !text.trim().is_empty());
    Ok(Edit { after: Some(after).filter(|_| !is_gone), path, before })
}

fn sandbox(path: PathBuf, dirs: &[PathBuf], remove: bool) -> Result<Edit, Failure> {
    let before = read(&path)?;
    let text = before.as_deref().unwrap_or_default();
    let mut document = text.parse::<DocumentMut>().map_err(|error| {
        let (line, column) = place(text, error.span().map_or(0, |span| span.start));
        Failure::malformed(&path, line, column, error.message())
    })?;
    sandbox::edit(&mut document, dirs, remove).map_err(|what| Failure::unlike(&path, &what))?;
    let after = document.to_string();
    let is_gone = after.trim().is_empty() && (before.is_none() || !text.trim().is_empty());
    Ok(Edit { after: Some(after).filter(|_| !is_gone), path, before })
}

/// What is wrong, without where.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
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
