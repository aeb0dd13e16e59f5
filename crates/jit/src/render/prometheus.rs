//! Statistics in Prometheus' text format.
//!
//! What is counted from notes may shrink when old ones are dropped; a reader takes that for a
//! restart of the counter, as it does with any.

use jit_core::{Stats, Tally, Times};

/// One kind of thing that is counted, by a label of its own.
struct By<'s> {
    /// What the metrics' names begin with.
    prefix: &'static str,
    label: &'static str,
    tallies: Vec<(String, &'s Tally)>,
}

/// A counter: its name, what it means, and its value, or its values by a further label.
type Counter = (&'static str, &'static str, fn(&Tally) -> Vec<(String, u64)>);

const COUNTERS: [Counter; 6] = [
    ("claims", "Leases that were granted.", |tally| plain(tally.claims)),
    ("refusals", "Requests that were refused, by why; only recent ones are known.", |tally| {
        labelled("reason", tally.refusals.iter())
    }),
    ("lapses", "Leases that lapsed.", |tally| plain(tally.lapses)),
    ("evictions", "Leases that others ended.", |tally| plain(tally.forced)),
    ("attempts", "What releases said of the work.", |tally| labelled("outcome", tally.attempts.iter())),
    ("failures", "Attempts that count as failures.", |tally| plain(tally.failures)),
];

/// Times: their name, what they mean, and where they are.
type Summary = (&'static str, &'static str, fn(&Tally) -> &Times);

const TIMES: [Summary; 2] = [
    ("waiting", "How long leases were waited for; only recent waits are known.", |tally| &tally.waiting),
    ("holding", "How long leases were held.", |tally| &tally.holding),
];

/// All that is counted, by agent and by what was claimed.
pub(super) fn exposition(stats: &Stats) -> String {
    let agents = stats.agents.iter().map(|(agent, tally)| (agent.to_string(), tally)).collect();
    let issues = stats.issues.iter().map(|(issue, tally)| (issue.to_string(), tally)).collect();
    let all = [
        By { prefix: "jit_agent", label: "agent", tallies: agents },
        By { prefix: "jit_issue", label: "issue", tallies: issues },
    ];
    all.iter().map(exposed).collect()
}

fn exposed(by: &By<'_>) -> String {
    let mut text = String::new();
    let own = |of: &str| format!("{}={}", by.label, label(of));
    for (what, help, values) in COUNTERS {
        let name = format!("{}_{what}_total", by.prefix);
        text += &format!("# HELP {name} {help}\n# TYPE {name} counter\n");
        for (of, tally) in &by.tallies {
            for (more, value) in values(tally) {
                text += &format!("{name}{{{}{more}}} {value}\n", own(of));
            }
        }
    }
    for (what, help, times) in TIMES {
        let name = format!("{}_{what}_seconds", by.prefix);
        text += &format!("# HELP {name} {help}\n# TYPE {name} summary\n");
        for (of, times) in by.tallies.iter().map(|(of, tally)| (of, times(tally))) {
            for (quantile, percent) in [("0.5", 50), ("0.9", 90), ("0.99", 99)] {
                if let Some(ms) = times.percentile_ms(percent) {
                    text += &format!("{name}{{{},quantile=\"{quantile}\"}} {}\n", own(of), seconds(ms));
                }
            }
            text += &format!("{name}_sum{{{}}} {}\n", own(of), seconds(times.sum_ms()));
            text += &format!("{name}_count{{{}}} {}\n", own(of), times.count());
        }
    }
    text
}

fn plain(value: u64) -> Vec<(String, u64)> {
    vec![(String::new(), value)]
}

fn labelled<'t>(name: &str, values: impl Iterator<Item = (impl AsRef<str>, &'t u64)>) -> Vec<(String, u64)> {
    values.map(|(value, count)| (format!(",{name}={}", label(value.as_ref())), *count)).collect()
}

/// A label's value, in quotes.
fn label(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n"))
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}
