//! Merging by fields what Git merged by lines.

use jit_tracker::{FilesMerged, Issue, issue_file, merge_files, rejoined, side_by_side};

use crate::support::issue;

fn with(change: impl Fn(&mut Issue)) -> Issue {
    let mut issue = issue(1);
    change(&mut issue);
    issue
}

/// A file that Git left in conflict is merged by its fields, and one that somebody has begun to
/// solve, that has no conflict, or that no merge of fields makes another one, is left alone.
#[test]
fn what_git_merged_by_lines_is_merged_again() {
    let of = |change: fn(&mut Issue)| issue_file::text(&with(change));
    let label = |issue: &mut Issue, label: &str| issue.labels.extend([label.parse().unwrap()]);
    let base = of(|_| {});
    let ours = issue_file::text(&with(|issue| label(issue, "ours")));
    let theirs = issue_file::text(&with(|issue| label(issue, "theirs")));
    let marked = side_by_side(ours.as_bytes(), theirs.as_bytes());
    let again = |file: &[u8], ours: &str| rejoined(file, [&base, ours, &theirs].map(str::as_bytes));
    let both = issue_file::text(&with(|issue| {
        label(issue, "ours");
        label(issue, "theirs");
    }));
    assert_eq!(again(&marked, &ours).as_deref(), Some(both.as_bytes()));
    assert_eq!(again(ours.as_bytes(), &ours), None, "no conflict");
    let begun = String::from_utf8(marked.clone()).unwrap().replace("\"ours\"", "\"mine\"");
    assert_eq!(again(begun.as_bytes(), &ours), None, "somebody has begun");
    assert_eq!(again(&marked, "{"), None, "a side is no issue");
    let title = |title: &str| issue_file::text(&with(|issue| issue.title = title.parse().unwrap()));
    let (one, two) = (title("one"), title("two"));
    let versions = [&base, &one, &two].map(|text| text.as_bytes());
    let FilesMerged::Conflict { text, .. } = merge_files(versions[0], versions[1], versions[2]) else {
        panic!("no conflict")
    };
    assert_eq!(rejoined(&side_by_side(versions[1], versions[2]), versions), Some(text.clone()));
    assert_eq!(rejoined(&text, versions), None, "nothing is won");
}

/// Of two conflicts, one was solved by taking a side: that choice stays, whichever side it was.
#[test]
fn a_side_that_was_taken_stays() {
    let versions = ["base", "ours", "theirs"].map(|word| {
        issue_file::text(&with(|issue| {
            issue.title = word.parse().unwrap();
            issue.assignee = Some(word.parse().unwrap());
        }))
    });
    let [_, ours, theirs] = &versions;
    // As Git leaves it, but for the title, if one was chosen.
    let left = |title: Option<&str>| {
        let each = ours.lines().zip(theirs.lines()).map(|(our, their)| match title {
            _ if our == their => format!("{our}\n"),
            Some(taken) if our.contains("title") => format!("{}\n", our.replace("ours", taken)),
            _ => format!("<<<<<<< ours\n{our}\n=======\n{their}\n>>>>>>> theirs\n"),
        });
        each.collect::<String>()
    };
    let rejoined = |file: String| rejoined(file.as_bytes(), versions.each_ref().map(|text| text.as_bytes()));
    assert_eq!(rejoined(left(Some("ours"))), None);
    assert_eq!(rejoined(left(Some("theirs"))), None);
    let others = left(None).replace("<<<<<<< ours", "<<<<<<< HEAD");
    assert!(rejoined(others).is_some(), "nobody has chosen");
}
