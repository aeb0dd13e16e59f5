//! Which gates' commands may run on this machine: what its user approved, kept outside of the
//! repository, so that nothing that is pulled can approve itself.

use std::collections::BTreeSet;
use std::env;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jit_core::decide::Sweep;
use jit_core::{ControlPlaneId, Now, Query, View};
use jit_git::{Repo, SystemGit, real};
use jit_tracker::GateName;
use jit_tracker::gates::{Check, Gate, Repository};

use crate::error::Failure;
use crate::render::text::one_line;
use crate::world::World;

/// What is approved, as it was when it was read.
pub(crate) struct Approvals<'w> {
    world: &'w World<'w>,
    file: PathBuf,
    text: String,
    /// The common directory of the repository that is asked about.
    path: &'w Path,
    /// Its control plane; where there is none yet, nothing was approved.
    control_plane: Option<ControlPlaneId>,
}

impl<'w> Approvals<'w> {
    /// Reads the user's file; without one, nothing is approved. One that a branch could bring is
    /// no user's.
    pub(crate) fn of(world: &'w World<'w>) -> Result<Self, Failure> {
        let file = state_dir().ok_or_else(Failure::no_home)?.join("jit/approved-gates");
        if is_inside(&file, world.repo()?)? {
            return Err(Failure::approvals_inside(&file));
        }
        let text = match fs::read(&file) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Failure::not_read(&file, &error)),
        };
        let (path, control_plane) = (world.repo()?.common_dir(), world.read(&Plane)?);
        Ok(Self { world, file, text, path, control_plane })
    }

    /// Whether a gate's command may run; none where it has no command.
    pub(crate) fn has(&self, name: &GateName, gate: &Gate) -> Option<bool> {
        if gate.check == Check::Manual {
            return None;
        }
        let print = self.control_plane.and_then(|plane| self.print(name, gate, plane));
        Some(print.is_some_and(|print| self.text.lines().any(|line| line.split(' ').next() == Some(&print))))
    }

    fn print(&self, name: &GateName, gate: &Gate, control_plane: ControlPlaneId) -> Option<String> {
        let repository = Repository { control_plane, path: self.path.as_os_str().as_bytes() };
        Some(gate.fingerprint(name, &repository)?.to_string())
    }

    /// The control plane, made if there is none: what is approved is approved for this one.
    fn made_control_plane(&self) -> Result<ControlPlaneId, Failure> {
        if let Some(known) = self.control_plane {
            return Ok(known);
        }
        self.world.transact(&Sweep)?;
        let gone = || io::Error::other("it was taken away as soon as it was made");
        self.world.read(&Plane)?.map_or_else(|| Err(Failure::not_made(&self.path.join("jit"), &gone())), Ok)
    }

    /// Approves gates. Behind each fingerprint stands what it is of, for people.
    pub(crate) fn add(&self, gates: &[(GateName, Gate)]) -> Result<(), Failure> {
        let control_plane = self.made_control_plane()?;
        let line = |(name, gate): &(GateName, Gate)| {
            let Check::Command { command, .. } = &gate.check else { return None };
            let print = self.print(name, gate, control_plane)?;
            let place = one_line(&self.path.display().to_string());
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

/// Which control plane this is.
struct Plane;

impl Query for Plane {
    type Answer = Option<ControlPlaneId>;

    fn ask<V: View>(&self, view: &V, _: &Now) -> Result<Self::Answer, V::Error> {
        Ok(view.control_plane())
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

/// Where this user's programs keep what they remember.
fn state_dir() -> Option<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))
}
