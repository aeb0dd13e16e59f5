//! Merging three versions of an issue's file, as a merge driver is asked to.

use crate::issue_file;
use crate::merge::{Clash, Merged, merge};
use crate::problem::Problem;

/// One of the versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What both grew out of.
    Base,
    /// The one that the result takes the place of.
    Ours,
    /// The other one.
    Theirs,
}

/// What became of three versions of a file.
#[derive(Debug)]
pub enum FilesMerged {
    /// The merged file.
    Clean(String),
    /// The file for a person to choose in.
    Conflict {
        /// The file.
        text: Vec<u8>,
        /// What each side says of the fields in conflict.
        clashes: Vec<Clash>,
    },
    /// One of them is no issue: nothing is known of its fields.
    NoIssue {
        /// Which.
        side: Side,
        /// What is wrong with it.
        problem: Problem,
    },
}

/// Merges three versions of a file. An empty base says that both sides made the file.
pub fn merge_files(base: &[u8], ours: &[u8], theirs: &[u8]) -> FilesMerged {
    let parsed =
        |side, text| issue_file::parse_any(text).map_err(|problem| FilesMerged::NoIssue { side, problem });
    let parsed = || {
        let base = if base.is_empty() { None } else { Some(parsed(Side::Base, base)?) };
        Ok((base, parsed(Side::Ours, ours)?, parsed(Side::Theirs, theirs)?))
    };
    let (base, one, other) = match parsed() {
        Ok(parsed) => parsed,
        Err(problem) => return problem,
    };
    if one.id != other.id || base.as_ref().is_some_and(|base| base.id != one.id) {
        let ids = Clash { field: "id", ours: one.id.to_string(), theirs: other.id.to_string() };
        return FilesMerged::Conflict { text: side_by_side(ours, theirs), clashes: vec![ids] };
    }
    match merge(base.as_ref(), &one, &other) {
        Merged::Clean(issue) => FilesMerged::Clean(issue_file::text(&issue)),
        Merged::Conflict(conflict) => {
            FilesMerged::Conflict { text: conflict.text().into_bytes(), clashes: conflict.clashes() }
        }
    }
}

/// Both files whole, marked as Git marks a conflict: nothing is lost, and nothing guessed.
pub fn side_by_side(ours: &[u8], theirs: &[u8]) -> Vec<u8> {
    let whole = |text: &[u8]| match text.last() {
        None | Some(b'\n') => text.to_vec(),
        Some(_) => [text, b"\n"].concat(),
    };
    [b"<<<<<<< ours\n", &*whole(ours), b"=======\n", &*whole(theirs), b">>>>>>> theirs\n"].concat()
}
