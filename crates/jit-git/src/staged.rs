//! What is staged to be committed.

use std::collections::BTreeSet;
use std::fs;

use crate::program::{GitProgram, ProgramError};
use crate::repo::Repo;

/// A file of the index, and what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged {
    /// Its path, relative to the root.
    pub path: String,
    /// Its content; none where it is to be gone.
    pub content: Option<Vec<u8>>,
    /// The same in each parent that the next commit will have, where that has it.
    pub before: Vec<Vec<u8>>,
}

impl Repo {
    /// The paths that the next commit changes, relative to the root, sorted: both of a renaming,
    /// and those that are deleted. In a merge, only what differs from every parent: the rest was
    /// done by whoever committed it. Bytes that are not UTF-8 are replaced.
    ///
    /// # Errors
    /// [`ProgramError`] where Git could not be asked.
    pub fn staged_paths(&self, git: &dyn GitProgram) -> Result<BTreeSet<String>, ProgramError> {
        let mut staged = self.differing(git, None)?;
        for parent in self.merged() {
            let from_it = self.differing(git, Some(&parent))?;
            staged.retain(|path| from_it.contains(path));
        }
        Ok(staged)
    }

    /// What is staged of these files, and what they were.
    ///
    /// # Errors
    /// [`ProgramError`] where Git could not be asked.
    pub fn staged_contents(&self, git: &dyn GitProgram, paths: &[&str]) -> Result<Vec<Staged>, ProgramError> {
        let parents: Vec<String> = ["HEAD".to_owned()].into_iter().chain(self.merged()).collect();
        let named = |path| {
            [format!(":{path}")].into_iter().chain(parents.iter().map(move |of| format!("{of}:{path}")))
        };
        let asked: Vec<String> = paths.iter().flat_map(named).collect();
        let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
        let mut found = self.committed_contents(git, &asked)?.into_iter();
        let staged = paths.iter().map(|path| Staged {
            path: (*path).to_owned(),
            content: found.next().flatten(),
            before: found.by_ref().take(parents.len()).flatten().collect(),
        });
        Ok(staged.collect())
    }

    /// What is being merged, besides `HEAD`.
    fn merged(&self) -> Vec<String> {
        // Without one there is nothing to merge.
        let merged = fs::read_to_string(self.git_dir().join("MERGE_HEAD")).unwrap_or_default();
        merged.lines().map(str::to_owned).collect()
    }

    /// The paths of the index that are otherwise in a commit; without one, in `HEAD`.
    fn differing(&self, git: &dyn GitProgram, from: Option<&str>) -> Result<BTreeSet<String>, ProgramError> {
        // Which submodules count is not for the repository's own files to say.
        let whole = ["--no-renames", "--no-relative", "--ignore-submodules=none"];
        let arguments = ["diff", "--cached", "--name-only", "-z"].into_iter().chain(whole);
        let arguments: Vec<&str> = arguments.chain(from).chain(["--"]).collect();
        let listed = git.run(self.git_dir(), &arguments, b"")?.successful()?.stdout;
        let paths = listed.split(|byte| *byte == 0).filter(|path| !path.is_empty());
        Ok(paths.map(|path| String::from_utf8_lossy(path).into_owned()).collect())
    }
}
