//! What the doctor says of the files in `.jit/`.

use std::path::PathBuf;

use crate::finding::{Finding, Kind, Needs};

impl Finding {
    /// Git was told of a driver by a file, and not what it is.
    pub(crate) fn without_driver() -> Self {
        let what = ".gitattributes names the merge driver of issues, and Git does not know it here: it merges them by lines";
        Self::new(Kind::NoMergeDriver, Needs::Fix, what)
    }

    /// Git merged an issue by lines, and left conflicts where its fields have none, or fewer.
    /// `added` tells Git that they are solved, where nobody has to choose.
    pub(crate) fn unmerged(path: PathBuf, added: Option<String>) -> Self {
        let what = format!(
            "{} was merged by lines, with conflicts: jit was not on PATH, or Git did not know the driver; its fields can be merged",
            path.display()
        );
        Self { hint: added, ..Self::new(Kind::Unmerged, Needs::Fix, what).at(path) }
    }

    /// Issues that nobody can ever claim.
    pub(crate) fn circle(what: String, hint: String) -> Self {
        Self::new(Kind::Cycle, Needs::Person, what).hint(hint)
    }

    /// An issue that nobody can claim as long as it waits for one that is nowhere.
    pub(crate) fn waiting_for_gone(path: PathBuf, what: String, hint: String) -> Self {
        Self::new(Kind::WaitsForGone, Needs::Person, what).at(path).hint(hint)
    }

    /// An issue that is there, and whose deletion is there too.
    pub(crate) fn half_deleted(path: PathBuf, what: String, hint: String) -> Self {
        Self::new(Kind::HalfDeleted, Needs::Person, what).at(path).hint(hint)
    }

    /// A file that was to take another one's place.
    pub(crate) fn draft(path: PathBuf) -> Self {
        let what = format!("{} was left by a writer that was interrupted", path.display());
        Self::new(Kind::Leftover, Needs::Fix, what).at(path)
    }
}
