//! An issue's file, `.jit/issues/<id>.json`: its name, the one parser and the one writer.

use jit_core::IssueId;
use uuid::Uuid;

use crate::issue::Issue;
use crate::json;
use crate::problem::Problem;

/// The keys, in the order in which they are written.
const KEYS: [&str; 12] = [
    "schema_version",
    "id",
    "title",
    "state",
    "priority",
    "labels",
    "assignee",
    "dependencies",
    "gates",
    "created_at",
    "updated_at",
    "description",
];

/// The end of an issue's file name.
const ISSUE: &str = ".json";
/// The end of the name of the file that says that an issue was deleted.
const DELETED: &str = ".deleted";

/// What a file in the directory of issues is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// The file of an issue.
    Issue(IssueId),
    /// It says that this issue was deleted, so that it is not found elsewhere.
    Deleted(IssueId),
    /// It ends like the file of an issue, and is not named after one.
    Misnamed,
    /// Something else: a draft, an editor's copy.
    Other,
}

impl Named {
    /// By this name.
    pub fn new(name: &str) -> Self {
        let id = |stem: &str| stem.parse().ok().filter(|id| is_canonical(id, stem));
        if name.starts_with('.') {
            return Self::Other;
        }
        match (name.strip_suffix(ISSUE), name.strip_suffix(DELETED)) {
            (Some(stem), _) => id(stem).map_or(Self::Misnamed, Self::Issue),
            (_, Some(stem)) => id(stem).map_or(Self::Other, Self::Deleted),
            _ => Self::Other,
        }
    }
}

/// Whether this is how the id is written, rather than another way that could be read.
fn is_canonical(id: &IssueId, text: &str) -> bool {
    id.uuid().hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text
}

/// The name of an issue's file.
pub fn file_name(id: IssueId) -> String {
    named(id, ISSUE)
}

/// The name of the file that says that an issue was deleted.
pub fn deleted_name(id: IssueId) -> String {
    named(id, DELETED)
}

/// Ten thousand of them are made at a time.
fn named(id: IssueId, end: &str) -> String {
    [id.uuid().hyphenated().encode_lower(&mut Uuid::encode_buffer()), end].concat()
}

/// Reads the file of the issue `id`.
///
/// # Errors
/// When it is no issue, or another one.
pub fn parse(id: IssueId, text: &[u8]) -> Result<Issue, Problem> {
    let issue = parse_any(text)?;
    if issue.id == id { Ok(issue) } else { Err(Problem::OtherId(issue.id)) }
}

/// Reads the file of whatever issue it says.
///
/// # Errors
/// When it is no issue.
pub(crate) fn parse_any(text: &[u8]) -> Result<Issue, Problem> {
    json::parse(text, &KEYS)
}

/// The file of an issue: one field a line, always in the same order, so that diffs read well.
#[allow(
    clippy::expect_used,
    reason = "every key in an issue is a string, and memory does not fail to be written"
)]
pub fn text(issue: &Issue) -> String {
    let mut text = serde_json::to_string_pretty(issue).expect("an issue is JSON");
    text.push('\n');
    text
}
