//! What is said of files of the data plane that can't be used, wherever they were read.

use std::path::Path;

use jit_tracker::events::Damaged;
use jit_tracker::{FileError, Problem};
use serde_json::json;

use super::{Code, Failure};
use crate::shell::quoted;

impl Failure {
    /// A file of the tracker that can't be used.
    pub(crate) fn broken_file(error: &FileError) -> Self {
        let hint = match &error.problem {
            Problem::Version { .. } => "update jit; nothing was changed".to_owned(),
            Problem::Unreadable(_) => format!("look at what stands there: ls -ld {}", quoted(&error.file)),
            Problem::Conflicted { .. } if error.issue.is_some() => {
                "let jit merge what Git merged by lines: jit doctor --fix".to_owned()
            }
            _ => format!(
                "mend that file in an editor; what was committed of it, if ever: {}",
                log(&error.file)
            ),
        };
        Self::new(Code::BrokenFile, error.to_string())
            .hint(hint)
            .context(json!({ "file": error.file, "issue": error.issue }))
    }

    /// The same where it may be the one that is committed in the worktree at `root`.
    pub(crate) fn broken_source(error: &FileError, root: &Path) -> Self {
        let failure = Self::broken_file(error);
        let (Some(path), git) = (committed(&error.file), git(root)) else { return failure };
        match &error.problem {
            Problem::Version { .. } => failure,
            Problem::Unreadable(_) => {
                failure.hint(format!("see what Git says of it: {git} cat-file -p {}", quoted(&error.file)))
            }
            _ => failure.hint(format!(
                "bring it into this worktree: {git} checkout HEAD -- {path}; mend it there in an editor, and commit it; what it was before: {git} log -p -- {path}",
                path = quoted(path),
            )),
        }
    }

    /// A line of a file of events that is none, where `root` is the worktree's.
    pub(crate) fn damaged_event(damaged: &Damaged, root: &Path) -> Self {
        let file = &damaged.file;
        let hint = match committed(file) {
            None => {
                format!(
                    "correct that line in an editor, or take it out; what was committed of it, if ever: {}",
                    log(file)
                )
            }
            // It is not checked out again: what was told since stands in this worktree's file only.
            Some(path) => format!(
                "correct that line in {}, or take it out, and commit it: {} commit -m 'mend events' -- {}",
                root.join(path).display(),
                git(root),
                quoted(path),
            ),
        };
        Self::new(Code::BrokenFile, damaged.to_string())
            .hint(hint)
            .context(json!({ "file": file, "line": damaged.line }))
    }
}

/// The path from the root of a file that is read at HEAD, by what its source calls it.
fn committed(file: &str) -> Option<&str> {
    file.strip_prefix("HEAD:")
}

fn git(root: &Path) -> String {
    format!("git -C {}", quoted(&root.to_string_lossy()))
}

/// The command that shows how a file came to be as it is; it may be of another worktree. With `--all`
/// it works where nothing is committed yet, too.
fn log(file: &str) -> String {
    let path = Path::new(file);
    let [dir, name] = [path.parent().map(Path::as_os_str), path.file_name()]
        .map(|part| quoted(&part.unwrap_or_default().to_string_lossy()));
    format!("git -C {dir} log --all -p -- {name}")
}
