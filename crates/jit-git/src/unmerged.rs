//! What a merge under way left in the index for somebody to join.

use std::collections::BTreeMap;

use crate::program::{GitProgram, ProgramError};
use crate::repo::Repo;

/// A file of which the index has several versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnmergedFile {
    /// Where it is, from the root.
    pub path: String,
    /// Git's names of the versions: what both sides grew out of, ours and theirs. A side that has
    /// no such file has none.
    pub versions: [Option<String>; 3],
}

impl Repo {
    /// The files in a directory of which the index has several versions, by their paths. Names that
    /// are not UTF-8 are left out. `dir` is relative to the root.
    ///
    /// # Errors
    /// [`ProgramError`] where Git could not be asked.
    pub fn unmerged_files(&self, git: &dyn GitProgram, dir: &str) -> Result<Vec<UnmergedFile>, ProgramError> {
        let dir = format!(":(top,literal){dir}/");
        let listed = git.run(self.git_dir(), &["ls-files", "-u", "-z", "--full-name", "--", &dir], b"")?;
        let mut files: BTreeMap<String, UnmergedFile> = BTreeMap::new();
        for (stage, object, path) in listed.successful()?.stdout.split(|byte| *byte == 0).filter_map(entry) {
            let file = files.entry(path.clone()).or_default();
            file.path = path;
            if let Some(version) = file.versions.get_mut(stage) {
                *version = Some(object);
            }
        }
        Ok(files.into_values().collect())
    }
}

/// `<mode> <object> <stage>\t<path>`; stages count from 1.
fn entry(line: &[u8]) -> Option<(usize, String, String)> {
    let (head, path) = std::str::from_utf8(line).ok()?.split_once('\t')?;
    let mut fields = head.split(' ').skip(1);
    let (object, stage) = (fields.next()?, fields.next()?.parse::<usize>().ok()?);
    Some((stage.checked_sub(1)?, object.to_owned(), path.to_owned()))
}
