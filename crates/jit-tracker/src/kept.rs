//! What the files of an issue were before a change that may have to be taken back.

use std::io;

use jit_core::IssueId;

use crate::issue_file;
use crate::source::{Sink, Source};

/// The files of an issue in one directory, as they were.
#[derive(Debug)]
pub struct Kept {
    /// The issue's own, and the one that says that it was deleted.
    files: [(String, Option<Vec<u8>>); 2],
}

impl Kept {
    /// As they are now.
    ///
    /// # Errors
    /// When one is there and can't be read.
    pub fn of(dir: &dyn Source, id: IssueId) -> io::Result<Self> {
        let [file, deleted] = [issue_file::file_name(id), issue_file::deleted_name(id)];
        let (was, was_deleted) = (dir.read(&file)?, dir.read(&deleted)?);
        Ok(Self { files: [(file, was), (deleted, was_deleted)] })
    }

    /// Makes them what they were; one that is that still is left alone.
    ///
    /// # Errors
    /// When one is not known to be so.
    pub fn put_back<D: Source + Sink>(&self, dir: &D) -> io::Result<()> {
        // First what is to be there: an issue for which nothing speaks would come back from elsewhere.
        for (name, was) in &self.files {
            if let Some(content) = was
                && dir.read(name)?.as_ref() != Some(content)
            {
                dir.put(name, content)?;
            }
        }
        for (name, _) in self.files.iter().filter(|(_, was)| was.is_none()) {
            dir.remove(name)?;
        }
        Ok(())
    }
}
