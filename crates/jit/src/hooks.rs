//! Git's hooks that ask jit: which there are, what stands in them, and how they are looked at.

use std::fmt;
use std::path::{Path, PathBuf};

use jit_git::{ConfigEnv, HookChange, HookDir, HookState, HooksError, SystemGit};

use crate::error::Failure;
use crate::shell::quoted;
use crate::world::World;

/// A hook in which jit has something to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hook {
    PreCommit,
    PrepareCommitMsg,
    CommitMsg,
    ReferenceTransaction,
    PrePush,
    PreReceive,
    Update,
}

impl Hook {
    /// Those that are asked where somebody works.
    pub(crate) const CLIENT: [Self; 5] =
        [Self::PreCommit, Self::PrepareCommitMsg, Self::CommitMsg, Self::ReferenceTransaction, Self::PrePush];
    /// Those that are asked where others push to.
    pub(crate) const SERVER: [Self; 2] = [Self::PreReceive, Self::Update];

    /// Every one.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        Self::CLIENT.into_iter().chain(Self::SERVER)
    }

    /// As Git calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::PrepareCommitMsg => "prepare-commit-msg",
            Self::CommitMsg => "commit-msg",
            Self::ReferenceTransaction => "reference-transaction",
            Self::PrePush => "pre-push",
            Self::PreReceive => "pre-receive",
            Self::Update => "update",
        }
    }

    /// Those that are named.
    pub(crate) fn named(names: &[String]) -> Result<Vec<Self>, Failure> {
        let known = |name: &String| {
            let found = Self::all().find(|hook| hook.name() == name);
            found.ok_or_else(|| Failure::no_such_hook(name))
        };
        names.iter().map(known).collect()
    }

    /// What stands in the hook, for `sh`.
    pub(crate) fn block(self) -> String {
        let name = self.name();
        match self {
            Self::PreCommit | Self::PrepareCommitMsg | Self::CommitMsg => {
                format!("{ABOUT}{}", asked(self, &format!("jit hook {name} \"$@\" || exit")))
            }
            Self::PrePush | Self::PreReceive => {
                let push = if self == Self::PreReceive { "--push $PPID" } else { "\"$@\"" };
                let command = format!("jit hook {name} {push} <<JIT || exit\n$jit_lines\nJIT");
                format!("{ABOUT}jit_lines=$(cat)\n{}{LINES_AGAIN}", asked(self, &command))
            }
            Self::Update => {
                format!("{ABOUT}{}", asked(self, &format!("jit hook {name} --push $PPID \"$@\" || exit")))
            }
            Self::ReferenceTransaction => format!(
                "{ABOUT}if [ \"$1\" = prepared ]; then\njit_lines=$(cat) jit_new=\n{NEW_COMMITS}if [ -n \"$jit_new\" ]; then\n{}fi\n{LINES_AGAIN}fi\n",
                asked(self, &format!("jit hook {name} \"$@\" <<JIT || exit\n$jit_lines\nJIT"))
            ),
        }
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

const ABOUT: &str =
    "# Asks jit who holds what. `jit hooks uninstall` takes this out, `jit hooks --help` says more.\n";

/// Whether a branch is to get another commit. Most calls of this hook are about something else, and
/// start nothing but `cat`.
const NEW_COMMITS: &str = "\
case $jit_lines in *' refs/heads/'*)
while read -r jit_old jit_to jit_ref; do
case $jit_ref in refs/heads/*) case $jit_to in $jit_old) ;; *[!0]*) jit_new=\"$jit_new $jit_to\" ;; esac ;; esac
done <<JIT
$jit_lines
JIT
esac
";

/// What was read is there to be read again by what follows.
const LINES_AGAIN: &str = "\
if [ -n \"$jit_lines\" ]; then
exec <<JIT
$jit_lines
JIT
else
exec </dev/null
fi
";

/// Without jit, a branch may go to what some reference leads to already, as `git branch` lets it.
const ADDS_A_COMMIT: &str = " && [ -n \"$(git rev-list --max-count=1 $jit_new --not --exclude='refs/rewritten/*' --glob='refs/*' 2>&1)\" ]";

/// Asks jit by a command, or says that there is none: silently where nothing is managed by it. What
/// is called all the time says nothing, because another hook does.
fn asked(hook: Hook, command: &str) -> String {
    let say = match hook {
        Hook::PreCommit | Hook::PrePush | Hook::PreReceive | Hook::Update => {
            "else\necho 'warning: jit is not on PATH: nobody checks who holds what is changed here' >&2\n"
        }
        Hook::PrepareCommitMsg | Hook::CommitMsg | Hook::ReferenceTransaction => "",
    };
    let also = if hook == Hook::ReferenceTransaction { ADDS_A_COMMIT } else { "" };
    format!(
        "if command -v jit >/dev/null 2>&1; then\n{command}\n\
         elif jit_dir=$(git rev-parse --git-common-dir)/jit && [ -d \"$jit_dir\" ]; then\n\
         if grep -qs '^ *hooks_without_jit *= *.block.' \"$jit_dir/config.toml\"{also}; then\n\
         echo 'error: jit is not on PATH, and hooks_without_jit is \"block\"' >&2\nexit 1\n{say}fi\nfi\n"
    )
}

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
    /// It is tracked: whoever commits to it has to change it.
    Tracked,
}

impl Did {
    /// As JSON and people have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Changed(HookChange::Nothing) => "unchanged",
            Self::Changed(HookChange::Made) => "installed",
            Self::Changed(HookChange::Added) => "added",
            Self::Changed(HookChange::Chained) => "chained",
            Self::Changed(HookChange::Updated) => "updated",
            Self::Changed(HookChange::Removed) => "removed",
            Self::Changed(HookChange::Restored) => "restored",
            Self::Changed(HookChange::TakenOut) => "taken out",
            Self::Tracked => "tracked",
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
            Self::Tracked => "tracked",
        }
    }
}

/// The directories in which Git looks for the hooks of the repository's worktrees.
pub(crate) fn dirs(world: &World<'_>) -> Result<Vec<HookDir>, Failure> {
    Ok(world.repo()?.hook_dirs(&SystemGit::on_path(), &ConfigEnv::from_process())?)
}

/// How a hook stands.
pub(crate) fn stands(dir: &HookDir, hook: Hook) -> Result<Stands, HooksError> {
    let state = dir.state(hook.name(), &hook.block())?;
    match state {
        HookState::Missing if dir.tracks(&SystemGit::on_path(), hook.name())? => Ok(Stands::Tracked),
        state => Ok(Stands::Is(state)),
    }
}

/// Whether Git asks jit by a hook.
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
    let mut found = Vec::new();
    // Mostly there is one for all.
    for dir in dirs.iter().filter(|_| dirs.len() > 1) {
        let others = || dirs.iter().filter(|other| *other != dir);
        for hook in Hook::CLIENT {
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
