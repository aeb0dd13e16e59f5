//! Commits that come to a repository together.

use std::collections::{HashMap, HashSet};

use crate::Carried;

/// A commit that was not there before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Its id, as Git writes it.
    pub commit: String,
    /// Those of its parents, whether they come too or not.
    pub parents: Vec<String>,
    /// The leases that it says it was made under.
    pub carried: Vec<Carried>,
}

/// The commits that are not, and that do not lead to, any of which `built` is true: whoever made
/// such a one had everything before it in hand.
pub fn not_built_on(arrivals: &[Arrival], built: impl Fn(&Arrival) -> bool) -> Vec<&Arrival> {
    let by_id: HashMap<&str, &Arrival> =
        arrivals.iter().map(|arrival| (arrival.commit.as_str(), arrival)).collect();
    let mut below: HashSet<&str> = HashSet::new();
    let mut next: Vec<&Arrival> = arrivals.iter().filter(|arrival| built(arrival)).collect();
    while let Some(arrival) = next.pop() {
        if below.insert(&arrival.commit) {
            next.extend(arrival.parents.iter().filter_map(|parent| by_id.get(parent.as_str())));
        }
    }
    arrivals.iter().filter(|arrival| !below.contains(arrival.commit.as_str())).collect()
}
