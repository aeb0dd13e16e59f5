//! Ends that another source knows, and the nearest does not.

use std::fs;

use jit_tracker::issues::later_end;
use jit_tracker::{Dir, Issue, Issues, Listing, Origin, Source, State, issue_file};

use crate::support::{at, id, issue, no_cache};

fn written(n: u128, state: State, secs: u64) -> Issue {
    Issue { state, updated_at: at(secs), ..issue(n) }
}

/// Of each two states: an end counts where the other is none, and was not written before.
#[test]
fn an_end_counts_where_it_is_later() {
    let open = |state| matches!(state, State::Backlog | State::Ready);
    for here in State::ALL {
        for there in State::ALL {
            for (secs, later) in [(9, false), (10, true), (11, true)] {
                let counts = open(here) && !open(there) && later;
                let found = later_end(&written(1, here, 10), &written(1, there, secs));
                assert_eq!(found, counts.then_some(there), "{here} here, {there} there, {secs}");
            }
        }
    }
}

/// A listing has what is asked for ends say them of what a nearer source has, and of nothing else.
#[test]
fn a_listing_notes_ends() {
    let home = tempfile::tempdir().unwrap();
    let dir = |name: &str, origin, issues: &[Issue]| {
        let path = home.path().join(name);
        fs::create_dir(&path).unwrap();
        for issue in issues {
            fs::write(path.join(issue_file::file_name(issue.id)), issue_file::text(issue)).unwrap();
        }
        Dir::open(&path, origin).unwrap()
    };
    let near = dir("near", Origin::Worktree, &[1, 2, 3, 6, 7].map(|n| written(n, State::Ready, 10)));
    let main = dir("main", Origin::Main, &[written(4, State::Ready, 10)]);
    let ends = dir(
        "ends",
        Origin::Main,
        &[
            written(1, State::Done, 20),
            written(2, State::Done, 5),
            written(4, State::Done, 20),
            written(5, State::Done, 20),
            written(7, State::Ready, 20),
        ],
    );
    for deleted in [4, 6, 7, 8] {
        fs::write(home.path().join("ends").join(issue_file::deleted_name(id(deleted))), "").unwrap();
    }
    fs::write(home.path().join("ends").join(issue_file::file_name(id(3))), "{").unwrap();
    let all = Issues::new(vec![&near as &dyn Source, &main]).with_ends(vec![&ends]);
    let shown = |listing: &Listing| -> Vec<(String, Option<State>)> {
        assert!(listing.broken.is_empty(), "the issues are there without it");
        listing.issues.iter().map(|listed| (listed.issue.title.to_string(), listed.later)).collect()
    };
    let listed = |n: u128, later| (format!("issue {n}"), later);
    // The fourth is the main worktree's own: nobody is nearer to its files than itself.
    // The seventh is there, deleted or not.
    let expected = [
        listed(1, Some(State::Done)),
        listed(2, None),
        listed(3, None),
        listed(4, None),
        listed(6, Some(State::Rejected)),
        listed(7, None),
    ];
    let mut cache = no_cache();
    assert_eq!(shown(&all.list(&mut cache)), expected);
}
