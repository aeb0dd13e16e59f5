//! What is staged to be committed.

use std::collections::BTreeSet;
use std::fs;

use crate::program::{GitProgram, ProgramError};
use crate::repo::Repo;

impl Repo {
    /// The paths that the next commit changes, relative to the root, sorted: both of a renaming,
    /// and those that are deleted. In a merge, only what differs from every parent: the rest was
    /// done by whoever committed it. Bytes that are not UTF-8 are replaced.
    ///
    /// # Errors
    /// [`ProgramError`] where Git could not be asked.
    pub fn staged_paths(&self, git: &dyn GitProgram) -> Result<BTreeSet<String>, ProgramError> {
        let mut staged = self.differing(git, None)?;
        // Without one there is nothing to merge.
        let merged = fs::read_to_string(self.git_dir().join("MERGE_HEAD")).unwrap_or_default();
        for parent in merged.lines() {
            let from_it = self.differing(git, Some(parent))?;
            staged.retain(|path| from_it.contains(path));
        }
        Ok(staged)
    }

    /// The paths of the index that are otherwise in a commit; without one, in `HEAD`.
    fn differing(&self, git: &dyn GitProgram, from: Option<&str>) -> Result<BTreeSet<String>, ProgramError> {
        // Which submodules count is not for the repository's own files to say.
        let whole = ["--no-renames", "--no-ext-diff", "--no-relative", "--ignore-submodules=none"];
        let arguments = ["diff", "--cached", "--name-only", "-z"].into_iter().chain(whole);
        let arguments: Vec<&str> = arguments.chain(from).chain(["--"]).collect();
        let listed = git.run(self.git_dir(), &arguments, b"")?.successful()?.stdout;
        let paths = listed.split(|byte| *byte == 0).filter(|path| !path.is_empty());
        Ok(paths.map(|path| String::from_utf8_lossy(path).into_owned()).collect())
    }
}
