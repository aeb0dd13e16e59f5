//! From what was typed to what it names. An abbreviation is resolved here or nowhere.

use jit_core::decide::Target;
use jit_core::{LeaseId, NoReference, Reference, ReferenceError, References, Spelled};

use crate::error::Failure;

/// A reference as typed, resolved.
pub(crate) fn reference(text: &str) -> Result<Reference, Failure> {
    match text.parse::<Spelled>() {
        Ok(Spelled::Name(name)) => Ok(Reference::Name(name)),
        // Issues and other sources need a tracker.
        Ok(Spelled::Issue(word)) => Err(Failure::no_such_issue(&word)),
        Ok(Spelled::Source { source, .. }) => Err(Failure::no_such_source(&source, text)),
        Err(error) => Err(malformed(&error)),
    }
}

/// References as typed.
pub(crate) fn references(texts: &[String]) -> Result<References, Failure> {
    let references: Vec<Reference> = texts.iter().map(|text| reference(text)).collect::<Result<_, _>>()?;
    references.try_into().map_err(|error: NoReference| Failure::usage(&error.to_string(), "jit claim --help"))
}

/// One reference, or a lease by its id.
pub(crate) fn target(text: &str) -> Result<Target, Failure> {
    targets(std::slice::from_ref(&text.to_owned()))
}

/// Several references, or one lease by its id.
pub(crate) fn targets(texts: &[String]) -> Result<Target, Failure> {
    match texts {
        [one] => match one.parse::<LeaseId>() {
            Ok(id) => Ok(Target::Lease(id)),
            Err(_) => Ok(Target::Issues(reference(one)?.into())),
        },
        several => Ok(Target::Issues(references(several)?)),
    }
}

fn malformed(error: &ReferenceError) -> Failure {
    Failure::usage(&error.to_string(), "")
}
