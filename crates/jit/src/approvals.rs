//! Which gates' commands may run on this machine: what its user approved, kept outside of the
//! repository, so that nothing that is pulled can approve itself.

use std::collections::BTreeSet;
use std::env;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jit_git::{Repo, SystemGit};
use jit_tracker::GateName;
use jit_tracker::gates::{Check, Gate};

use crate::error::Failure;
use crate::render::text::one_line;
use crate::world::World;

/// What is approved, as it was when it was read.
pub(crate) struct Approvals<'w> {
    file: PathBuf,
    text: String,
    /// The common directory of the repository that is asked about.
    repository: &'w Path,
}

impl<'w> Approvals<'w> {
    /// Reads the user's file; without one, nothing is approved. One that a branch could bring is
    /// no user's.
    pub(crate) fn of(world: &'w World<'_>) -> Result<Self, Failure> {
        let file = state_dir().ok_or_else(Failure::no_home)?.join("jit/approved-gates");
        if is_inside(&file, world.repo()?)? {
            return Err(Failure::approvals_inside(&file));
        }
        let text = match fs::read(&file) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Failure::not_read(&file, &error)),
        };
        Ok(Self { file, text, repository: world.repo()?.common_dir() })
    }

    /// Whether a gate's command may run; none where it has no command.
    pub(crate) fn has(&self, name: &GateName, gate: &Gate) -> Option<bool> {
        let print = gate.fingerprint(name, self.repository.as_os_str().as_bytes())?.to_string();
        Some(self.text.lines().any(|line| line.split(' ').next() == Some(&print)))
    }

    /// Approves gates. Behind each fingerprint stands what it is of, for people.
    pub(crate) fn add(&self, gates: &[(GateName, Gate)]) -> Result<(), Failure> {
        let repository = self.repository.as_os_str().as_bytes();
        let line = |(name, gate): &(GateName, Gate)| {
            let Check::Command { command, .. } = &gate.check else { return None };
            let print = gate.fingerprint(name, repository)?;
            let place = one_line(&self.repository.display().to_string());
            Some(format!("{print} {name} {place}: {}\n", one_line(command.as_str())))
        };
        let new = gates.iter().filter(|(name, gate)| self.has(name, gate) == Some(false));
        let lines: BTreeSet<String> = new.filter_map(line).collect();
        let begin = if self.text.is_empty() || self.text.ends_with('\n') { "" } else { "\n" };
        match lines.is_empty() {
            true => Ok(()),
            false => append(&self.file, &(begin.to_owned() + &String::from_iter(lines)))
                .map_err(|error| Failure::not_made(&self.file, &error)),
        }
    }
}

/// With one write: what is approved in two places at once does not mix.
fn append(file: &Path, lines: &str) -> io::Result<()> {
    if let Some(dir) = file.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    }
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(file)?;
    file.write_all(lines.as_bytes())?;
    file.sync_all()
}

/// Whether a file is, or would be made, in a worktree of the repository or among Git's files.
fn is_inside(file: &Path, repo: &Repo) -> Result<bool, Failure> {
    let file = real(file);
    let worktrees = repo.worktrees(&SystemGit::on_path())?;
    let roots = worktrees.iter().map(|worktree| &*worktree.path).chain(repo.worktree());
    Ok(roots.chain([repo.common_dir()]).any(|root| file.starts_with(real(root))))
}

/// A path without symlinks, as far as it is there.
fn real(path: &Path) -> PathBuf {
    let there = path.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
    match there {
        Some((above, real)) => path.strip_prefix(above).map_or(real.clone(), |rest| real.join(rest)),
        None => path.to_owned(),
    }
}

/// Where this user's programs keep what they remember.
fn state_dir() -> Option<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))
}
