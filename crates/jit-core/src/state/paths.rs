//! Which leases have which paths: patterns by the directory that they lead to.
//!
//! No path of a pattern is outside of its anchor. So two patterns share a path only if one's anchor
//! is the other's or above it: whoever looks for what a pattern may meet looks at its anchor, at
//! all above, and at what is below.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::{Case, LeaseId, Pattern, Scope};

/// The patterns of some leases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Paths(BTreeMap<String, BTreeSet<(LeaseId, Pattern)>>);

impl Paths {
    pub(super) fn insert(&mut self, id: LeaseId, scope: &Scope) {
        for pattern in scope.patterns() {
            if let Some(anchor) = pattern.directories().pop() {
                self.0.entry(anchor).or_default().insert((id, pattern.clone()));
            }
        }
    }

    pub(super) fn remove(&mut self, id: LeaseId, scope: &Scope) {
        for pattern in scope.patterns() {
            let Some(anchor) = pattern.directories().pop() else { continue };
            if let Some(there) = self.0.get_mut(&anchor) {
                there.remove(&(id, pattern.clone()));
                if there.is_empty() {
                    self.0.remove(&anchor);
                }
            }
        }
    }

    /// The leases with a path that this scope may have too, and perhaps some that differ from it in
    /// case alone.
    pub(super) fn over(&self, scope: &Scope) -> BTreeSet<LeaseId> {
        let mut over = BTreeSet::new();
        for pattern in scope.patterns() {
            let directories = pattern.directories();
            let Some(anchor) = directories.last() else { continue };
            let above = directories.iter().filter_map(|directory| self.0.get(directory));
            let below = format!("{anchor}/");
            let below = self.0.range::<String, _>((Bound::Included(&below), Bound::Unbounded));
            let below = below.take_while(|(directory, _)| directory.starts_with(&format!("{anchor}/")));
            for (id, other) in above.chain(below.map(|(_, there)| there)).flatten() {
                if other.overlaps(pattern, Case::Ignored) {
                    over.insert(*id);
                }
            }
        }
        over
    }
}
