//! All issues of a repository: several sources, asked in order, the first that has an issue wins.

use std::collections::HashSet;

use jit_core::IssueId;
use thiserror::Error;

use crate::cache::Cache;
use crate::finding::{Known, Names, broken, find, in_parts, names_of, recall};
use crate::issue::{Issue, Outline, State};
use crate::issue_file;
use crate::problem::{FileError, Problem};
use crate::source::{Origin, Sink, Source};
use crate::text::shown;

/// The directories that issues are read from, the nearest first.
pub struct Issues<'a> {
    sources: Vec<&'a dyn Source>,
    /// Asked only how issues ended.
    ends: Vec<&'a dyn Source>,
}

/// What there is, and apart from it what can't be used: a torn file is never an empty list.
#[derive(Debug, Default)]
pub struct Listing {
    /// The issues, by id.
    pub issues: Vec<Listed>,
    /// What is broken. Its issues are not above, not even as another source has them.
    pub broken: Vec<FileError>,
}

/// An issue, and where it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<I = Outline> {
    /// The issue, which stays where it is when many are sorted and passed on.
    pub issue: Box<I>,
    /// The source that has it.
    pub origin: Origin,
    /// If it knows no end: how the issue ended, as another source says that was written later.
    /// Nothing where nobody looked.
    pub later: Option<State>,
}

/// Why what was typed names no issue.
#[derive(Debug, Error)]
pub enum ResolveError {
    /// It is neither an id nor the beginning of one.
    #[error("`{word}` is no issue's id: write at least {} of its hexadecimal digits", Issues::LEAST)]
    NoPrefix {
        /// What was typed.
        word: String,
    },
    /// No issue's id begins so.
    #[error("there is no issue {word}")]
    NotFound {
        /// What was typed.
        word: String,
    },
    /// Several begin so.
    #[error("{word} is the beginning of {} issues", candidates.len())]
    Ambiguous {
        /// What was typed.
        word: String,
        /// All of them.
        candidates: Vec<IssueId>,
    },
    /// A source can't be read, so that nobody knows.
    #[error(transparent)]
    Unreadable(#[from] FileError),
}

impl<'a> Issues<'a> {
    /// The fewest characters that a prefix has.
    pub const LEAST: usize = 4;

    /// Issues from these sources, the nearest first.
    pub fn new(sources: Vec<&'a dyn Source>) -> Self {
        Self { sources, ends: Vec::new() }
    }

    /// With sources that a listing asks how issues ended. Each is to name only what it may know
    /// better: all that it names is looked at.
    #[must_use]
    pub fn with_ends(self, ends: Vec<&'a dyn Source>) -> Self {
        Self { ends, ..self }
    }

    /// One issue as the nearest source has it; `None` when none has it, or it was deleted.
    ///
    /// # Errors
    /// When that source's file can't be used, or a source can't be read.
    pub fn read(&self, id: IssueId) -> Result<Option<Listed<Issue>>, FileError> {
        for source in &self.sources {
            let name = issue_file::file_name(id);
            let broken = |problem| broken(*source, &name, Some(id), problem);
            if let Some(text) = source.read(&name).map_err(|error| broken(error.into()))? {
                let issue = Box::new(issue_file::parse(id, &text).map_err(broken)?);
                return Ok(Some(Listed { issue, origin: source.origin(), later: None }));
            }
            let deleted = source.identity(&issue_file::deleted_name(id));
            if deleted.map_err(|error| broken(error.into()))?.is_some() {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// The issue that `word` is the id of, or the beginning of one. Reads no issue, only names.
    ///
    /// # Errors
    /// When it is none, or that of several.
    pub fn resolve(&self, word: &str) -> Result<IssueId, ResolveError> {
        let prefix = word.to_ascii_lowercase();
        let fits = |c: char| c.is_ascii_hexdigit() || c == '-';
        let word = || shown(word);
        if let Ok(id) = prefix.parse()
            && prefix.len() == 36
            && self.has(id)?
        {
            return Ok(id);
        }
        if prefix.len() < Self::LEAST || prefix.len() > 36 || !prefix.chars().all(fits) {
            return Err(ResolveError::NoPrefix { word: word() });
        }
        let mut candidates = Vec::new();
        let mut seen = HashSet::new();
        for source in &self.sources {
            let names = names_of(*source, |name| name.starts_with(&prefix))?;
            candidates.extend(names.issues.into_iter().filter(|id| seen.insert(*id)));
            seen.extend(names.deleted);
        }
        candidates.sort_unstable();
        match candidates[..] {
            [] => Err(ResolveError::NotFound { word: word() }),
            [id] => Ok(id),
            _ => Err(ResolveError::Ambiguous { word: word(), candidates }),
        }
    }

    /// Whether a source has an issue's file, and none that is nearer says that it was deleted.
    fn has(&self, id: IssueId) -> Result<bool, FileError> {
        for source in &self.sources {
            let there = |name: String| {
                let identity = source.identity(&name);
                identity.map_err(|error| broken(*source, &name, Some(id), error.into()))
            };
            if there(issue_file::file_name(id))?.is_some() {
                return Ok(true);
            }
            if there(issue_file::deleted_name(id))?.is_some() {
                return Ok(false);
            }
        }
        Ok(false)
    }

    /// Every issue. What `cache` knows is not read again, and it learns what was.
    pub fn list(&self, cache: &mut Cache) -> Listing {
        let mut listing = Listing::default();
        let (mut settled, mut deleted) = (Vec::new(), Vec::new());
        let Some((nearest, others)) = self.sources.split_first() else { return listing };
        let names = |source: &'a dyn Source| names_of(source, |_| true);
        // Git tells its names while the nearest files are looked at.
        let ends = std::thread::scope(|scope| {
            let told = |sources: &[&'a dyn Source]| -> Vec<_> {
                sources.iter().map(|source| (*source, scope.spawn(|| names(*source)))).collect()
            };
            let (others, ends) = (told(others), told(&self.ends));
            let near = recall(*nearest, cache).map(|(names, recalled)| {
                for (hit, issue) in recalled {
                    cache.keep(hit);
                    settled.push(issue.id);
                    listing.issues.push(Listed { issue, origin: nearest.origin(), later: None });
                }
                names
            });
            if let Ok(names) = &near {
                deleted.clone_from(&names.deleted);
            }
            let mut list = |source: &dyn Source, names| match names {
                Ok(names) => list_one(source, names, &mut settled, cache, &mut listing),
                Err(error) => listing.broken.push(error),
            };
            list(*nearest, near);
            for (source, told) in others {
                // What panicked is done again here, where a panic is told.
                list(source, told.join().unwrap_or_else(|_| names(source)));
            }
            let ends = ends.into_iter();
            ends.map(|(source, told)| (source, told.join().unwrap_or_else(|_| names(source))))
                .collect::<Vec<_>>()
        });
        listing.issues.sort_unstable_by_key(|listed| listed.issue.id);
        note_half_deleted(*nearest, &deleted, &mut listing);
        for (source, names) in ends {
            // What can't be read says nothing: the issues are there without it.
            let names = names.unwrap_or_default();
            note_ends(source, &names.issues, cache, &mut listing);
            note_deleted(source, &names, &mut listing);
        }
        listing
    }
}

/// Notes of issues how they ended, where this source says so and was written later.
fn note_ends(source: &dyn Source, ids: &[IssueId], cache: &mut Cache, listing: &mut Listing) {
    for id in ids {
        let Some(listed) = open_elsewhere(source, *id, listing) else { continue };
        let Ok(Some((known, other))) = find(source, *id, cache) else { continue };
        listed.later = later_end(&listed.issue, &other);
        match known {
            Known::Before(hit) => cache.keep(hit),
            Known::Now(identity) => cache.learn(source.origin(), identity, &other),
        }
    }
}

/// Notes of issues that they were deleted, where this source says so and has no file. That has no time.
fn note_deleted(source: &dyn Source, names: &Names, listing: &mut Listing) {
    for id in names.deleted.iter().filter(|id| names.issues.binary_search(id).is_err()) {
        if let Some(listed) = open_elsewhere(source, *id, listing) {
            listed.later = Some(State::Rejected);
        }
    }
}

/// The same of issues whose file this source has, too.
fn note_half_deleted(source: &dyn Source, deleted: &[IssueId], listing: &mut Listing) {
    for id in deleted {
        if let Ok(at) = listing.issues.binary_search_by_key(id, |listed| listed.issue.id)
            && let Some(listed) = listing.issues.get_mut(at).filter(|one| one.origin == source.origin())
            && !listed.issue.state.is_ended()
        {
            listed.later = Some(State::Rejected);
        }
    }
}

/// An issue that another source than this has, and that knows no end there.
fn open_elsewhere<'l>(source: &dyn Source, id: IssueId, listing: &'l mut Listing) -> Option<&'l mut Listed> {
    let at = listing.issues.binary_search_by_key(&id, |listed| listed.issue.id).ok()?;
    let listed = listing.issues.get_mut(at)?;
    Some(listed).filter(|listed| listed.origin != source.origin() && !listed.issue.state.is_ended())
}

/// How an issue ended as another version of it says, which counts unless it was written before.
pub fn later_end<D, E>(issue: &Issue<D>, other: &Issue<E>) -> Option<State> {
    let later = !issue.state.is_ended() && other.state.is_ended() && other.updated_at >= issue.updated_at;
    later.then_some(other.state)
}

/// `settled` are the issues of which nearer sources have spoken, sorted.
fn list_one(
    source: &dyn Source,
    names: Names,
    settled: &mut Vec<IssueId>,
    cache: &mut Cache,
    listing: &mut Listing,
) {
    let Names { issues: mut wanted, deleted, misnamed } = names;
    listing.broken.extend(misnamed.iter().map(|name| broken(source, name, None, Problem::Name)));
    wanted.retain(|id| settled.binary_search(id).is_err());
    let origin = source.origin();
    listing.issues.reserve(wanted.len());
    settled.reserve(wanted.len());
    let found = in_parts(&wanted, |id| find(source, *id, cache));
    for (id, found) in wanted.iter().zip(found.into_iter().flatten()) {
        match found {
            Ok(Some((known, issue))) => {
                match known {
                    Known::Before(hit) => cache.keep(hit),
                    Known::Now(identity) => cache.learn(origin, identity, &issue),
                }
                listing.issues.push(Listed { issue, origin, later: None });
            }
            // Taken away since its name was read.
            Ok(None) => continue,
            Err(problem) => {
                listing.broken.push(broken(source, &issue_file::file_name(*id), Some(*id), problem));
            }
        }
        settled.push(*id);
    }
    settled.extend(deleted);
    settled.sort_unstable();
}

/// Writes the files of issues.
///
/// # Errors
/// When one is not known to be written; others may be.
pub fn write(sink: &dyn Sink, issues: &[&Issue]) -> std::io::Result<()> {
    if issues.is_empty() {
        return Ok(());
    }
    let file = |issue: &&Issue| (issue_file::file_name(issue.id), issue_file::text(issue));
    sink.put_all(&issues.iter().map(file).collect::<Vec<_>>())?;
    issues.iter().try_for_each(|issue| sink.remove(&issue_file::deleted_name(issue.id)))
}

/// Takes an issue's file away and leaves word that it was deleted: HEAD and the main worktree may
/// have it for a long time yet.
///
/// # Errors
/// When it is not known to be gone.
pub fn delete(sink: &dyn Sink, id: IssueId) -> std::io::Result<()> {
    sink.put(&issue_file::deleted_name(id), b"")?;
    sink.remove(&issue_file::file_name(id))
}
