//! References that are named together.

use std::ops::Deref;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Reference;

/// What a request names: at least one reference, sorted, each once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Reference>")]
pub struct References(Vec<Reference>);

/// A request has to name something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no reference is named")]
pub struct NoReference;

impl TryFrom<Vec<Reference>> for References {
    type Error = NoReference;

    fn try_from(mut references: Vec<Reference>) -> Result<Self, NoReference> {
        references.sort_unstable();
        references.dedup();
        if references.is_empty() { Err(NoReference) } else { Ok(Self(references)) }
    }
}

impl From<Reference> for References {
    fn from(reference: Reference) -> Self {
        Self(vec![reference])
    }
}

impl Deref for References {
    type Target = [Reference];

    fn deref(&self) -> &[Reference] {
        &self.0
    }
}

impl<'a> IntoIterator for &'a References {
    type Item = &'a Reference;
    type IntoIter = std::slice::Iter<'a, Reference>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_sorted_each_once_and_never_none() {
        let named = |texts: &[&str]| {
            References::try_from(texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<_>>())
        };
        assert_eq!(named(&["name:b", "name:a", "name:b"]), named(&["name:a", "name:b"]));
        assert_eq!(named(&[]), Err(NoReference));
        assert!(serde_json::from_str::<References>("[]").is_err());
    }
}
