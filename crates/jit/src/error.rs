//! The one table from every error to code, exit status, message and hint.

use std::io;
use std::path::Path;
use std::time::Duration;

use clap::error::{ContextKind, ErrorKind};
use jit_core::decide::Wanted;
use jit_core::{Ended, Lease, Now, PolicyError, Reference, Refusal, Seq, Token, Waiter};
use jit_git::{BranchError, ConfigError, DiscoverError, IdentityError, WorktreesError};
use jit_store::StoreError;
use serde_json::{Value, json};

use crate::render::json::lease as lease_json;
use crate::render::text::{ending, lease_line};

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
    /// The facts, for programs.
    pub(crate) context: Value,
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
    TimedOut,
    Locked,
    NotWritable,
    NotReadable,
    NotADirectory,
    SharedFilesystem,
    Corrupt,
    UnknownVersion,
    BadPolicy,
    NotARepository,
    GitFailed,
}

impl Code {
    /// The one table: the name, the exit status, and whether the same command may work later.
    fn row(self) -> (&'static str, i32, bool) {
        match self {
            Self::DurabilityUnknown => ("durability_unknown", 1, true),
            Self::Io => ("io", 1, false),
            Self::DiskFull => ("disk_full", 1, true),
            Self::Clock => ("clock", 1, false),
            Self::BadUsage => ("bad_usage", 2, false),
            Self::NoIdentity => ("no_identity", 2, false),
            Self::TtlTooLong => ("ttl_too_long", 2, false),
            Self::IssueNotFound => ("issue_not_found", 3, false),
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
            Self::TimedOut => ("timed_out", 8, true),
            Self::Locked => ("locked", 8, true),
            Self::NotWritable => ("not_writable", 9, false),
            Self::NotReadable => ("not_readable", 9, false),
            Self::NotADirectory => ("not_a_directory", 9, false),
            Self::SharedFilesystem => ("shared_filesystem", 9, false),
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
        Self { code, message: message.into(), details: Vec::new(), hint: None, context: json!({}) }
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
        let hint = match (error.kind(), error.get(ContextKind::SuggestedSubcommand)) {
            (ErrorKind::InvalidSubcommand, Some(suggested)) => {
                format!("did you mean `{suggested}`? jit --help")
            }
            (ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, _) => {
                return Self::usage("no command was given", "jit --help");
            }
            _ => "jit --help".into(),
        };
        Self::usage(message.trim_end(), &hint)
    }

    pub(crate) fn no_identity() -> Self {
        Self::new(Code::NoIdentity, "nobody said which agent this is").hint("export JIT_AGENT_ID=agent:NAME")
    }

    // --- not found -----------------------------------------------------------------------

    pub(crate) fn no_such_issue(text: &str) -> Self {
        Self::new(Code::IssueNotFound, format!("there is no issue `{text}`"))
            .hint(format!("for a thing outside any tracker, write name:{text}"))
            .context(json!({ "reference": text }))
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

    pub(crate) fn no_such_lease(text: &str) -> Self {
        Self::new(Code::LeaseNotFound, format!("there is no lease {text}"))
            .hint("jit claim list")
            .context(json!({ "lease_id": text }))
    }

    pub(crate) fn no_such_setting(key: &str) -> Self {
        Self::new(Code::SettingNotFound, format!("there is no setting `{}`", shown(key)))
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
        Self::new(Code::NotWritable, format!("{} can't be made: {error}", path.display()))
    }

    pub(crate) fn policy(error: &PolicyError) -> Self {
        Self::policy_text(&format!("config.toml: {error}"))
    }

    pub(crate) fn policy_text(message: &str) -> Self {
        Self::new(Code::BadPolicy, format!("the lease policy can't be followed: {message}"))
            .hint("correct config.toml in the control plane: jit worktree info")
    }

    /// A setting that nobody knows is passed over, and an error where somebody looks at settings.
    pub(crate) fn unknown_setting(warning: &str) -> Self {
        Self::new(Code::BadPolicy, warning)
            .hint("correct config.toml in the control plane: jit worktree info")
    }

    pub(crate) fn committed_policy(path: &Path, error: &PolicyError) -> Self {
        Self::new(Code::BadPolicy, format!("{}: {error}", path.display())).hint("correct that file")
    }

    /// Another user's control plane, in a repository that is not shared.
    pub(crate) fn another_owner(dir: &Path, owner: u32) -> Self {
        Self::new(Code::NotWritable, format!("{} belongs to another user ({owner})", dir.display()))
            .hint("share the repository: git config core.sharedRepository group; reading works without")
            .context(json!({ "control_plane": dir.display().to_string(), "owner": owner }))
    }

    /// What was done could not be printed.
    pub(crate) fn output(error: &io::Error, done: Value) -> Self {
        Self::new(Code::Output, format!("it was done, but the answer could not be written: {error}"))
            .details(vec![done.to_string()])
            .hint("see what stands: jit claim status")
            .context(done)
    }

    // --- the store -----------------------------------------------------------------------

    /// Trouble with the control plane in this directory.
    pub(crate) fn store(error: &StoreError, dir: &Path) -> Self {
        let dir = dir.display();
        let context = json!({ "control_plane": dir.to_string() });
        let failure =
            |code, hint: String| Self::new(code, error.to_string()).hint(hint).context(context.clone());
        match error {
            StoreError::Locked { by, .. } => {
                let mut failure =
                    failure(Code::Locked, "try again, or wait longer: --lock-timeout 30s".into());
                failure.context["held_by"] = json!(by);
                failure
            }
            StoreError::NotWritable { .. } => failure(
                Code::NotWritable,
                format!("allow this process to write {dir}; reading works without"),
            ),
            StoreError::NotReadable { .. } => {
                failure(Code::NotReadable, format!("allow this process to read {dir}"))
            }
            StoreError::NotADirectory => failure(
                Code::NotADirectory,
                format!("{dir} must be a directory, no symlink: look at what put it there"),
            ),
            StoreError::SharedFilesystem { .. } => failure(
                Code::SharedFilesystem,
                format!(
                    "if only one machine ever uses {dir}: echo 'allow_shared_filesystem = true' >> {dir}/config.toml"
                ),
            ),
            StoreError::Corrupt { file, offset, .. } => {
                let mut failure = failure(
                    Code::Corrupt,
                    format!("nothing was changed; keep a copy of {dir}, then look at the bytes there"),
                );
                failure.context["file"] = json!(file);
                failure.context["offset"] = json!(offset);
                failure
            }
            StoreError::Foreign { file, offset, .. } => {
                let mut failure = failure(Code::UnknownVersion, "update jit; nothing was changed".into());
                failure.context["file"] = json!(file);
                failure.context["offset"] = json!(offset);
                failure
            }
            StoreError::LogMissing { log, .. } => {
                let mut failure = failure(
                    Code::Corrupt,
                    format!("put {log} back; if it is lost for good, move {dir} away to begin anew"),
                );
                failure.context["file"] = json!(log);
                failure
            }
            StoreError::Clock(_) => failure(Code::Clock, "jit needs /proc to tell which boot this is".into()),
            StoreError::Full { .. } => failure(Code::DiskFull, format!("make room on the disk of {dir}")),
            StoreError::QueueFull(_) => failure(Code::QueueFull, "try again later".into()),
            StoreError::Io { .. } => failure(Code::Io, String::new()),
        }
    }

    /// A step that was written and may not be durable.
    ///
    /// The fence is the lease's if it stands. Should the record be lost, another grant gets it, so
    /// it is worth something only after a renewal showed that the lease stands.
    pub(crate) fn durability_unknown(leases: &[&Lease], seq: Seq) -> Self {
        let details = leases.iter().map(|lease| format!("lease {} may stand", lease.id)).collect();
        let leases: Vec<Value> = leases
            .iter()
            .map(|lease| json!({ "lease_id": lease.id, "fence": lease.fence, "issues": lease.issues }))
            .collect();
        Self::new(Code::DurabilityUnknown, "it was done, but its flush to the disk failed or was cut short")
            .details(details)
            .hint("renew it if it stands (jit claim status), and try again if it does not")
            .context(json!({ "seq": seq, "leases": leases }))
    }

    /// The secret goes to whoever asked although nobody knows whether the lease will stand.
    pub(crate) fn with_token(mut self, token: &Token) -> Self {
        if self.code == Code::DurabilityUnknown {
            self.context["token"] = json!(token.to_string());
            self.details.push(format!("its token is {token}"));
        }
        self
    }

    /// Where waiting would help: the whole request once more, not only what is in the way.
    pub(crate) fn with_wait(self, wanted: &[Reference]) -> Self {
        match self.code {
            Code::Held | Code::Awaited => self.hint(format!("{} --wait 2m", acquire(wanted))),
            _ => self,
        }
    }

    /// The hint as the caller would put it: with its own `--agent`, or it would act as another.
    pub(crate) fn for_agent(mut self, option: &str) -> Self {
        self.hint = self.hint.map(|hint| hint.replace("jit claim ", &format!("jit {option}claim ")));
        self
    }

    // --- refusals ------------------------------------------------------------------------

    /// An expected "no".
    pub(crate) fn refused(refusal: &Refusal, now: &Now) -> Self {
        match refusal {
            Refusal::Held(held) => Self::new(Code::Held, format!("{} held by somebody", names(held)))
                .details(held_lines(held, now))
                .hint(format!("{} --wait 2m", acquire(references(held))))
                .context(json!({ "conflicts": conflicts(held, now) })),
            Refusal::Awaited(awaited) => {
                Self::new(Code::Awaited, format!("{} free, but somebody came first", names(awaited)))
                    .details(awaited.iter().map(waiter_line).collect())
                    .hint(format!("{} --wait 2m", acquire(references(awaited))))
                    .context(json!({ "waiters": awaited.iter().map(waiter_json).collect::<Vec<_>>() }))
            }
            Refusal::Lost { lost, now_held } => Self::lost(lost, now_held, now),
            Refusal::Released(ended) => {
                Self::new(Code::LeaseReleased, format!("lease {} was given up before", ended.lease.id))
                    .hint("jit claim status")
                    .context(json!({ "lease_id": ended.lease.id, "ended_at": ended.ended_at }))
            }
            Refusal::NotYours(lease) => Self::new(Code::NotYours, format!("lease {} is not yours", lease.id))
                .details(vec![lease_line(lease, now)])
                .hint(format!(
                    "see what is yours: jit claim status; wait: {} --wait 2m",
                    acquire(&lease.issues)
                ))
                .context(json!({ "lease": lease_json(lease, now) })),
            Refusal::NotHeld(reference) => Self::new(Code::NotHeld, format!("nobody holds {reference}"))
                .hint(format!("jit claim acquire {reference}"))
                .context(json!({ "reference": reference })),
            Refusal::NoLease { lost } => Self::new(Code::NoLease, "you hold nothing here")
                .details(lost.iter().map(ending).collect())
                .hint(match lost.as_slice() {
                    [] => "jit claim list".into(),
                    lost => acquire(lost.iter().flat_map(|ended| &ended.lease.issues)),
                })
                .context(json!({ "lost": lost.iter().map(|ended| ended.lease.id).collect::<Vec<_>>() })),
            Refusal::Unknown(id) => Self::no_such_lease(&id.to_string()),
            Refusal::Several(leases) => {
                Self::new(Code::SeveralLeases, "these references are of several leases")
                    .hint("name one lease by its id: jit claim status")
                    .context(json!({ "leases": leases }))
            }
            Refusal::WrongToken(lease) => Self::new(
                Code::WrongToken,
                format!("that is not the token of lease {}", lease.id),
            )
            .hint(format!(
                "it was in the answer that granted the lease; renewing needs none: jit claim renew {}",
                lease.id
            ))
            .context(json!({ "lease_id": lease.id })),
            Refusal::Partial { lease, missing } => Self::new(
                Code::PartialTransfer,
                format!("lease {} covers more, and is handed over whole", lease.id),
            )
            .hint(format!("jit claim transfer {} --to AGENT", lease.id))
            .context(json!({ "lease_id": lease.id, "missing": missing })),
            Refusal::TtlTooLong { asked, most } => Self::new(
                Code::TtlTooLong,
                format!("a TTL of {asked} is longer than this repository allows, {most}"),
            )
            .hint(format!("ask for no more: --ttl {}s", most.secs()))
            .context(json!({ "asked_secs": asked.secs(), "most_secs": most.secs() })),
            Refusal::LifetimeOver { lease, most } => Self::new(
                Code::LifetimeOver,
                format!("lease {} has been held for {most}, as long as is allowed", lease.id),
            )
            .hint(format!("jit claim release {}", lease.id))
            .context(json!({ "lease": lease_json(lease, now), "most_secs": most.secs() })),
        }
    }

    fn lost(lost: &Ended, now_held: &[Wanted<Lease>], now: &Now) -> Self {
        let mut details = vec![ending(lost)];
        details.extend(held_lines(now_held, now));
        let anew = acquire(&lost.lease.issues);
        let hint = match now_held.is_empty() {
            true => format!("nobody has it now; take it anew: {anew}"),
            false => format!("stop working on it; wait: {anew} --wait 2m"),
        };
        Self::new(Code::LeaseLost, format!("lease {} is not yours any more", lost.lease.id))
            .details(details)
            .hint(hint)
            .context(json!({
                "lease_id": lost.lease.id,
                "fence": lost.lease.fence,
                "ended": lost.end,
                "ended_at": lost.ended_at,
                "now_held": conflicts(now_held, now),
            }))
    }

    /// Waited for as long as was asked.
    pub(crate) fn waited_in_vain(refusal: &Refusal, now: &Now, waited: Duration) -> Self {
        let blocked = Self::refused(refusal, now);
        Self::new(Code::TimedOut, format!("waited {waited:?} in vain: {}", blocked.message))
            .details(blocked.details)
            .hint("try again with a longer --wait, or take something else")
            .context(blocked.context)
    }
}

/// The command that would take these.
fn acquire<'r>(references: impl IntoIterator<Item = &'r Reference>) -> String {
    let named = references.into_iter().map(|reference| format!(" {reference}"));
    format!("jit claim acquire{}", named.collect::<String>())
}

/// What a message repeats of a text: printable and short.
fn shown(text: &str) -> String {
    text.chars().take(60).flat_map(char::escape_debug).collect()
}

fn names<T>(wanted: &[Wanted<T>]) -> String {
    let listed: Vec<String> = references(wanted).iter().map(ToString::to_string).collect();
    let verb = if listed.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", listed.join(", "))
}

fn references<T>(wanted: &[Wanted<T>]) -> Vec<&Reference> {
    let mut references: Vec<&Reference> = wanted.iter().map(|wanted| &wanted.reference).collect();
    references.dedup();
    references
}

fn held_lines(held: &[Wanted<Lease>], now: &Now) -> Vec<String> {
    held.iter().map(|wanted| format!("{}: {}", wanted.reference, lease_line(&wanted.blocker, now))).collect()
}

fn conflicts(held: &[Wanted<Lease>], now: &Now) -> Vec<Value> {
    let conflict = |wanted: &Wanted<Lease>| {
        json!({
            "reference": wanted.reference,
            "agent": wanted.blocker.holder.agent,
            "lease": lease_json(&wanted.blocker, now),
        })
    };
    held.iter().map(conflict).collect()
}

fn waiter_line(wanted: &Wanted<Waiter>) -> String {
    format!("{}: {} waits since {}", wanted.reference, wanted.blocker.agent, wanted.blocker.since)
}

fn waiter_json(wanted: &Wanted<Waiter>) -> Value {
    json!({ "reference": wanted.reference, "agent": wanted.blocker.agent, "since": wanted.blocker.since })
}

impl From<DiscoverError> for Failure {
    fn from(error: DiscoverError) -> Self {
        let failure = Self::new(Code::NotARepository, error.to_string());
        match error {
            DiscoverError::NotARepository { .. } => {
                failure.hint("change into a Git repository, or run git init")
            }
            // What is to be done stands in the message.
            _ => failure,
        }
    }
}

impl From<IdentityError> for Failure {
    fn from(error: IdentityError) -> Self {
        let code = match error {
            IdentityError::Unwritable { .. } => Code::NotWritable,
            _ => Code::NotReadable,
        };
        Self::new(code, error.to_string())
    }
}

impl From<BranchError> for Failure {
    fn from(error: BranchError) -> Self {
        Self::new(Code::GitFailed, error.to_string())
    }
}

impl From<WorktreesError> for Failure {
    fn from(error: WorktreesError) -> Self {
        Self::new(Code::GitFailed, error.to_string())
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(Code::GitFailed, error.to_string())
    }
}

#[cfg(test)]
mod tests;
