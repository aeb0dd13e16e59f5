//! The one table from every error to code, exit status, message and hint.

pub(crate) mod gates;
mod merging;
pub(crate) mod refusals;
mod trouble;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ErrorKind};
use jit_core::{AgentId, AgentKind, IssueId, Name, PolicyError, PolicyWarning, Reference, Spelled};
use jit_tracker::dependencies::LinkError;
use jit_tracker::{FileError, Problem};
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
    /// Where the hint's command runs, if not where the caller is.
    pub(crate) place: Option<PathBuf>,
    /// The facts, for programs.
    pub(crate) context: Value,
    /// What was refused, if it was: for statistics.
    pub(crate) refused: Option<Vec<Reference>>,
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
    IssueNotFound,
    Ambiguous,
    BrokenFile,
    Cycle,
    MergeConflict,
    NeedsLease,
    LeaseNotFound,
    SettingNotFound,
    WorktreeNotFound,
    QueueFull,
    Output,
    Held,
    Awaited,
    LeaseLost,
    LeaseReleased,
    NotYours,
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
    GitFailed,
}

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
            Self::IssueNotFound => ("issue_not_found", 3, false),
            Self::Ambiguous => ("ambiguous", 2, false),
            Self::BrokenFile => ("broken_file", 9, false),
            Self::Cycle => ("cycle", 7, false),
            Self::NeedsLease => ("needs_lease", 7, false),
            Self::MergeConflict => ("merge_conflict", 1, false),
            Self::LeaseNotFound => ("lease_not_found", 3, false),
            Self::SettingNotFound => ("setting_not_found", 3, false),
            Self::WorktreeNotFound => ("worktree_not_found", 3, false),
            Self::QueueFull => ("queue_full", 8, true),
            Self::Output => ("output", 1, false),
            Self::Held => ("held", 5, true),
            Self::Awaited => ("awaited", 5, true),
            Self::LeaseLost => ("lease_lost", 6, false),
            Self::LeaseReleased => ("lease_released", 6, false),
            Self::NotYours => ("not_yours", 6, false),
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
            Self::NoHome => ("no_home", 2, false),
            Self::NotStarted => ("not_started", 10, true),
            Self::Interrupted => ("interrupted", 1, true),
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
            Self::NotARepository => ("not_a_repository", 10, false),
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
            place: None,
            context: json!({}),
            refused: None,
        }
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

    // --- usage ---------------------------------------------------------------------------

    pub(crate) fn usage(message: &str, hint: &str) -> Self {
        Self::new(Code::BadUsage, message).hint(hint)
    }

    /// What the argument parser says, without what it would repeat of the arguments.
    pub(crate) fn arguments(error: &clap::Error) -> Self {
        let text = error.render().to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text);
        let message: String = text.split("\n\n").next().unwrap_or(text).chars().take(300).collect();
        let message = match error.kind() {
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "no command was given".into(),
            _ => message,
        };
        let suggested = error.get(ContextKind::SuggestedSubcommand);
        let meant = suggested.map(|suggested| format!("; did you mean `{suggested}`?")).unwrap_or_default();
        Self::new(Code::BadUsage, format!("{}{meant}", message.trim_end()))
    }

    /// Bad usage leads to the help of the command, unless more is known.
    pub(crate) fn or_help(self, help: impl FnOnce() -> String) -> Self {
        match (self.code, &self.hint) {
            (Code::BadUsage, None) => self.hint(help()),
            _ => self,
        }
    }

    /// What `-C` names is no place to run in.
    pub(crate) fn bad_directory(dir: &Path, reason: &str) -> Self {
        let shown = shown(&dir.to_string_lossy());
        Self::new(Code::BadUsage, format!("-C {shown}: {reason}"))
            .hint("name a directory of a Git repository: jit -C DIR …")
            .context(json!({ "dir": dir.display().to_string() }))
    }

    /// `suggested` is a name that would do.
    pub(crate) fn no_identity(suggested: Option<Name>) -> Self {
        let suggested = suggested.map_or_else(|| "NAME".to_owned(), |name| name.to_string());
        Self::new(Code::NoIdentity, "nobody said which agent this is")
            .hint(format!("export JIT_AGENT_ID=agent:{suggested}"))
    }

    /// An agent's id that is none, and where it was found.
    pub(crate) fn bad_identity(source: &str, error: &str, text: &str) -> Self {
        let failure = Self::usage(&format!("{source}: {error}"), "");
        let (_, name) = text.split_once(':').unwrap_or(("", text));
        match Name::fitted(name).map(|name| AgentId::new(AgentKind::Agent, name)) {
            None => failure,
            Some(meant) => failure.hint(match source {
                "--agent" => format!("write --agent {meant}"),
                "JIT_AGENT_ID" => format!("export JIT_AGENT_ID={meant}"),
                file => format!("write {meant} in {file}"),
            }),
        }
    }

    /// Nothing was begun: nobody could read the answer.
    pub(crate) fn no_output() -> Self {
        Self::new(Code::Output, "standard output is closed; nothing was done")
            .hint("open it; for no answer, write >/dev/null")
    }

    /// The command as it was typed, with what was too much or too little of an option corrected.
    pub(crate) fn with_typed(self, typed: &[OsString]) -> Self {
        match self.code {
            Code::NotYours => match &self.place {
                Some(place) => {
                    let there = typed_in(typed, place);
                    self.hint(format!("act from there: {there}"))
                }
                None => self,
            },
            Code::Locked => {
                let again = with_option(typed, "--lock-timeout", "30s");
                self.hint(format!("try again, or wait longer: {again}"))
            }
            Code::TtlTooLong => {
                let most = format!("{}s", self.context["most_secs"]);
                self.hint(format!("ask for no more: {}", with_option(typed, "--ttl", &most)))
            }
            _ => self,
        }
    }

    // --- not found -----------------------------------------------------------------------

    pub(crate) fn no_such_issue(text: &str) -> Self {
        Self::new(Code::IssueNotFound, format!("there is no issue `{text}`"))
            .hint("see what there is: jit query all")
            .context(json!({ "reference": text }))
    }

    /// Work on an issue can't be called done where nothing is known of its gates.
    pub(crate) fn out_of_sight(id: IssueId) -> Self {
        Self::new(
            Code::IssueNotFound,
            format!("the file of {id} can't be seen from here, nor what gates it has"),
        )
        .hint(format!(
            "check out the branch that has it and say it again; or give it up undone: jit claim release {id}"
        ))
        .context(json!({ "issue": id }))
    }

    /// Where a name would do as well.
    pub(crate) fn or_a_name(self, word: &str) -> Self {
        match format!("name:{word}").parse::<Spelled>() {
            Ok(_) => self.hint(format!(
                "see what issues there are: jit query all; for a thing outside any tracker, write name:{word}"
            )),
            Err(_) => self,
        }
    }

    /// The beginning of several issues' ids.
    pub(crate) fn ambiguous(word: &str, candidates: &[IssueId]) -> Self {
        Self::new(
            Code::Ambiguous,
            format!("`{}` is the beginning of {} issues", shown(word), candidates.len()),
        )
        .details(candidates.iter().map(ToString::to_string).collect())
        .hint("write more of its digits")
        .context(json!({ "candidates": candidates }))
    }

    /// A file of the tracker that can't be used.
    pub(crate) fn broken_file(error: &FileError) -> Self {
        let file = quoted(&error.file);
        let hint = match &error.problem {
            Problem::Version { .. } => "update jit; nothing was changed".to_owned(),
            Problem::Unreadable(_) => format!("look at what stands there: ls -ld {file}"),
            _ => format!("mend that file in an editor; what it was before: git log -p -- {file}"),
        };
        Self::new(Code::BrokenFile, error.to_string())
            .hint(hint)
            .context(json!({ "file": error.file, "issue": error.issue }))
    }

    /// What can't be waited for. Each of a cycle but the first waits for the next already.
    pub(crate) fn no_dependency(error: &LinkError) -> Self {
        match error {
            LinkError::Nothing { .. } => {
                Self::new(Code::IssueNotFound, error.to_string()).hint("jit query all")
            }
            LinkError::Cycle { cycle } => {
                let failure = match &cycle[..] {
                    [_, on, next, ..] => Self::new(Code::Cycle, error.to_string())
                        .hint(format!("take one of them out, such as: jit dep rm {on} {next}")),
                    _ => Self::new(Code::Cycle, "an issue can't wait for itself")
                        .hint("name another: jit query all"),
                };
                failure.context(json!({ "cycle": cycle }))
            }
        }
    }

    /// Issues are written in a worktree.
    pub(crate) fn no_worktree() -> Self {
        Self::new(Code::BadUsage, "issues are files of a worktree, and this is a bare repository")
            .hint("go into one of its worktrees: jit worktree list")
    }

    /// A directory that is there and can't be read.
    pub(crate) fn not_read(path: &Path, error: &io::Error) -> Self {
        let failure = Self::new(Code::NotReadable, format!("{} can't be read: {error}", path.display()));
        match (error.kind(), path.parent()) {
            (io::ErrorKind::NotADirectory, Some(above)) => {
                let [above, path] = [above, path].map(|path| quoted(&path.to_string_lossy()));
                failure.hint(format!("look at what stands there: ls -ld {above} {path}"))
            }
            _ => failure,
        }
    }

    pub(crate) fn no_such_source(source: &str, text: &str) -> Self {
        Self::new(Code::IssueNotFound, format!("there is no issue source `{source}` here"))
            .hint("for a thing outside any tracker, write name:THING")
            .context(json!({ "reference": text }))
    }

    pub(crate) fn no_such_worktree(text: &str) -> Self {
        Self::new(Code::WorktreeNotFound, format!("there is no worktree of the id `{}`", shown(text)))
            .hint("jit worktree list")
    }

    /// A lease's id together with something else.
    pub(crate) fn lease_among_others(text: &str) -> Self {
        Self::usage(
            &format!("{text} is no issue that can be seen from here; a lease's id stands alone"),
            "name one lease, or references of any: jit claim status",
        )
    }

    pub(crate) fn no_such_lease(text: &str) -> Self {
        Self::new(Code::LeaseNotFound, format!("there is no lease {text}"))
            .hint("jit claim list")
            .context(json!({ "lease_id": text }))
    }

    pub(crate) fn no_such_setting(unknown: &PolicyWarning) -> Self {
        let meant = unknown.nearest.map(|key| format!("; did you mean `{key}`?")).unwrap_or_default();
        Self::new(Code::SettingNotFound, format!("there is no setting `{}`{meant}", shown(&unknown.key)))
            .hint("jit config list")
    }

    // --- the surroundings ----------------------------------------------------------------

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

/// The command as it was typed, run in another directory.
fn typed_in(typed: &[OsString], place: &Path) -> String {
    let mut words = typed.iter().skip(1).map(|word| word.to_string_lossy().into_owned());
    let mut command = format!("jit -C {}", quoted(&place.to_string_lossy()));
    while let Some(word) = words.next() {
        match word.as_str() {
            "-C" | "--dir" => drop(words.next()),
            dir if dir.starts_with("-C") || dir.starts_with("--dir=") => {}
            word => command.push_str(&format!(" {}", quoted(word))),
        }
    }
    command
}

/// The command as it was typed, but for the value of one option, which goes first if it was not
/// there.
fn with_option(typed: &[OsString], option: &str, value: &str) -> String {
    let mut words: Vec<String> =
        typed.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let joined = format!("{option}=");
    match words.iter().position(|word| word == option || word.starts_with(&joined)) {
        Some(at) => {
            let end = if words[at] == option { at + 2 } else { at + 1 };
            words.splice(at..end.min(words.len()), [joined + value]);
        }
        None => words.insert(0, joined + value),
    }
    std::iter::once("jit".to_owned())
        .chain(words.iter().map(|word| quoted(word)))
        .collect::<Vec<_>>()
        .join(" ")
}

/// What a message repeats of a text: printable and short.
fn shown(text: &str) -> String {
    text.chars().take(60).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests;
