//! A set of a few things. Ten thousand issues have some each, and a tree of two labels takes as much
//! memory as all else that a list keeps of an issue.

use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize};

/// What is in it is sorted, each once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Set<T>(Box<[T]>);

impl<T: Ord> Set<T> {
    /// Takes away what does not fit.
    pub fn retain(&mut self, fits: impl FnMut(&T) -> bool) {
        let mut kept = std::mem::take(self).0.into_vec();
        kept.retain(fits);
        self.0 = kept.into();
    }
}

impl<T> Default for Set<T> {
    /// Empty.
    fn default() -> Self {
        Self(Box::default())
    }
}

impl<T> Deref for Set<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Ord> From<Vec<T>> for Set<T> {
    fn from(mut all: Vec<T>) -> Self {
        all.sort_unstable();
        all.dedup();
        Self(all.into())
    }
}

impl<T: Ord, const N: usize> From<[T; N]> for Set<T> {
    fn from(all: [T; N]) -> Self {
        Vec::from(all).into()
    }
}

impl<T: Ord> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(all: I) -> Self {
        all.into_iter().collect::<Vec<T>>().into()
    }
}

impl<T: Ord> Extend<T> for Set<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, more: I) {
        *self = std::mem::take(self).0.into_iter().chain(more).collect();
    }
}

impl<'a, T> IntoIterator for &'a Set<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'de, T: Ord + Deserialize<'de>> Deserialize<'de> for Set<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Vec::deserialize(from).map(Self::from)
    }
}
