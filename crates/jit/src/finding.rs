//! What the doctor has to say of one thing, and who has to do something about it.

mod data_plane;
mod kind;
mod salvage;
mod unrecorded;
mod worktrees;

use std::path::{Path, PathBuf};

use jit_store::Finding as Seen;
use jit_store::os::{Odd, Oddity};
use jit_store::{Gap, StoreError};

use crate::error::Failure;
pub(crate) use crate::finding::kind::Kind;
use crate::shell::quoted;

/// One thing that the doctor has to say.
pub(crate) struct Finding {
    pub(crate) kind: Kind,
    pub(crate) what: String,
    /// What it is about, and where in it.
    pub(crate) path: Option<PathBuf>,
    pub(crate) offset: Option<u64>,
    /// What to do next.
    pub(crate) hint: Option<String>,
    pub(crate) needs: Needs,
}

/// Who has to do something about a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nobody.
    Nothing,
    /// The next writer does, or `--fix`.
    Fix,
    /// It was done, and seen to be.
    Fixed,
    /// A person.
    Person,
}

impl Finding {
    pub(crate) fn new(kind: Kind, needs: Needs, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), path: None, offset: None, hint: None, needs }
    }

    fn at(mut self, path: PathBuf) -> Self {
        self.path = Some(path);
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// As it is when mending did not change it.
    pub(crate) fn unfixed(self, dir: &Path) -> Self {
        if self.needs != Needs::Fix {
            return self;
        }
        let what = format!("--fix did not change this: {}", self.what);
        let hint = format!("see what keeps it so: ls -la {}", shell(self.path.as_deref().unwrap_or(dir)));
        Self { what, needs: Needs::Person, ..self }.hint(hint)
    }

    /// Whether the other is about the same thing.
    pub(crate) fn same(&self, other: &Self) -> bool {
        (self.kind, &self.path) == (other.kind, &other.path)
    }

    /// What a command fails with needs a person.
    pub(crate) fn failure(failure: Failure, dir: &Path) -> Self {
        let fact = |key: &str| failure.context.get(key);
        Self {
            kind: Kind::Failure(failure.code),
            path: Some(fact("file").and_then(|file| file.as_str()).map_or(dir.into(), |file| dir.join(file))),
            offset: fact("offset").and_then(serde_json::Value::as_u64),
            hint: failure.advice(),
            what: failure.message,
            needs: Needs::Person,
        }
    }

    /// It was mended. What is left to do after that is said.
    pub(crate) fn fixed(self) -> Self {
        let hint = self.hint.filter(|_| self.kind == Kind::Unmerged);
        Self { needs: Needs::Fixed, hint, ..self }
    }

    /// What the store saw in the control plane `dir`.
    pub(crate) fn seen(seen: Seen, dir: &Path) -> Self {
        let ok = |kind, what: String| Self::new(kind, Needs::Nothing, what);
        let fix = |kind, what: String| Self::new(kind, Needs::Fix, what);
        match seen {
            Seen::Absent => ok(Kind::NothingYet, "nothing was claimed here yet".into()),
            Seen::Log { segment, last, leases } => ok(
                Kind::Log,
                format!("the log is sound: segment {segment}, records up to {last}, leases: {leases}"),
            ),
            Seen::Torn { offset, length } => {
                let what = format!(
                    "{length} bytes at byte {offset} of the log were never acknowledged; they go to the archive"
                );
                Self { offset: Some(offset), ..fix(Kind::Torn, what) }.at(dir.join(jit_store::names::LOG))
            }
            Seen::Lapsed(leases) => {
                fix(Kind::Lapsed, format!("leases that have lapsed: {leases}; the next change evicts them"))
            }
            Seen::History { segments, records, missing } => ok(
                Kind::History,
                format!(
                    "history reaches back to record 1{}: {records} records, segments: {segments}",
                    except(&missing)
                ),
            ),
            Seen::Broken(error) => Self::broken(&error, dir),
            Seen::Index => ok(Kind::Index, "the index agrees with the log".into()),
            Seen::NoIndex => {
                fix(Kind::IndexMissing, "there is no index of this boot; the next change makes it".into())
            }
            Seen::IndexBusy => ok(
                Kind::IndexBusy,
                "the index proves itself; others changed it each time it was compared with the log".into(),
            ),
            Seen::IndexUnusable(error) => {
                fix(Kind::IndexUnusable, format!("what stands in the index's place is none: {error}"))
                    .at(dir.join("index"))
            }
            Seen::IndexDisagrees => {
                fix(Kind::IndexDisagrees, "the index disagrees with the log; it is made anew".into())
            }
            Seen::Leftover(file) => {
                fix(Kind::Leftover, format!("{file} was left by a writer that was interrupted"))
                    .at(dir.join(file))
            }
            Seen::NoRoom { free, needed } => Self::new(
                Kind::NoRoom,
                Needs::Person,
                format!(
                    "the disk is almost full: {} KiB are free, and sealing the log may take {} KiB",
                    free / 1024,
                    needed.div_ceil(1024)
                ),
            )
            .hint(format!("make room on the disk of the control plane: df -h {}", shell(dir)))
            .at(dir.into()),
            Seen::Stray { file, live } => {
                let path = dir.join(&file);
                let name = shell(&path);
                Self::new(
                    Kind::StraySegment,
                    Needs::Person,
                    format!(
                        "{file} is above the live segment {live}: the log is an older copy, or this is none of its segments"
                    ),
                )
                .hint(format!(
                    "if an older log was put back, let every agent stop, and acquire anew what it works on; \
                     then move the file out of the way: mv {name} {name}.aside"
                ))
                .at(path)
            }
            Seen::SharedFilesystem(kind) => {
                Self::failure(Failure::store(&StoreError::SharedFilesystem { kind }, dir), dir)
            }
            Seen::Trouble(error) => Self::failure(Failure::store(&error, dir), dir),
        }
    }

    fn broken(error: &StoreError, dir: &Path) -> Self {
        let failure = Self::failure(Failure::store(error, dir), dir);
        let hint = match &failure.path {
            Some(path) if matches!(error, StoreError::Corrupt { .. } | StoreError::SegmentMissing { .. }) => {
                format!("no lease depends on it; if a backup has {}, put it back", shell(path))
            }
            _ => return failure,
        };
        Self { kind: Kind::HistoryBroken, ..failure }.hint(hint)
    }

    /// What the survey of a directory saw.
    pub(crate) fn odd(oddity: &Oddity) -> Self {
        let path = oddity.path.display();
        let name = shell(&oddity.path);
        let needs = if oddity.ours { Needs::Fix } else { Needs::Person };
        let finding = match &oddity.odd {
            Odd::Kind { found, wanted } => Self::new(
                Kind::WrongType,
                Needs::Person,
                format!("{path} is a {found}, and should be a {wanted}"),
            )
            .hint(match (*found, *wanted) {
                // It may be another repository's: nothing is copied from there unseen.
                ("symlink", "directory") => {
                    format!("see where it leads, and put the directory itself there: readlink -f {name}")
                }
                ("symlink", _) => format!("cp -a --remove-destination \"$(readlink -f {name})\" {name}"),
                _ => format!("mv {name} {name}.aside"),
            }),
            Odd::Owner { found, wanted } => Self::new(
                Kind::WrongOwner,
                needs,
                format!("{path} belongs to user {found}, and should belong to user {wanted}, as the directory does"),
            )
            .hint(format!("sudo chown {wanted} {name}")),
            Odd::Group { found, wanted } => Self::new(
                Kind::WrongGroup,
                needs,
                format!("{path} belongs to group {found}, and the directory is shared with {wanted}"),
            )
            .hint(format!("sudo chgrp {wanted} {name}")),
            Odd::Mode { found, wanted } => Self::new(
                Kind::WrongMode,
                needs,
                format!(
                    "{path} has permissions {found:o}, and by core.sharedRepository should have {wanted:o}"
                ),
            )
            .hint(format!("sudo chmod {wanted:o} {name}")),
            Odd::Unwritable => {
                Self::new(Kind::Unwritable, Needs::Person, format!("{path} can't be written by this user"))
                    .hint(format!("see what protects it: lsattr -d {name}; getfacl {name}"))
            }
            Odd::Draft => Self::new(
                Kind::Leftover,
                Needs::Nothing,
                format!(
                    "{path} is half of a worktree's identity, left by a jit that was interrupted; harmless"
                ),
            ),
            Odd::Unknown => Self::new(
                Kind::UnknownFile,
                Needs::Nothing,
                format!("{path} is none of jit's files; harmless"),
            ),
        };
        finding.at(oddity.path.clone())
    }
}

/// What checkpoints say is missing of history, if anything.
fn except(missing: &[Gap]) -> String {
    if missing.is_empty() {
        return String::new();
    }
    let gaps: Vec<String> =
        missing.iter().map(|Gap { after, before }| format!("{after} and {before}")).collect();
    format!(", without what was lost between records {}", gaps.join(", "))
}

/// A path as a shell takes it.
pub(crate) fn shell(path: &Path) -> String {
    quoted(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use std::io;

    use jit_core::Seq;
    use jit_store::os::Odd::{Draft, Group, Kind as Other, Mode, Owner, Unknown, Unwritable};

    use super::*;
    use crate::output::Output;
    use crate::render::{json, text};

    fn seen() -> Vec<Seen> {
        let corrupt = |file: &str| StoreError::Corrupt {
            file: file.into(),
            offset: 77,
            reason: "its checksum is wrong".into(),
        };
        vec![
            Seen::Absent,
            Seen::Log { segment: 3, last: Seq(40), leases: 2 },
            Seen::Torn { offset: 900, length: 12 },
            Seen::Lapsed(2),
            Seen::History { segments: 3, records: 40, missing: vec![] },
            Seen::History {
                segments: 3,
                records: 29,
                missing: vec![
                    Gap { after: Seq(7), before: Seq(12) },
                    Gap { after: Seq(20), before: Seq(26) },
                ],
            },
            Seen::Broken(corrupt("archive/claims-00000002.jsonl")),
            Seen::Index,
            Seen::NoIndex,
            Seen::IndexBusy,
            Seen::IndexUnusable(io::Error::from(io::ErrorKind::IsADirectory)),
            Seen::IndexDisagrees,
            Seen::Leftover("config.toml.new"),
            Seen::Broken(StoreError::SegmentMissing {
                file: "archive/claims-00000001.jsonl".into(),
                first: Seq(1),
                last: Seq(9),
            }),
            Seen::NoRoom { free: 2047, needed: 200_000 },
            Seen::Stray { file: "archive/claims-00000009.jsonl".into(), live: 3 },
            Seen::SharedFilesystem("NFS"),
            Seen::Trouble(corrupt("claims.jsonl")),
        ]
    }

    fn odd() -> Vec<Finding> {
        [
            (Other { found: "symlink", wanted: "file" }, false),
            (Other { found: "symlink", wanted: "directory" }, false),
            (Other { found: "directory", wanted: "file" }, false),
            (Owner { found: 7, wanted: 8 }, false),
            (Group { found: 7, wanted: 8 }, false),
            (Mode { found: 0o644, wanted: 0o600 }, true),
            (Unwritable, false),
            (Draft, false),
            (Unknown, false),
        ]
        .map(|(odd, ours)| Finding::odd(&Oddity { path: "/a repo/.git/jit/locks/claims".into(), odd, ours }))
        .into()
    }

    #[test]
    fn what_every_finding_says() {
        let dir = Path::new("/a repo/.git/jit");
        let mut findings: Vec<Finding> =
            seen().into_iter().map(|seen| Finding::seen(seen, dir)).chain(odd()).collect();
        findings.push(Finding::seen(Seen::IndexDisagrees, dir).unfixed(dir));
        let codes: Vec<_> = findings.iter().map(|finding| finding.kind.name()).collect();
        let told = Output::Checked { findings, healthy: false };
        insta::assert_snapshot!("findings", text::human(&told, false));
        insta::assert_snapshot!("finding_codes", codes.join("\n"));
        let document = json::data(&told);
        for finding in document["findings"].as_array().unwrap() {
            let needy = finding["state"] == "needs_a_person";
            assert!(!needy || finding["hint"].is_string(), "{finding}");
            assert!(
                !needy || finding["path"].is_string() || finding["code"] == "index_disagrees",
                "{finding}"
            );
        }
    }
}
