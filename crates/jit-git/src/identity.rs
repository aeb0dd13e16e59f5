//! What a worktree is called: a UUID in its own Git directory. The format, and reading it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::io::Errno;
use serde_json::Value;
use thiserror::Error;
use uuid::Uuid;

use crate::probe;
use crate::repo::Repo;

/// The identity of one worktree: kept by `git worktree move`, gone with `git worktree remove`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WorktreeIdentity {
    /// Never used for another worktree.
    pub id: Uuid,
}

/// The only version of the file's format so far.
const SCHEMA_VERSION: u64 = 1;

/// What an identity file is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityFault {
    /// It is no JSON object with a `schema_version` and an `id`.
    Damaged {
        /// What is wrong.
        reason: String,
    },
    /// It is of a version that this program does not know.
    UnknownSchema {
        /// The version that it has.
        found: u64,
    },
}

impl fmt::Display for IdentityFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged { reason } => write!(f, "is damaged ({reason})"),
            Self::UnknownSchema { found } => {
                write!(f, "is of schema version {found}, and this program knows {SCHEMA_VERSION}")
            }
        }
    }
}

/// Why a worktree's identity could not be read or made.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// The file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The identity file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file was read and is none.
    #[error("{} {fault}", path.display())]
    Faulty {
        /// The identity file.
        path: PathBuf,
        /// What is wrong with it.
        fault: IdentityFault,
    },
    /// A symlink, or a file for a directory, stands where jit's own belongs.
    #[error("{} is not a plain {wanted} (a symlink, perhaps), so it is not used", path.display())]
    NotPlain {
        /// What stands in the way.
        path: PathBuf,
        /// `directory` or `file`.
        wanted: &'static str,
    },
    /// The file could not be made, or not made durable.
    #[error("cannot {action} {}: {source}", path.display())]
    Unwritable {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has been making the identity all the while.
    #[error("another process is making this worktree's identity in {}; gave up after {waited:?}", path.display())]
    Locked {
        /// The directory that it locked.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
    },
}

impl Repo {
    /// The identity of this worktree, where it has one: one small file.
    ///
    /// # Errors
    /// [`IdentityError`] where the file is unreadable, damaged, of an unknown version, or a
    /// symlink.
    pub fn read_identity(&self) -> Result<Option<WorktreeIdentity>, IdentityError> {
        Ok(read(self.git_dir())?.map(|stored| stored.identity))
    }

    /// The same where somebody has seen to it that the identity survives a crash: what a writer
    /// relies on. [`Repo::ensure_identity`] sees to it.
    ///
    /// # Errors
    /// As [`Repo::read_identity`].
    pub fn confirmed_identity(&self) -> Result<Option<WorktreeIdentity>, IdentityError> {
        let stored = read(self.git_dir())?.filter(|stored| stored.confirmed);
        Ok(stored.map(|stored| stored.identity))
    }
}

/// The identity file of a Git directory.
pub(crate) fn path_in(git_dir: &Path) -> PathBuf {
    git_dir.join("jit/worktree.json")
}

/// An identity as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) identity: WorktreeIdentity,
    /// Whether somebody has seen to it that the file's name survives a crash.
    pub(crate) confirmed: bool,
    /// As it stands there.
    pub(crate) content: Vec<u8>,
}

impl Stored {
    /// What a worktree that has none gets.
    pub(crate) fn fresh(id: Uuid) -> Self {
        let identity = WorktreeIdentity { id };
        Self { identity, confirmed: false, content: to_json(identity).into_bytes() }
    }
}

pub(crate) fn read(git_dir: &Path) -> Result<Option<Stored>, IdentityError> {
    let path = path_in(git_dir);
    let content = match probe::read_small_nofollow(&path) {
        Ok(content) => content,
        Err(e) if e.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
            return Err(IdentityError::NotPlain { path, wanted: "file" });
        }
        Err(source) => return Err(IdentityError::Unreadable { path, source }),
    };
    let Some(content) = content else {
        return Ok(None);
    };
    match parse(&content) {
        Ok(identity) => Ok(Some(Stored { identity, confirmed: content.ends_with(b"\n"), content })),
        Err(fault) => Err(IdentityError::Faulty { path, fault }),
    }
}

const BEFORE_ID: &str = r#"{"schema_version":1,"id":""#;
const AFTER_ID: &str = r#""}"#;

/// What is written, without the line end that confirms it.
fn to_json(identity: WorktreeIdentity) -> String {
    format!("{BEFORE_ID}{}{AFTER_ID}", identity.id.hyphenated())
}

/// Reads the file's content. What [`to_json`] wrote is read without a JSON parser, whose code
/// would have to be paged in before every edit; anything else goes through one.
pub(crate) fn parse(content: &[u8]) -> Result<WorktreeIdentity, IdentityFault> {
    parse_own(content).map_or_else(|| parse_any(content), Ok)
}

fn parse_own(content: &[u8]) -> Option<WorktreeIdentity> {
    let content = content.strip_suffix(b"\n").unwrap_or(content);
    let id = content.strip_prefix(BEFORE_ID.as_bytes())?.strip_suffix(AFTER_ID.as_bytes())?;
    let id = <&[u8; 36]>::try_from(id).ok()?;
    Uuid::try_parse_ascii(id).ok().map(|id| WorktreeIdentity { id })
}

fn parse_any(content: &[u8]) -> Result<WorktreeIdentity, IdentityFault> {
    let document: Value = serde_json::from_slice(content).map_err(damaged)?;
    let version = document.get("schema_version").and_then(Value::as_u64);
    match version {
        Some(SCHEMA_VERSION) => {}
        Some(found) => return Err(IdentityFault::UnknownSchema { found }),
        None => return Err(damaged("no schema_version")),
    }
    let id = document.get("id").and_then(Value::as_str);
    let id = id.ok_or_else(|| damaged("no id"))?;
    let id = Uuid::try_parse(id).map_err(damaged)?;
    Ok(WorktreeIdentity { id })
}

fn damaged(reason: impl fmt::Display) -> IdentityFault {
    IdentityFault::Damaged { reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "0190f3c4-0000-7000-8000-00000000000a";

    #[test]
    fn other_spellings_of_the_same_document_are_read() {
        let id = Uuid::try_parse(ID).unwrap();
        for document in [
            format!(r#"{{"schema_version":1,"id":"{ID}"}}"#),
            format!(r#"{{"id":"{}","schema_version":1}}"#, ID.to_uppercase()),
            format!("{{ \"schema_version\": 1,\r\n \"id\": \"{ID}\", \"new\": [1] }}\n\n"),
        ] {
            let got = parse(document.as_bytes());
            assert_eq!(got, Ok(WorktreeIdentity { id }), "{document}");
        }
    }

    #[test]
    fn damage_and_unknown_versions_are_told_apart() {
        for document in ["", "{", "[]", "{}", r#"{"schema_version":1}"#, "\0\0\0\0"] {
            let got = parse(document.as_bytes());
            assert!(matches!(got, Err(IdentityFault::Damaged { .. })), "{document}: {got:?}");
        }
        let newer = r#"{"schema_version":2,"identity":{"of":"another shape"}}"#;
        let got = parse(newer.as_bytes());
        assert_eq!(got, Err(IdentityFault::UnknownSchema { found: 2 }));
    }

    proptest! {
        #[test]
        fn both_readers_read_what_is_written(id in any::<u128>(), line_end in "\n?") {
            let identity = WorktreeIdentity { id: Uuid::from_u128(id) };
            let written = to_json(identity) + &line_end;
            prop_assert_eq!(parse_own(written.as_bytes()), Some(identity));
            prop_assert_eq!(parse_any(written.as_bytes()), Ok(identity));
        }

        #[test]
        fn a_torn_file_is_damage(id in any::<u128>(), keep in 0usize..64) {
            let whole = to_json(WorktreeIdentity { id: Uuid::from_u128(id) });
            prop_assume!(keep < whole.len());
            let torn = parse(&whole.as_bytes()[..keep]);
            let is_damage = matches!(torn, Err(IdentityFault::Damaged { .. }));
            prop_assert!(is_damage);
        }
    }
}
