//! The one table from every error to code, exit status, message and hint.

mod agents;
pub(crate) mod barred;
mod broken;
pub(crate) mod gates;
mod held;
mod hooks;
mod merging;
mod missing;
mod refusals;
mod running;
mod trouble;
mod usage;
mod worktrees;

use std::io;
use std::path::{Path, PathBuf};

use jit_core::{PolicyError, PolicyWarning, Reference};
use serde_json::{Value, json};

use crate::shell::quoted;

/// A command that did not work, as its user is told.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What went wrong.
    pub(crate) code: Code,
    /// What happened.
    pub(crate) message: String,
    /// Who or what is in the way, a line each.
    pub(crate) details: Vec<String>,
    /// What to do next.
    pub(crate) hint: Option<String>,
    /// What somebody else can do about it, with commands that are not the caller's.
    pub(crate) others: Option<String>,
    /// Where the hint's command runs, if not where the caller is.
    pub(crate) place: Option<PathBuf>,
    /// The facts, for programs.
    pub(crate) context: Value,
    /// What was refused, if it was: for statistics.
    pub(crate) refused: Option<Vec<Reference>>,
    /// The exit status, if it is another than the code's.
    pub(crate) exit: Option<i32>,
}

/// The command that asks for the same again: an option goes between its two parts.
pub(crate) struct Again {
    pub(crate) head: String,
    pub(crate) tail: String,
}

/// What went wrong, for programs: its name never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    DurabilityUnknown,
    Io,
    DiskFull,
    Clock,
    BadUsage,
    NoIdentity,
    TtlTooLong,
    ScopeTooLarge,
    OtherMode,
    IssueNotFound,
    Ambiguous,
    BrokenFile,
    Cycle,
    MergeConflict,
    NeedsLease,
    LeaseNotFound,
    SettingNotFound,
    WorktreeNotFound,
    SalvageNotFound,
    RecordNotFound,
    Occupied,
    UnsavedWork,
    NestedRepository,
    WorktreeLocked,
    QueueFull,
    Output,
    Held,
    Awaited,
    LeaseLost,
    LeaseReleased,
    NotYours,
    OutsideScope,
    NotHeld,
    NoLease,
    WrongToken,
    SeveralLeases,
    PartialTransfer,
    LifetimeOver,
    IssueEnded,
    GateOpen,
    GateUnapproved,
    GateFailed,
    GateChanged,
    WorkElsewhere,
    HalfDeleted,
    NoHome,
    NotStarted,
    Interrupted,
    GateNotFound,
    Quarantined,
    Blocked,
    Assigned,
    NothingToClaim,
    TimedOut,
    Locked,
    NotWritable,
    NotReadable,
    NotADirectory,
    NotAFile,
    SharedFilesystem,
    OwnBootId,
    Corrupt,
    UnknownVersion,
    BadPolicy,
    NotARepository,
    /// There is one, and it can't be made out; programs are told the same.
    UnclearRepository,
    GitFailed,
}

/// The exit status of `jit run` where it fails itself, and where its lease is lost.
pub(crate) const OF_RUN: i32 = 125;
pub(crate) const LOST_IN_RUN: i32 = 124;

/// What the owner of a control plane does to let others in.
const SHARE: &str = "its owner can share it: git config core.sharedRepository group && jit doctor --fix";

impl Code {
    /// The one table: the name, the exit status, and whether the same command may work later.
    fn row(self) -> (&'static str, i32, bool) {
        match self {
            Self::DurabilityUnknown => ("durability_unknown", 1, true),
            Self::Io => ("io", 1, false),
            Self::DiskFull => ("disk_full", 9, true),
            Self::Clock => ("clock", 1, false),
            Self::BadUsage => ("bad_usage", 2, false),
            Self::NoIdentity => ("no_identity", 2, false),
            Self::TtlTooLong => ("ttl_too_long", 2, false),
            Self::ScopeTooLarge => ("scope_too_large", 2, false),
            Self::OtherMode => ("other_mode", 2, false),
            Self::IssueNotFound => ("issue_not_found", 3, false),
            Self::Ambiguous => ("ambiguous", 2, false),
            Self::BrokenFile => ("broken_file", 9, false),
            Self::Cycle => ("cycle", 7, false),
            Self::NeedsLease => ("needs_lease", 7, false),
            Self::MergeConflict => ("merge_conflict", 1, false),
            Self::LeaseNotFound => ("lease_not_found", 3, false),
            Self::SettingNotFound => ("setting_not_found", 3, false),
            Self::WorktreeNotFound => ("worktree_not_found", 3, false),
            Self::SalvageNotFound => ("salvage_not_found", 3, false),
            Self::RecordNotFound => ("record_not_found", 3, false),
            Self::Occupied => ("occupied", 7, false),
            Self::UnsavedWork => ("unsaved_work", 7, false),
            Self::NestedRepository => ("nested_repository", 7, false),
            Self::WorktreeLocked => ("worktree_locked", 7, false),
            Self::QueueFull => ("queue_full", 8, true),
            Self::Output => ("output", 1, false),
            Self::Held => ("held", 5, true),
            Self::Awaited => ("awaited", 5, true),
            Self::LeaseLost => ("lease_lost", 6, false),
            Self::LeaseReleased => ("lease_released", 6, false),
            Self::NotYours => ("not_yours", 6, false),
            Self::OutsideScope => ("outside_scope", 7, false),
            Self::NotHeld => ("not_held", 6, false),
            Self::NoLease => ("no_lease", 6, false),
            Self::WrongToken => ("wrong_token", 6, false),
            Self::SeveralLeases => ("several_leases", 2, false),
            Self::PartialTransfer => ("partial_transfer", 2, false),
            Self::LifetimeOver => ("lifetime_over", 7, false),
            Self::IssueEnded => ("issue_ended", 7, false),
            Self::GateOpen => ("gate_open", 7, false),
            Self::GateUnapproved => ("gate_unapproved", 7, false),
            Self::GateFailed => ("gate_failed", 7, false),
            Self::GateChanged => ("gate_changed", 7, true),
            Self::WorkElsewhere => ("work_elsewhere", 7, false),
            Self::HalfDeleted => ("half_deleted", 7, false),
            Self::NoHome => ("no_home", 2, false),
            Self::NotStarted => ("not_started", 10, true),
            Self::Interrupted => ("interrupted", 10, true),
            Self::GateNotFound => ("gate_not_found", 3, false),
            Self::Quarantined => ("quarantined", 7, false),
            Self::Blocked => ("blocked", 7, true),
            Self::Assigned => ("assigned", 5, false),
            Self::NothingToClaim => ("nothing_to_claim", 4, true),
            Self::TimedOut => ("timed_out", 8, true),
            Self::Locked => ("locked", 8, true),
            Self::NotWritable => ("not_writable", 9, false),
            Self::NotReadable => ("not_readable", 9, false),
            Self::NotADirectory => ("not_a_directory", 9, false),
            Self::NotAFile => ("not_a_file", 9, false),
            Self::SharedFilesystem => ("shared_filesystem", 9, false),
            Self::OwnBootId => ("own_boot_id", 9, false),
            Self::Corrupt => ("corrupt", 9, false),
            Self::UnknownVersion => ("unknown_version", 9, false),
            Self::BadPolicy => ("bad_policy", 9, false),
            Self::NotARepository | Self::UnclearRepository => ("not_a_repository", 10, false),
            Self::GitFailed => ("git_failed", 10, false),
        }
    }

    /// As JSON has it.
    pub(crate) fn name(self) -> &'static str {
        self.row().0
    }

    /// The exit status (design, section 5).
    pub(crate) fn status(self) -> i32 {
        self.row().1
    }

    /// Whether the same command may work later.
    pub(crate) fn retryable(self) -> bool {
        self.row().2
    }
}

impl Failure {
    fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            details: Vec::new(),
            hint: None,
            others: None,
            place: None,
            context: json!({}),
            refused: None,
            exit: None,
        }
    }

    /// The exit status.
    pub(crate) fn status(&self) -> i32 {
        self.exit.unwrap_or_else(|| self.code.status())
    }

    /// What can be done next, by the caller and by others.
    pub(crate) fn advice(&self) -> Option<String> {
        let ways: Vec<&str> = self.hint.iter().chain(&self.others).map(String::as_str).collect();
        (!ways.is_empty()).then(|| ways.join("; or "))
    }

    /// With this exit status, unless it has one of its own already.
    pub(crate) fn or_exit(self, status: i32) -> Self {
        Self { exit: self.exit.or(Some(status)), ..self }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into()).filter(|hint| !hint.is_empty());
        self
    }

    fn context(mut self, context: Value) -> Self {
        self.context = context;
        self
    }

    fn details(mut self, details: Vec<String>) -> Self {
        self.details = details;
        self
    }

    pub(crate) fn no_directory(error: &io::Error) -> Self {
        Self::new(Code::NotARepository, format!("the current directory can't be told: {error}"))
    }

    pub(crate) fn clock(error: &io::Error) -> Self {
        Self::new(Code::Clock, format!("the kernel gave no time or random bytes: {error}"))
    }

    pub(crate) fn not_made(path: &Path, error: &io::Error) -> Self {
        Self::new(Code::NotWritable, format!("{} can't be made: {error}", path.display())).hint(
            match error.kind() {
                io::ErrorKind::StorageFull => format!("make room on the disk of {}", path.display()),
                _ => format!("allow this process to write {}", path.parent().unwrap_or(path).display()),
            },
        )
    }

    pub(crate) fn policy(error: &PolicyError) -> Self {
        Self::policy_text(&format!("config.toml: {error}"))
    }

    pub(crate) fn policy_text(message: &str) -> Self {
        Self::new(Code::BadPolicy, format!("the lease policy can't be followed: {message}"))
            .hint("correct that file: jit config path")
    }

    /// Settings that nobody knows are passed over, and an error where somebody looks at settings.
    pub(crate) fn unknown_settings(path: &Path, unknown: &[PolicyWarning]) -> Self {
        let listed: Vec<String> = unknown.iter().map(|warning| unknown_setting(path, warning)).collect();
        let facts = |unknown: &PolicyWarning| json!({ "key": unknown.key, "line": unknown.line, "nearest": unknown.nearest });
        Self::new(Code::BadPolicy, listed.join("; "))
            .hint(unknown.iter().map(unset).collect::<Vec<_>>().join(" && "))
            .context(json!({ "file": path, "unknown": unknown.iter().map(facts).collect::<Vec<_>>() }))
    }

    pub(crate) fn committed_policy(path: &Path, error: &PolicyError) -> Self {
        Self::new(Code::BadPolicy, format!("{}: {error}", path.display())).hint("correct that file")
    }

    /// Another user's control plane, in a repository that is not shared.
    pub(crate) fn another_owner(dir: &Path, owner: u32) -> Self {
        let what = format!(
            "{} belongs to user {owner}, who does not share it; you can look, not claim",
            dir.display()
        );
        Self::new(Code::NotWritable, what)
            .hint(SHARE)
            .context(json!({ "control_plane": dir.display().to_string(), "owner": owner }))
    }

    /// What was asked could not be printed, and can be asked again.
    pub(crate) fn unprinted(error: &io::Error) -> Self {
        Self::new(Code::Output, format!("the answer could not be written: {error}"))
    }

    /// What was done could not be printed.
    pub(crate) fn output(error: &io::Error, done: Value) -> Self {
        Self::new(Code::Output, format!("it was done, but the answer could not be written: {error}"))
            .details(vec![done.to_string()])
            .hint("see what stands: jit claim status")
            .context(done)
    }

    /// The hint with what the caller said before the command, or it would be another's command or
    /// of another place. What is quoted in a hint is the caller's own text, and stands last.
    pub(crate) fn with_options(mut self, options: &str) -> Self {
        self.hint = self.hint.map(|hint| {
            let (commands, quoted) = hint.split_at(hint.find('\'').unwrap_or(hint.len()));
            let groups = [
                "claim ",
                "issue ",
                "dep ",
                "gate ",
                "query ",
                "config ",
                "worktree ",
                "doctor",
                "compact",
                "import ",
                "run ",
                "watch ",
                "hooks ",
                "setup ",
            ]
            .into_iter();
            let commands = groups.fold(commands.to_owned(), |text, group| {
                text.replace(&format!("jit {group}"), &format!("jit {options}{group}"))
            });
            commands + quoted
        });
        self
    }
}

/// A setting that nobody knows, and where it stands.
pub(crate) fn unknown_setting(path: &Path, unknown: &PolicyWarning) -> String {
    let line = unknown.line.map(|line| format!(", line {line}")).unwrap_or_default();
    format!("{}{line}: {unknown}", path.display())
}

/// What takes a setting out of the file.
pub(crate) fn unset(unknown: &PolicyWarning) -> String {
    format!("jit config unset {}", quoted(&unknown.key))
}

/// What a message repeats of a text: printable and short.
fn shown(text: &str) -> String {
    text.chars().take(60).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests;
