//! What trouble says: with the control plane, the repository, or Git.

use std::path::Path;
use std::time::Duration;

use jit_core::{Lease, Seq, Token, span};
use jit_git::{BranchError, ConfigError, DiscoverError, IdentityError, IdentityFault, WorktreesError};
use jit_store::StoreError;
use serde_json::{Value, json};

use super::{Code, Failure, SHARE};
use crate::shell::quoted;
use crate::world::{Minted, POLICY};

/// What would go on from here may forget leases, which no agent decides.
const FOR_A_PERSON: &str =
    "nothing was changed; stop here and show this to a person, who is told what can be done by: jit doctor";

impl Failure {
    /// Trouble with the control plane in this directory.
    pub(crate) fn store(error: &StoreError, dir: &Path) -> Self {
        let dir = dir.display();
        let context = json!({ "control_plane": dir.to_string() });
        let failure =
            |code, hint: String| Self::new(code, error.to_string()).hint(hint).context(context.clone());
        match error {
            StoreError::Locked { by, .. } => {
                let mut failure = failure(Code::Locked, String::new());
                failure.context["held_by"] = json!(by);
                failure
            }
            StoreError::NotWritable { .. } => failure(
                Code::NotWritable,
                format!("allow this process to write {dir}; reading works without"),
            ),
            StoreError::NotReadable { .. } => {
                failure(Code::NotReadable, format!("allow this process to read {dir}; {SHARE}"))
            }
            StoreError::NotADirectory => failure(
                Code::NotADirectory,
                format!("{dir} must be a directory, no symlink: look at what put it there"),
            ),
            StoreError::SharedFilesystem { .. } => failure(
                Code::SharedFilesystem,
                format!(
                    "if only one machine ever uses {dir}: echo 'allow_shared_filesystem = true' >> {}",
                    quoted(&format!("{dir}/config.toml"))
                ),
            ),
            StoreError::Corrupt { file, offset, .. } => {
                let mut failure = failure(Code::Corrupt, FOR_A_PERSON.into());
                failure.context["file"] = json!(file);
                failure.context["offset"] = json!(offset);
                failure
            }
            StoreError::NotAFile { file } => {
                let mut failure = failure(Code::NotAFile, FOR_A_PERSON.into());
                failure.context["file"] = json!(file);
                failure
            }
            StoreError::Foreign { file, offset, .. } => {
                let mut failure = failure(Code::UnknownVersion, "update jit; nothing was changed".into());
                failure.context["file"] = json!(file);
                failure.context["offset"] = json!(offset);
                failure
            }
            StoreError::OtherWords { .. } => failure(
                Code::UnknownVersion,
                "go on with that version of jit until this machine is started anew; nothing was changed"
                    .into(),
            ),
            StoreError::NoSuchRecord { asked, newest } => {
                let hint = format!("look at what stands (jit claim list), then: jit watch --since {newest}");
                let mut failure = failure(Code::RecordNotFound, hint);
                failure.context["asked"] = json!(asked);
                failure.context["newest"] = json!(newest);
                failure
            }
            StoreError::SegmentMissing { file, .. } => {
                let mut failure = failure(Code::Corrupt, FOR_A_PERSON.into());
                failure.context["file"] = json!(file);
                failure
            }
            StoreError::LogMissing { log, .. } => {
                let mut failure = failure(Code::Corrupt, FOR_A_PERSON.into());
                failure.context["file"] = json!(log);
                failure
            }
            StoreError::OwnBootId(_) => failure(
                Code::OwnBootId,
                format!(
                    "run jit outside of this container, or let it see the machine's own; if only this container uses {dir}: echo 'allow_shared_filesystem = true' >> {}",
                    quoted(&format!("{dir}/config.toml"))
                ),
            ),
            StoreError::Clock(_) => failure(Code::Clock, "jit needs /proc to tell which boot this is".into()),
            StoreError::Full { .. } => failure(Code::DiskFull, format!("make room on the disk of {dir}")),
            StoreError::QueueFull(_) => failure(Code::QueueFull, "try again later".into()),
            StoreError::Io { file, .. } if file == POLICY => Self::policy_text(&error.to_string()),
            StoreError::Io { .. } => failure(Code::Io, String::new()),
        }
    }

    /// Records that were to be shown are not in the archive any more.
    pub(crate) fn not_archived(self, first: Seq, last: Seq) -> Self {
        let mut failure = self.hint(format!("without them: jit watch --since {last}"));
        failure.context["first"] = json!(first);
        failure.context["last"] = json!(last);
        failure
    }

    /// `jit doctor --shared` had nobody to test the locks with.
    pub(crate) fn nobody_came(wait: Duration, left: bool) -> Self {
        let what = match left {
            true => "the other side left before all was tested".to_owned(),
            false => format!("no other side came within {}", span(wait)),
        };
        Self::new(Code::TimedOut, what)
            .hint("run it on both sides at a time: jit doctor --shared --wait 3m")
            .context(json!({ "waited_secs": wait.as_secs() }))
    }

    /// A step that was written and may not be durable.
    ///
    /// The fence is the lease's if it stands. Should the record be lost, another grant gets it, so
    /// it is worth something only after a renewal showed that the lease stands.
    pub(crate) fn durability_unknown(leases: &[&Lease], seq: Seq) -> Self {
        let details = leases
            .iter()
            .map(|lease| format!("in doubt: lease {} of {}", lease.id, lease.holder.agent))
            .collect();
        let leases: Vec<Value> = leases
            .iter()
            .map(|lease| json!({ "lease_id": lease.id, "fence": lease.fence, "issues": lease.issues }))
            .collect();
        Self::new(
            Code::DurabilityUnknown,
            "whether it was done is not known: writing it to the disk failed or was cut short",
        )
        .details(details)
        .hint("run the same command again; if it was done, that says so")
        .context(json!({ "seq": seq, "leases": leases }))
    }

    /// A grant in doubt is made sure of by renewing it.
    pub(crate) fn or_renew(self, renew: &str) -> Self {
        match self.code {
            Code::DurabilityUnknown => self.hint(format!(
                "if this says that there is no such lease (exit 3), run the same command again: {renew}"
            )),
            _ => self,
        }
    }

    /// The same for several leases: each has its own.
    pub(crate) fn with_tokens(mut self, minted: &[Minted]) -> Self {
        if self.code == Code::DurabilityUnknown {
            for lease in self.context["leases"].as_array_mut().into_iter().flatten() {
                if let Some(minted) = minted.iter().find(|minted| lease["lease_id"] == json!(minted.lease)) {
                    lease["token"] = json!(minted.token.to_string());
                    self.details.push(format!("the token of {} is {}", minted.lease, minted.token));
                }
            }
        }
        self
    }

    /// The secret goes to whoever asked although nobody knows whether the lease will stand.
    pub(crate) fn with_token(mut self, token: &Token) -> Self {
        if self.code == Code::DurabilityUnknown {
            self.context["token"] = json!(token.to_string());
            self.details.push(format!("its token is {token}"));
        }
        self
    }
}

impl From<DiscoverError> for Failure {
    fn from(error: DiscoverError) -> Self {
        let code = match error {
            DiscoverError::NotARepository { .. } => Code::NotARepository,
            _ => Code::UnclearRepository,
        };
        let failure = Self::new(code, error.to_string());
        match error {
            DiscoverError::NotARepository { .. } => {
                failure.hint("change into a Git repository, or run git init")
            }
            DiscoverError::Environment { variable, .. } => failure.hint(format!("unset {variable}")),
            // What is to be done stands in the message.
            _ => failure,
        }
    }
}

/// Puts a file out of the way without losing it.
fn aside(path: &Path) -> String {
    let path = path.display().to_string();
    format!("mv {} {}", quoted(&path), quoted(&format!("{path}.aside")))
}

impl From<IdentityError> for Failure {
    fn from(error: IdentityError) -> Self {
        let (code, path, hint) = match &error {
            IdentityError::Unwritable { path, .. } => {
                (Code::NotWritable, path, format!("allow this process to write {}", path.display()))
            }
            IdentityError::Locked { path, .. } => (Code::Locked, path, String::new()),
            IdentityError::Unreadable { path, .. } => {
                (Code::NotReadable, path, format!("allow this process to read {}", path.display()))
            }
            IdentityError::NotPlain { path, .. } => {
                (Code::NotReadable, path, format!("look at what put it there, then: {}", aside(path)))
            }
            IdentityError::Faulty { path, fault: IdentityFault::Damaged { .. } } => (
                Code::NotReadable,
                path,
                format!(
                    "put it back from a copy; without one the worktree gets a new identity, which holds none of the old one's leases: {}",
                    aside(path)
                ),
            ),
            IdentityError::Faulty { path, fault: IdentityFault::UnknownSchema { .. } } => {
                (Code::UnknownVersion, path, "update jit; nothing was changed".into())
            }
        };
        Self::new(code, error.to_string()).hint(hint).context(json!({ "file": path }))
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
