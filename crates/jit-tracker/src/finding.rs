//! What one source has: the names, and behind them what a cache knows or the files say.

use jit_core::IssueId;

use crate::cache::{Cache, Hit};
use crate::issue::Outline;
use crate::issue_file::{self, Named};
use crate::problem::{FileError, Problem};
use crate::source::{Identity, Source};

/// What the names in a source say.
#[derive(Default)]
pub(crate) struct Names {
    /// There are files of these, which are sorted.
    pub(crate) issues: Vec<IssueId>,
    /// These were deleted.
    pub(crate) deleted: Vec<IssueId>,
    /// Files that are meant to be issues.
    pub(crate) misnamed: Vec<String>,
}

/// Reads the names that are wanted.
pub(crate) fn names_of(source: &dyn Source, wanted: impl Fn(&str) -> bool) -> Result<Names, FileError> {
    let mut names = Names::default();
    let mut note = |name: &str| match Named::new(name) {
        _ if !wanted(name) => {}
        Named::Issue(id) => names.issues.push(id),
        Named::Deleted(id) => names.deleted.push(id),
        Named::Misnamed => names.misnamed.push(name.to_owned()),
        Named::Other => {}
    };
    source.tell_names(&mut note).map_err(|error| broken(source, "", None, error.into()))?;
    // As the cache is sorted: what is looked up next is near.
    names.issues.sort_unstable();
    Ok(names)
}

/// What a cache knows of the files of a source, and is true still.
pub(crate) type Recalled = Vec<(Hit, Box<Outline>)>;

/// That, and the names of all files. They are read while others ask whether the files are the same:
/// either takes long.
pub(crate) fn recall(source: &dyn Source, cache: &Cache) -> Result<(Names, Recalled), FileError> {
    let known = cache.of(source.origin());
    if known.len() < WORTH_A_THREAD {
        return Ok((names_of(source, |_| true)?, Vec::new()));
    }
    let is_true = |hit: &Hit| {
        let identity = cache.id(*hit).map(|id| source.identity(&issue_file::file_name(id)));
        matches!(identity, Some(Ok(Some(identity))) if cache.is_true(*hit, &identity))
    };
    let (names, outlines, are_true) = std::thread::scope(|scope| {
        let are_true = scope.spawn(|| in_parts(&known, is_true));
        let names = names_of(source, |_| true)?;
        let outlines: Vec<_> = known.iter().map(|hit| cache.outline(*hit).map(Box::new)).collect();
        // What panicked is looked at again, as what changed is.
        Ok((names, outlines, are_true.join().unwrap_or_default()))
    })?;
    let hits = known.into_iter().zip(outlines).zip(are_true.into_iter().flatten());
    let hits = hits.filter_map(|((hit, outline), is_true)| Some((hit, outline.filter(|_| is_true)?)));
    // Both are by id.
    let (mut hits, mut recalled) = (hits.peekable(), Vec::with_capacity(names.issues.len()));
    for id in &names.issues {
        while hits.next_if(|(_, issue)| issue.id < *id).is_some() {}
        recalled.extend(hits.next_if(|(_, issue)| issue.id == *id));
    }
    Ok((names, recalled))
}

/// How an outline came to be known.
pub(crate) enum Known {
    Before(Hit),
    Now(Identity),
}

/// Nothing where the file is gone.
pub(crate) type Found = Result<Option<(Known, Box<Outline>)>, Problem>;

/// Looks at each, in their order, and in parts. Most of the time goes into asking for identities, and the
/// kernel answers several threads at once.
pub(crate) fn in_parts<T: Sync, R: Send>(all: &[T], look: impl Fn(&T) -> R + Sync) -> Vec<Vec<R>> {
    let look = |part: &[T]| -> Vec<R> { part.iter().map(&look).collect() };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    if threads == 1 || all.len() < WORTH_A_THREAD {
        return vec![look(all)];
    }
    let mut parts = all.chunks(all.len().div_ceil(threads));
    let first = parts.next().unwrap_or_default();
    std::thread::scope(|scope| {
        let look = &look;
        let others: Vec<_> = parts.map(|part| (part, scope.spawn(move || look(part)))).collect();
        let mut seen = vec![look(first)];
        // What panicked is done again here, where a panic is told.
        seen.extend(others.into_iter().map(|(part, other)| other.join().unwrap_or_else(|_| look(part))));
        seen
    })
}

/// So many files take longer than starting a thread.
const WORTH_A_THREAD: usize = 512;

/// What the file of an issue says, or a cache of it.
pub(crate) fn find(source: &dyn Source, id: IssueId, cache: &Cache) -> Found {
    let name = &issue_file::file_name(id);
    // Before the content: what is written in between has another identity the next time.
    let Some(identity) = source.identity(name)? else { return Ok(None) };
    if let Some((hit, outline)) = cache.get(source.origin(), id, &identity) {
        return Ok(Some((Known::Before(hit), Box::new(outline))));
    }
    let Some(text) = source.read(name)? else { return Ok(None) };
    let outline = Box::new(issue_file::parse(id, &text)?.outline());
    Ok(Some((Known::Now(identity), outline)))
}

pub(crate) fn broken(source: &dyn Source, name: &str, issue: Option<IssueId>, problem: Problem) -> FileError {
    FileError { file: source.place(name), issue, problem }
}
