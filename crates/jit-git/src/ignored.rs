//! What Git is told to leave alone.

use std::collections::BTreeSet;

use crate::program::{At, GitProgram, ProgramError};
use crate::repo::Repo;

impl Repo {
    /// Those of these paths, relative to the root, that Git ignores and of which it tracks nothing.
    ///
    /// # Errors
    /// [`ProgramError`] where Git can't say.
    pub fn ignored(&self, git: &dyn GitProgram, paths: &[&str]) -> Result<BTreeSet<String>, ProgramError> {
        let at = At { git_dir: self.git_dir(), root: self.worktree() };
        // It refuses `--literal-pathspecs`, and would read signs at the beginning of a name.
        let asked: String = paths.iter().map(|path| format!("./{path}\0")).collect();
        let output = at.run(git, &["check-ignore", "-z", "--stdin"], asked.as_bytes())?;
        // It says so if it is none of them.
        if output.status == Some(1) {
            return Ok(BTreeSet::new());
        }
        let mut ignored = texts(&output.successful()?.stdout);
        let listed: Vec<&str> = ["--literal-pathspecs", "ls-files", "-z", "--"]
            .into_iter()
            .chain(ignored.iter().map(String::as_str))
            .collect();
        // What was added in an ignored directory is work like any other.
        for tracked in texts(&at.ask(git, &listed)?) {
            ignored.retain(|path| !tracked.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')));
        }
        Ok(ignored)
    }
}

fn texts(listed: &[u8]) -> BTreeSet<String> {
    let paths = listed.split(|byte| *byte == 0).filter(|path| !path.is_empty());
    let text = |path: &[u8]| {
        let text = String::from_utf8_lossy(path);
        text.strip_prefix("./").unwrap_or(&text).to_owned()
    };
    paths.map(text).collect()
}
