//! Git's hooks that ask jit: which there are, what stands in them, and how they are looked at.

mod hook;

use std::path::{Path, PathBuf};

pub(crate) use hook::Hook;
use jit_git::{ConfigEnv, HookChange, HookDir, HookState, HooksError, SystemGit};

use crate::error::Failure;
use crate::shell::quoted;
use crate::world::World;

/// What was done to one hook.
pub(crate) struct HookChanged {
    pub(crate) hook: Hook,
    pub(crate) path: PathBuf,
    pub(crate) did: Did,
    /// What is to be put in, or taken out, by hand.
    pub(crate) by_hand: Option<String>,
}

/// What became of a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Did {
    Changed(HookChange),
    /// The same in Git's configuration.
    Configured(HookChange),
    /// It is tracked: whoever commits to it has to change it.
    Tracked,
}

impl Did {
    /// As JSON and people have it.
    pub(crate) fn name(self) -> &'static str {
        let (Self::Changed(change) | Self::Configured(change)) = self else { return "tracked" };
        match change {
            HookChange::Nothing => "unchanged",
            HookChange::Made => "installed",
            HookChange::Added => "added",
            HookChange::Chained => "chained",
            HookChange::Updated => "updated",
            HookChange::Removed => "removed",
            HookChange::Restored => "restored",
            HookChange::TakenOut => "taken out",
        }
    }
}

/// The hooks that Git runs in one worktree.
pub(crate) struct WorktreeHooks {
    pub(crate) worktree: PathBuf,
    pub(crate) dir: PathBuf,
    pub(crate) hooks: Vec<(Hook, Stands)>,
}

/// How a hook stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stands {
    Is(HookState),
    /// Git's configuration has it, for all worktrees.
    Configured,
    /// It is tracked, and jit is not in it.
    Tracked,
}

impl Stands {
    /// As JSON and people have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Is(HookState::Missing) => "missing",
            Self::Is(HookState::Installed) => "installed",
            Self::Is(HookState::Chained) => "chained",
            Self::Is(HookState::Outdated) => "outdated",
            Self::Is(HookState::NotExecutable) => "not executable",
            Self::Is(HookState::Torn) => "torn",
            Self::Configured => "configured",
            Self::Tracked => "tracked",
        }
    }
}

/// The directories in which Git looks for the hooks of the repository's worktrees.
pub(crate) fn dirs(world: &World<'_>) -> Result<Vec<HookDir>, Failure> {
    Ok(world.repo()?.hook_dirs(&SystemGit::on_path(), &ConfigEnv::from_process())?)
}

/// The hooks that Git runs because its configuration says so.
pub(crate) fn configured(world: &World<'_>) -> Result<Vec<Hook>, Failure> {
    let (repo, env) = (world.repo()?, ConfigEnv::from_process());
    let mut found = Vec::new();
    for hook in Hook::all() {
        let state = repo.configured_hook(&env, hook.name(), &hook.block()).map_err(HooksError::from)?;
        found.extend((state == HookState::Installed).then_some(hook));
    }
    // An older Git passes over them.
    let runs = || repo.runs_configured_hooks(&SystemGit::on_path());
    Ok(if !found.is_empty() && runs()? { found } else { Vec::new() })
}

/// Puts a hook into Git's configuration, or takes it out.
pub(crate) fn configure(world: &World<'_>, hook: Hook, add: bool) -> Result<HookChanged, Failure> {
    let (repo, git, env) = (world.repo()?, SystemGit::on_path(), ConfigEnv::from_process());
    let change = match add {
        true => repo.configure_hook(&git, &env, hook.name(), &hook.block())?,
        false => repo.unconfigure_hook(&git, &env, hook.name())?,
    };
    let path = repo.common_dir().join("config");
    Ok(HookChanged { hook, path, did: Did::Configured(change), by_hand: None })
}

/// How a hook's file stands.
pub(crate) fn stands(dir: &HookDir, hook: Hook) -> Result<Stands, HooksError> {
    let state = dir.state(hook.name(), &hook.block())?;
    match state {
        HookState::Missing if dir.tracks(&SystemGit::on_path(), hook.name())? => Ok(Stands::Tracked),
        state => Ok(Stands::Is(state)),
    }
}

/// Whether Git asks jit by a hook's file.
fn is_asked(dir: &HookDir, hook: Hook) -> Result<bool, HooksError> {
    Ok(matches!(stands(dir, hook)?, Stands::Is(HookState::Installed | HookState::Chained)))
}

/// Lets Git ask jit by a hook, unless that is tracked.
pub(crate) fn installed(dir: &HookDir, hook: Hook) -> Result<HookChanged, Failure> {
    let (name, block) = (hook.name(), hook.block());
    let path = dir.hook(name);
    if is_asked(dir, hook)? {
        return Ok(HookChanged { hook, path, did: Did::Changed(HookChange::Nothing), by_hand: None });
    }
    if dir.tracks(&SystemGit::on_path(), name)? {
        let by_hand = Some(HookDir::printed(&block));
        return Ok(HookChanged { hook, path, did: Did::Tracked, by_hand });
    }
    let did = Did::Changed(dir.install(name, &block)?);
    Ok(HookChanged { hook, path, did, by_hand: None })
}

/// Takes jit out of a hook, unless that is tracked.
pub(crate) fn uninstalled(dir: &HookDir, hook: Hook) -> Result<HookChanged, Failure> {
    let (name, path) = (hook.name(), dir.hook(hook.name()));
    let there = !matches!(stands(dir, hook)?, Stands::Is(HookState::Missing) | Stands::Tracked);
    if there && dir.tracks(&SystemGit::on_path(), name)? {
        let by_hand = Some(HookDir::printed(&hook.block()));
        return Ok(HookChanged { hook, path, did: Did::Tracked, by_hand });
    }
    let did = Did::Changed(dir.uninstall(name)?);
    Ok(HookChanged { hook, path, did, by_hand: None })
}

/// Warns of what was put aside for a hook of jit's that another tool took away.
pub(crate) fn warn_of_left(world: &World<'_>, dir: &HookDir, hook: Hook) {
    if let Some(left) = dir.left(hook.name()) {
        let [left, path] = [left, dir.hook(hook.name())].map(|path| path.display().to_string());
        world.warn(format!(
            "{left} is the hook that stood there before jit's, which something else took away: nothing runs it; \
             call it from {path}, or, if it is not wanted: rm {}",
            quoted(&left)
        ));
    }
}

/// The worktrees in which Git asks jit nothing by some hook by which it does in another.
pub(crate) fn unasked(world: &World<'_>) -> Result<Vec<PathBuf>, Failure> {
    let dirs = dirs(world)?;
    // Mostly there is one for all.
    if dirs.len() < 2 {
        return Ok(Vec::new());
    }
    let (mut found, configured) = (Vec::new(), configured(world)?);
    for dir in &dirs {
        let others = || dirs.iter().filter(|other| *other != dir);
        for hook in Hook::CLIENT.into_iter().filter(|hook| !configured.contains(hook)) {
            let is_missing = matches!(stands(dir, hook)?, Stands::Is(HookState::Missing));
            if is_missing && others().any(|dir| is_asked(dir, hook).unwrap_or(false)) {
                found.extend(dir.worktrees.iter().cloned());
                break;
            }
        }
    }
    Ok(found)
}

/// Lets Git ask jit in a new worktree by whatever hooks it does in another, should it look for those in
/// a directory of that worktree.
pub(crate) fn spread_to(world: &World<'_>, root: &Path) -> Result<(), Failure> {
    let _lock = world.lock_worktrees()?;
    let (own, others): (Vec<_>, Vec<_>) =
        dirs(world)?.into_iter().partition(|dir| dir.worktrees.iter().all(|other| other == root));
    for (dir, hook) in own.iter().flat_map(|dir| Hook::CLIENT.map(|hook| (dir, hook))) {
        // One that can't be looked at asks nobody.
        if others.iter().any(|dir| is_asked(dir, hook).unwrap_or(false)) {
            installed(dir, hook)?;
        }
    }
    Ok(())
}
