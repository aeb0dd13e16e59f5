//! Statistics for people.

use std::time::Duration;

use jit_core::{Reference, Stats, Tally, Times, span};

use super::columns;
use super::issues::short;

/// How many of the issues get a line, those with the most claims and refusals first.
const MOST_ISSUES: usize = 20;

/// In all, by agent and by what was claimed.
pub(super) fn tables(stats: &Stats) -> String {
    let mut rows = vec![HEAD.map(String::from).to_vec(), row("all", &stats.total)];
    rows.extend(stats.agents.iter().map(|(agent, tally)| row(&agent.to_string(), tally)));
    let mut issues: Vec<(&Reference, &Tally)> = stats.issues.iter().collect();
    issues.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.claims + refused(tally)));
    rows.extend(issues.iter().take(MOST_ISSUES).map(|(issue, tally)| row(&short(issue), tally)));
    let mut text = columns(rows);
    if let Some(more) = issues.len().checked_sub(MOST_ISSUES).filter(|more| *more > 0) {
        text.push_str(&format!("… and {more} more (--json has each)\n"));
    }
    if !stats.total.refusals.is_empty() {
        let why = stats.total.refusals.iter().map(|(code, count)| format!("{code} {count}"));
        text.push_str(&format!("refused: {}\n", why.collect::<Vec<_>>().join(", ")));
    }
    text
}

const HEAD: [&str; 9] = [
    "WHO, WHAT",
    "CLAIMS",
    "REFUSED",
    "DONE",
    "FAILED",
    "LAPSED",
    "EVICTED",
    "WAITED 50/90/99%",
    "HELD 50/90/99%",
];

fn row(of: &str, tally: &Tally) -> Vec<String> {
    let done = tally.attempts.get("done").copied().unwrap_or(0);
    let counts = [tally.claims, refused(tally), done, tally.failures, tally.lapses, tally.forced];
    let times = [times(&tally.waiting), times(&tally.holding)];
    std::iter::once(of.to_owned()).chain(counts.map(|count| count.to_string())).chain(times).collect()
}

fn refused(tally: &Tally) -> u64 {
    tally.refusals.values().sum()
}

fn times(times: &Times) -> String {
    let shown = [50, 90, 99].map(|percent| times.percentile_ms(percent).map(time));
    match shown {
        [Some(median), Some(ninety), Some(most)] => format!("{median} / {ninety} / {most}"),
        _ => "-".into(),
    }
}

fn time(ms: u64) -> String {
    if ms < 10_000 { format!("{ms}ms") } else { span(Duration::from_millis(ms)) }
}
