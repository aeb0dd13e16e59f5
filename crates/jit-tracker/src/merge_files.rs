//! Merging three versions of an issue's file, as a merge driver is asked to.

use std::collections::BTreeSet;

use crate::issue_file;
use crate::merge::{Clash, Merged, merge};
use crate::problem::{Problem, conflict_line};

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

/// What a file becomes that a merge of lines left with conflicts, if its versions (base, ours,
/// theirs; an empty base: both sides made it) are merged by their fields; `None` where that is what
/// the file says already, or somebody has begun to solve it by hand.
pub fn rejoined(file: &[u8], versions: [&[u8]; 3]) -> Option<Vec<u8>> {
    if !(is_as_left(file, versions) && conflict_line(&String::from_utf8_lossy(file)).is_some()) {
        return None;
    }
    let [base, ours, theirs] = versions;
    let joined = match merge_files(base, ours, theirs) {
        FilesMerged::Clean(text) => text.into_bytes(),
        FilesMerged::Conflict { text, .. } => text,
        FilesMerged::NoIssue { .. } => return None,
    };
    (joined != file).then_some(joined)
}

/// Whether a file is as a merge of lines leaves it: each line is a marker or of a version, and none
/// that a side added is missing, because whoever takes a side takes out the other's.
fn is_as_left(file: &[u8], versions: [&[u8]; 3]) -> bool {
    let lines = |text: &[u8]| -> BTreeSet<String> {
        String::from_utf8_lossy(text).lines().map(str::to_owned).collect()
    };
    let is_marker =
        |line: &str| ["<<<<<<<", "|||||||", "=======", ">>>>>>>"].iter().any(|mark| line.starts_with(mark));
    let [base, ours, theirs] = versions.map(lines);
    let (file, sides) = (lines(file), &ours | &theirs);
    let known = &sides | &base;
    file.iter().all(|line| is_marker(line) || known.contains(line)) && (&sides - &base).is_subset(&file)
}

/// Both files whole, marked as Git marks a conflict: nothing is lost, and nothing guessed.
pub fn side_by_side(ours: &[u8], theirs: &[u8]) -> Vec<u8> {
    let whole = |text: &[u8]| match text.last() {
        None | Some(b'\n') => text.to_vec(),
        Some(_) => [text, b"\n"].concat(),
    };
    [b"<<<<<<< ours\n", &*whole(ours), b"=======\n", &*whole(theirs), b">>>>>>> theirs\n"].concat()
}
