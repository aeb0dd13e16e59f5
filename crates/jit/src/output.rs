//! What commands say, as data. The renderer turns it into text or JSON.

use std::path::PathBuf;

use jit_core::decide::{Beat, Released, Share};
use jit_core::{
    AgentId, Ended, IssueId, Lease, Record, Reference, SettingValue, Stats, Token, Touched, Waiter, WallTime,
    WorktreeId,
};
use jit_git::{Kept, Restored};
use jit_store::Compacted;
use jit_tracker::{FileError, Issue};

use crate::error::Failure;
use crate::finding::Finding;
use crate::hooks::{HookChanged, WorktreeHooks};
use crate::issues::gates::{Checked, Shown};
use crate::issues::known::{All, Known};
use crate::look::Look;
use crate::worktrees::Listed;

/// What a command has to say when it worked.
pub(crate) enum Output {
    /// A lease was granted, resumed or handed over; the secret goes to whoever asked.
    Granted { did: &'static str, lease: Lease, token: Option<Token>, look: Look },
    /// Leases of what was picked, each with its secret.
    Picked { leases: Vec<(Lease, Token)>, several: bool, look: Look },
    /// What a request would get.
    WouldGrant { lease: Lease },
    /// What a heartbeat came to.
    Beat { beat: Beat, look: Look },
    /// Leases were renewed.
    Renewed { leases: Vec<Lease>, look: Look },
    /// Leases, to look at, and who waits for them; with the caller's own, those that it lost.
    Leases { leases: Vec<Lease>, lost: Option<Vec<Ended>>, waiters: Vec<Waiter>, look: Look },
    /// What a reference or lease id leads to.
    Status(Box<Status>),
    /// What was given up, and what says what came of it.
    /// What still has open gates is gated, not done.
    Released { released: Vec<Released>, gated: Vec<Reference>, commit: Option<ToCommit> },
    /// What may be touched.
    Touched(Touched),
    /// What an agent needs to begin.
    Prime(Box<Prime>),
    /// What was lost, and is let go of now.
    Abandoned(Vec<Ended>),
    /// A command ran while a lease was held: with what status it ended, as a shell says it, and what
    /// was released then.
    Ran { lease: Lease, status: i32, released: Option<Box<Output>> },
    /// A lease was renewed until a process was gone, or until its holder gave it up.
    Kept { lease: Lease, pid: i32, released: Option<Box<Output>> },
    /// A lease was ended.
    Evicted(Lease),
    /// An issue, and what was done to it.
    Issue { did: Option<&'static str>, known: Box<Known<Issue>> },
    /// Issues, and the files that can't be used.
    Issues { issues: Vec<Known>, broken: Vec<FileError> },
    /// Gates as they are defined, and what was done to them.
    Gates { did: Option<&'static str>, gates: Vec<Shown> },
    /// The gates of an issue whose commands ran and passed.
    GatesChecked { checks: Vec<Checked>, known: Box<Known<Issue>> },
    /// What was reserved, and for whom; for nobody any more.
    Assigned { issues: Vec<Reference>, to: Option<AgentId> },
    /// Who got what.
    Distributed(Vec<Share>),
    /// What happened, newest first.
    History(Vec<Record>),
    /// What leases came to.
    Stats { stats: Stats, prometheus: bool },
    /// The repository's worktrees.
    Worktrees { worktrees: Vec<Listed>, look: Look },
    /// A worktree that was made.
    MadeWorktree(Box<MadeWorktree>),
    /// A worktree that is gone.
    Removed(Removed),
    /// What was kept of worktrees that are gone.
    Salvages(Vec<Kept>),
    /// Some of that, in a worktree again.
    PutBack(PutBack),
    /// This worktree.
    Worktree(WorktreeInfo),
    /// What was done to hooks.
    HooksChanged(Vec<HookChanged>),
    /// What was done to files that set tools up, and what is left to do.
    SetUp { files: Vec<(PathBuf, &'static str)>, notes: Vec<String> },
    /// The hooks of each worktree.
    Hooks(Vec<WorktreeHooks>),
    /// What `jit init` made and found: files, lines of `.gitattributes`, and whether it configured
    /// the merge driver.
    Initialised { control_plane: PathBuf, made: Vec<PathBuf>, attributes: Vec<&'static str>, driver: bool },
    /// A stream was written there.
    Exported { path: PathBuf, exported: Exported },
    /// A stream was read.
    Imported(Imported),
    /// A segment was sealed.
    Compacted { compacted: Compacted, live: usize },
    /// Settings, and what is wrong with the file besides.
    Settings { settings: Vec<Setting>, wrong: Option<Failure> },
    /// One setting, to be read by a script.
    Get(Setting),
    /// A setting has another value now.
    Set(Setting),
    /// Where a file is.
    Path(PathBuf),
    /// What the doctor found.
    Checked { findings: Vec<Finding>, healthy: bool },
    /// All was said while it happened.
    Watched,
    /// Text as it stands.
    Text(String),
}

/// What one who watches is told.
pub(crate) enum Happening<'r> {
    /// It stands in the log.
    Record(&'r Record),
    /// A lease that lapsed, when: it is no record before somebody evicts it.
    Lapsed(&'r Lease, WallTime),
}

/// What is to be committed.
pub(crate) struct ToCommit {
    /// The files, from the worktree's root.
    pub(crate) files: Vec<String>,
    /// What tells Git of them.
    pub(crate) command: String,
}

/// What an agent needs to begin.
pub(crate) struct Prime {
    /// Who it is.
    pub(crate) agent: AgentId,
    /// Where it is.
    pub(crate) worktree: Option<PathBuf>,
    pub(crate) branch: Option<String>,
    /// What it has, as `Output::Leases`.
    pub(crate) leases: Output,
    /// The first issues that it can claim, and how many there are.
    pub(crate) available: Vec<Known>,
    pub(crate) count: usize,
    /// What it said before the command.
    pub(crate) options: String,
}

impl Output {
    /// Whether nothing was changed to say this.
    pub(crate) fn only_looked(&self) -> bool {
        match self {
            Self::Granted { .. }
            | Self::Picked { .. }
            | Self::Issue { did: Some(_), .. }
            | Self::Gates { did: Some(_), .. }
            | Self::GatesChecked { .. }
            | Self::Assigned { .. }
            | Self::Distributed(_)
            | Self::Beat { .. }
            | Self::Renewed { .. }
            | Self::Released { .. }
            | Self::Ran { .. }
            | Self::Kept { .. }
            | Self::Evicted(_)
            | Self::Abandoned(_)
            | Self::MadeWorktree(_)
            | Self::Removed(_)
            | Self::PutBack(_)
            | Self::HooksChanged(_)
            | Self::SetUp { .. }
            | Self::Initialised { .. }
            | Self::Compacted { .. }
            | Self::Exported { .. }
            | Self::Imported(_)
            | Self::Set(_)
            | Self::Checked { .. } => false,
            Self::WouldGrant { .. }
            | Self::Issue { did: None, .. }
            | Self::Issues { .. }
            | Self::Gates { did: None, .. }
            | Self::Leases { .. }
            | Self::Touched(_)
            | Self::Prime(_)
            | Self::Status(_)
            | Self::History(_)
            | Self::Stats { .. }
            | Self::Worktrees { .. }
            | Self::Salvages(_)
            | Self::Worktree(_)
            | Self::Hooks(_)
            | Self::Settings { .. }
            | Self::Get(_)
            | Self::Path(_)
            | Self::Watched
            | Self::Text(_) => true,
        }
    }

    /// Those of all issues that are wanted.
    pub(crate) fn issues(all: All, wanted: impl Fn(&Known) -> bool) -> Self {
        let All { mut issues, broken } = all;
        issues.retain(|known| wanted(known));
        Self::Issues { issues, broken }
    }

    /// What is wrong although the command has an answer.
    pub(crate) fn wrong(&self) -> Option<&Failure> {
        match self {
            Self::Settings { wrong, .. } => wrong.as_ref(),
            _ => None,
        }
    }

    /// Whether something has to be looked at by somebody although the command did its work.
    pub(crate) fn healthy(&self) -> bool {
        match self {
            Self::Checked { healthy, .. } => *healthy,
            Self::Issues { broken, .. } => broken.is_empty(),
            _ => true,
        }
    }
}

/// What was asked about, what is known of it, and by whose eyes.
pub(crate) struct Status {
    pub(crate) asked: String,
    pub(crate) found: Found,
    pub(crate) waiters: Vec<Waiter>,
    pub(crate) look: Look,
}

/// What is known of what was asked about.
pub(crate) enum Found {
    /// Nobody holds it.
    Nothing,
    /// A lease.
    Live(Lease),
    /// A lease that is over.
    Ended(Ended),
    /// A reference, and the lease that was lost on it last.
    Lost(Reference, Ended),
}

/// Where the caller is.
pub(crate) struct WorktreeInfo {
    pub(crate) path: Option<PathBuf>,
    pub(crate) git_dir: PathBuf,
    pub(crate) control_plane: PathBuf,
    pub(crate) id: Option<WorktreeId>,
    pub(crate) branch: Option<String>,
    pub(crate) agent: Option<AgentId>,
}

/// A worktree that was made, with what was claimed for it.
pub(crate) struct MadeWorktree {
    pub(crate) path: PathBuf,
    pub(crate) branch: String,
    pub(crate) id: WorktreeId,
    pub(crate) lease: Option<Lease>,
    pub(crate) token: Option<Token>,
    pub(crate) look: Look,
}

/// A worktree that is gone.
pub(crate) struct Removed {
    pub(crate) path: PathBuf,
    /// The branch that was on it and stays, or that went with it.
    pub(crate) stays: Option<String>,
    pub(crate) deleted: Option<String>,
    /// What leads to what was kept of it.
    pub(crate) kept: Option<String>,
    /// How many files went that Git was told to ignore.
    pub(crate) ignored: usize,
    /// What the caller said before the command, for hints.
    pub(crate) options: String,
}

/// What was kept, in a worktree again.
pub(crate) struct PutBack {
    pub(crate) path: PathBuf,
    pub(crate) kept: Kept,
    pub(crate) restored: Restored,
}

/// How much was exported.
pub(crate) struct Exported {
    pub(crate) issues: usize,
    pub(crate) gates: usize,
    pub(crate) events: usize,
}

/// What became of a stream: of each kind, how many were written, and how many were here already.
pub(crate) struct Imported {
    pub(crate) issues: [usize; 2],
    /// Issues that were changed later here.
    pub(crate) kept: Vec<IssueId>,
    pub(crate) gates: [usize; 2],
    /// Gates that are something else here.
    pub(crate) other_gates: Vec<String>,
    pub(crate) events: [usize; 2],
}

/// One setting.
pub(crate) struct Setting {
    pub(crate) name: String,
    pub(crate) value: Option<SettingValue>,
    pub(crate) help: String,
}
