//! The hooks that ask jit, and what stands in each.

use std::fmt;

use crate::error::Failure;

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

/// `hooks_without_jit = "block"` as `grep` knows it, with whatever blanks and quotes TOML allows on a line.
const BLOCKS: &str =
    r#""^[[:blank:]]*[\"']*hooks_without_jit[\"']*[[:blank:]]*=[[:blank:]]*[\"']*block[\"']""#;

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
         if grep -qs {BLOCKS} \"$jit_dir/config.toml\"{also}; then\n\
         echo 'error: jit is not on PATH, and hooks_without_jit is \"block\"' >&2\nexit 1\n{say}fi\nfi\n"
    )
}
