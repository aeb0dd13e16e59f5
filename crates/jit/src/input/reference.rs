//! From what was typed to what it names. An abbreviation is resolved here or nowhere.

use std::cell::OnceCell;

use jit_core::decide::Target;
use jit_core::{
    Claim, IssueId, Lease, LeaseId, NoReference, Reference, ReferenceError, References, Scope, Spelled,
};

use crate::commands::claim::list::Live;
use crate::error::{Code, Failure};
use crate::issues::tracker::Tracker;
use crate::world::World;

/// What words are resolved against. The issues are looked up once for all of them, and not at all
/// for things, which are no issues.
struct Resolver<'w> {
    world: &'w World<'w>,
    tracker: OnceCell<Tracker<'w>>,
}

impl<'w> Resolver<'w> {
    fn of(world: &'w World<'w>) -> Self {
        Self { world, tracker: OnceCell::new() }
    }

    fn issue(&self, word: &str) -> Result<IssueId, Failure> {
        match self.tracker.get() {
            Some(tracker) => tracker.resolve(word),
            None => {
                let tracker = Tracker::around(self.world)?;
                self.tracker.get_or_init(|| tracker).resolve(word)
            }
        }
    }

    /// A reference as typed, resolved.
    fn reference(&self, text: &str) -> Result<Reference, Failure> {
        match text.parse::<Spelled>() {
            Ok(Spelled::Name(name)) => Ok(Reference::Name(name)),
            Ok(Spelled::Issue(word)) => match self.issue(&word) {
                Err(failure) if failure.code == Code::IssueNotFound => {
                    let (leases, _) = self.world.read(&Live)?;
                    held(&leases, &word)?.map(Reference::Issue).ok_or_else(|| match of_paths(&leases, text) {
                        Some(lease) => failure.by_its_id(lease),
                        None => failure.or_a_name(&word),
                    })
                }
                found => found.map(Reference::Issue),
            },
            Ok(Spelled::Source { source, .. }) => Err(Failure::no_such_source(&source, text)),
            Err(error) => Err(malformed(&error)),
        }
    }

    fn all(&self, texts: &[String]) -> Result<Vec<Reference>, Failure> {
        texts.iter().map(|text| self.reference(text)).collect()
    }

    fn references(&self, texts: &[String]) -> Result<References, Failure> {
        self.all(texts)?
            .try_into()
            .map_err(|error: NoReference| Failure::usage(&error.to_string(), "jit claim --help"))
    }
}

/// A local issue's id or the beginning of one, as typed.
pub(crate) fn issue(world: &World<'_>, word: &str) -> Result<IssueId, Failure> {
    Tracker::around(world)?.resolve(word)
}

/// An issue that somebody holds, by its id or the beginning of it. Its file may be out of sight: on
/// a branch that is checked out no more, say.
fn held(leases: &[Lease], word: &str) -> Result<Option<IssueId>, Failure> {
    let mut ids: Vec<IssueId> = leases
        .iter()
        .flat_map(|lease| &lease.issues)
        .filter_map(Reference::issue)
        .filter(|id| id.to_string().starts_with(&word.to_ascii_lowercase()))
        .collect();
    ids.dedup();
    match ids[..] {
        [] => Ok(None),
        [id] => Ok(Some(id)),
        _ => Err(Failure::ambiguous(word, &ids)),
    }
}

/// The lease of paths alone that is listed as one of them.
fn of_paths<'l>(leases: &'l [Lease], text: &str) -> Option<&'l Lease> {
    let is_listed = |lease: &&Lease| {
        lease.issues.is_empty() && lease.scope.patterns().iter().any(|path| path.to_string() == text)
    };
    leases.iter().find(is_listed)
}

/// References as typed.
pub(crate) fn references(world: &World<'_>, texts: &[String]) -> Result<References, Failure> {
    Resolver::of(world).references(texts)
}

/// References as typed, and paths: not none of either.
pub(crate) fn claim(world: &World<'_>, texts: &[String], scope: Scope) -> Result<Claim, Failure> {
    let named = Resolver::of(world).all(texts)?;
    Claim::new(named, scope).map_err(|error| Failure::usage(&error.to_string(), ""))
}

/// One reference, or a lease by its id.
pub(crate) fn target(world: &World<'_>, text: &str) -> Result<Target, Failure> {
    targets(world, std::slice::from_ref(&text.to_owned()))
}

/// Several references, or one lease by its id. An issue's id is told from a lease's by its file.
pub(crate) fn targets(world: &World<'_>, texts: &[String]) -> Result<Target, Failure> {
    let resolver = Resolver::of(world);
    match texts {
        [one] => match (one.parse::<LeaseId>(), one.parse::<IssueId>()) {
            (Ok(lease), Ok(issue)) => Ok(match Tracker::around(world)?.has_file(issue) {
                true => Target::Issues(Reference::Issue(issue).into()),
                false => Target::Lease(lease),
            }),
            _ => Ok(Target::Issues(resolver.reference(one)?.into())),
        },
        several => match several
            .iter()
            .find(|text| text.parse::<LeaseId>().is_ok() && resolver.reference(text).is_err())
        {
            Some(lease) => Err(Failure::lease_among_others(lease)),
            None => Ok(Target::Issues(resolver.references(several)?)),
        },
    }
}

fn malformed(error: &ReferenceError) -> Failure {
    Failure::usage(&error.to_string(), "")
}
