//! What is asked for together.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Pattern, Reference, References, Scope};

/// References and paths that are granted together or not at all: at least one of either.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Claim {
    references: Vec<Reference>,
    scope: Scope,
}

/// A claim as it is written.
#[derive(Serialize, Deserialize)]
struct Parts {
    issues: Vec<Reference>,
    #[serde(default, skip_serializing_if = "Scope::is_none")]
    scope: Scope,
}

/// A claim has to be of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("neither a reference nor a path is named")]
pub struct NothingNamed;

impl Claim {
    /// Of these references, each once, and these paths.
    ///
    /// # Errors
    /// When there are none of either.
    pub fn new(mut references: Vec<Reference>, scope: Scope) -> Result<Self, NothingNamed> {
        references.sort_unstable();
        references.dedup();
        if references.is_empty() && scope.is_none() {
            Err(NothingNamed)
        } else {
            Ok(Self { references, scope })
        }
    }

    /// Of one reference, and these paths.
    pub fn of(reference: Reference, scope: Scope) -> Self {
        Self { references: vec![reference], scope }
    }

    /// The references, sorted, each once.
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// The paths.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// What a lease, or somebody who waits for one, would keep from this claim.
    pub fn contested(&self, references: &[Reference], scope: &Scope) -> Vec<Item> {
        let both = self.references.iter().filter(|reference| references.contains(reference));
        both.cloned().map(Item::Reference).chain(overlap(&self.scope, scope)).collect()
    }
}

impl From<References> for Claim {
    fn from(references: References) -> Self {
        Self { references: references.to_vec(), scope: Scope::none() }
    }
}

impl TryFrom<Parts> for Claim {
    type Error = NothingNamed;

    fn try_from(parts: Parts) -> Result<Self, NothingNamed> {
        Self::new(parts.issues, parts.scope)
    }
}

impl From<Claim> for Parts {
    fn from(Claim { references, scope }: Claim) -> Self {
        Self { issues: references, scope }
    }
}

/// Something that was asked for and that something is in the way of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A reference.
    Reference(Reference),
    /// Paths that two scopes share.
    Paths {
        /// As asked for.
        wanted: Pattern,
        /// As somebody has it.
        held: Pattern,
    },
}

impl Item {
    /// The reference, if it is one.
    pub fn reference(&self) -> Option<&Reference> {
        match self {
            Self::Reference(reference) => Some(reference),
            Self::Paths { .. } => None,
        }
    }
}

/// Where one scope is in the way of another: for each pattern that is wanted, the first that holds
/// some of it.
pub(crate) fn overlap(wanted: &Scope, held: &Scope) -> Vec<Item> {
    let mut pairs = wanted.conflicts(held);
    pairs.dedup_by_key(|(wanted, _)| *wanted);
    pairs
        .into_iter()
        .map(|(wanted, held)| Item::Paths { wanted: wanted.clone(), held: held.clone() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_never_of_nothing() {
        assert_eq!(Claim::new(Vec::new(), Scope::none()), Err(NothingNamed));
        assert!(serde_json::from_str::<Claim>(r#"{"issues":[]}"#).is_err());
        let claim = Claim::new(
            vec!["name:b".parse().unwrap(), "name:a".parse().unwrap(), "name:b".parse().unwrap()],
            Scope::none(),
        );
        assert_eq!(serde_json::to_string(&claim.unwrap()).unwrap(), r#"{"issues":["name:a","name:b"]}"#);
    }
}
