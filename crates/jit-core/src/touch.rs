//! Who may touch a path: asked before an edit, at a commit, and by whoever plans.

use crate::claim::overlap;
use crate::decide::Wanted;
use crate::{Case, Holder, Item, Lease, LeaseId, Mode, Now, Pattern, Query, Scope, View};

/// What keeps somebody from touching paths. Nothing is taken.
#[derive(Clone, Debug)]
pub struct Touch {
    /// Who would touch them.
    pub actor: Holder,
    /// Which. Shared, where only those who want them alone would be in the way.
    pub paths: Scope,
    /// The lease that alone is asked about, if not all are.
    pub against: Option<LeaseId>,
}

/// What is in the way of touching paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// Others' leases that stand and cover some of the paths.
    pub held: Vec<Wanted<Lease>>,
    /// The paths that nobody else covers.
    pub free: Vec<Pattern>,
    /// The paths outside of what the actor's own leases cover, if these cover any paths at all.
    pub outside: Vec<Pattern>,
    /// When this was so.
    pub now: Now,
}

impl Query for Touch {
    type Answer = Touched;

    fn asks_much(&self) -> bool {
        self.paths.patterns().len() > Self::MANY
    }

    fn ask<V: View>(&self, view: &V, now: &Now) -> Result<Touched, V::Error> {
        let own: Vec<Scope> = view
            .held_by(&self.actor)?
            .into_iter()
            .filter(|lease| !lease.lapsed(&now.stamp) && !lease.scope.is_none())
            .map(|lease| lease.scope)
            .collect();
        let mut held = Vec::new();
        for lease in view.overlapping(&self.paths)? {
            let is_meant = self.against.is_none_or(|id| id == lease.id);
            if is_meant && !lease.lapsed(&now.stamp) && !lease.holder.acts_for(&self.actor) {
                let items = overlap(&self.paths, &lease.scope).into_iter();
                let items = items.filter(|item| !shares(&own, item, &lease.scope, self.paths.case()));
                held.extend(items.map(|item| Wanted { item, blocker: lease.clone() }));
            }
        }
        let taken = |path: &&Pattern| held.iter().any(|wanted| wants(&wanted.item, path));
        let covered = |path: &&Pattern| own.iter().any(|scope| scope.contains(path));
        let paths = self.paths.patterns().iter();
        let free = paths.clone().filter(|path| !taken(path)).cloned().collect();
        let outside = paths.filter(|path| !own.is_empty() && !covered(path)).cloned().collect();
        Ok(Touched { held, free, outside, now: *now })
    }
}

impl Touched {
    /// With exact paths as people write them.
    #[must_use]
    pub fn plain(mut self) -> Self {
        for wanted in &mut self.held {
            if let Item::Paths { wanted, .. } = &mut wanted.item {
                *wanted = wanted.plain();
            }
        }
        let all = self.free.iter_mut().chain(&mut self.outside);
        all.for_each(|path| *path = path.plain());
        self
    }
}

impl Touch {
    /// From so many paths on a backend had better be read whole.
    const MANY: usize = 16;
}

fn wants(item: &Item, path: &Pattern) -> bool {
    matches!(item, Item::Paths { wanted, .. } if wanted == path)
}

/// Whether the actor shares all of the path that the other has.
fn shares(own: &[Scope], item: &Item, other: &Scope, case: Case) -> bool {
    let Item::Paths { wanted, .. } = item else { return false };
    let shared = |scope: &&Scope| scope.mode() == Mode::Shared;
    let has = |path: &Pattern| own.iter().filter(shared).any(|scope| scope.contains(path));
    let alone = Scope::of_any_size(vec![wanted.clone()], Mode::Exclusive, case);
    shared(&other) && (has(wanted) || alone.overlaps(other).into_iter().all(|(_, held)| has(held)))
}
