//! What waits for what.

use jit_tracker::dependencies::{Graph, LinkError, pick_order};
use jit_tracker::{Issue, Outline, Priority};
use proptest::prelude::*;

use crate::support::{at, cases, id, issue};

/// Issues by number, each with those that it waits for.
fn waiting(issues: &[(u128, &[u128])]) -> Vec<Issue> {
    let made = issues
        .iter()
        .map(|(n, on)| Issue { dependencies: on.iter().map(|n| id(*n).into()).collect(), ..issue(*n) });
    made.collect()
}

#[test]
fn a_cycle_is_refused_and_shown_in_order() {
    let issues = waiting(&[(1, &[]), (2, &[1]), (3, &[2]), (4, &[])]);
    let graph = Graph::new(&issues);
    let link = |from: u128, on: u128| graph.link(&id(from).into_reference(), &id(on).into());
    assert_eq!(link(4, 3), Ok(()));
    assert_eq!(link(3, 1), Ok(()), "two ways are no cycle");
    let cycle = [1, 3, 2, 1].map(|n| id(n).into_reference()).to_vec();
    assert_eq!(link(1, 3), Err(LinkError::Cycle { cycle }));
    let itself = [1, 1].map(|n| id(n).into_reference()).to_vec();
    assert_eq!(link(1, 1), Err(LinkError::Cycle { cycle: itself }));
    assert_eq!(link(1, 9), Err(LinkError::Nothing { on: id(9).into() }));
    assert_eq!(graph.cycle(), None);
}

#[test]
fn what_merging_made_is_found() {
    let issues = waiting(&[(1, &[2]), (2, &[3, 9]), (3, &[1])]);
    let graph = Graph::new(&issues);
    assert_eq!(graph.cycle(), Some([1, 2, 3, 1].map(|n| id(n).into_reference()).to_vec()));
}

#[test]
fn long_chains_and_what_only_waits_for_a_cycle() {
    // Each waits for the next, to the last; then the last for the 9,000th.
    let mut issues: Vec<_> = (1..=10_000u128)
        .map(|n| Issue {
            dependencies: (n < 10_000).then(|| id(n + 1).into()).into_iter().collect(),
            ..issue(n)
        })
        .collect();
    assert_eq!(Graph::new(&issues).cycle(), None);
    let refused = Graph::new(&issues).link(&id(10_000).into_reference(), &id(1).into());
    assert!(matches!(refused, Err(LinkError::Cycle { cycle }) if cycle.len() == 10_001));
    issues[9_999].dependencies.extend([id(9_000).into()]);
    let cycle = Graph::new(&issues).cycle().unwrap();
    assert_eq!(
        (cycle.len(), cycle.first(), cycle.last()),
        (1_002, Some(&id(9_000).into_reference()), cycle.first())
    );
}

#[test]
fn the_urgent_come_first_then_the_old() {
    let table =
        [(1, Priority::Low, 1), (2, Priority::High, 9), (3, Priority::High, 5), (4, Priority::High, 5)];
    let mut issues: Vec<Outline> = table
        .into_iter()
        .map(|(n, priority, secs)| Issue { priority, created_at: at(secs), ..issue(n) }.outline())
        .collect();
    issues.sort_by_key(pick_order);
    assert_eq!(issues.iter().map(|issue| issue.id).collect::<Vec<_>>(), [3, 4, 2, 1].map(id));
}

#[test]
fn work_about_work_is_told_apart() {
    let titled = |title: &str| Issue { title: title.parse().unwrap(), ..issue(1) };
    assert!(titled("[META] all of it").is_meta());
    assert!(!titled("about [META]").is_meta());
    assert!(Issue { labels: ["meta".parse().unwrap()].into(), ..issue(1) }.is_meta());
}

trait IntoReference {
    fn into_reference(self) -> jit_core::Reference;
}

impl IntoReference for jit_core::IssueId {
    fn into_reference(self) -> jit_core::Reference {
        jit_core::Reference::Issue(self)
    }
}

proptest! {
    #![proptest_config(cases(300))]

    /// Links that are allowed one after the other never make a cycle, and one that is refused
    /// would have.
    #[test]
    fn allowed_links_make_no_cycle(links in proptest::collection::vec((1..7u128, 1..7u128), 0..30)) {
        let mut issues: Vec<_> = (1..7).map(issue).collect();
        for (from, on) in links {
            let allowed = Graph::new(&issues).link(&id(from).into_reference(), &id(on).into());
            let mut linked = issues.clone();
            linked[from as usize - 1].dependencies.extend([id(on).into()]);
            prop_assert_eq!(allowed.is_ok(), Graph::new(&linked).cycle().is_none());
            if let Err(LinkError::Cycle { cycle }) = &allowed {
                prop_assert_eq!(cycle.first(), cycle.last());
                for pair in cycle.windows(2) {
                    let waits = linked.iter().find(|issue| issue.reference() == pair[0]).unwrap();
                    prop_assert!(waits.dependencies.iter().any(|on| *on.reference() == pair[1]));
                }
            }
            if allowed.is_ok() {
                issues = linked;
            }
        }
    }
}
