//! Statistics for programs.

use jit_core::{Stats, Tally, Times};
use serde_json::{Value, json};

/// In all, by agent and by what was claimed.
pub(super) fn stats(stats: &Stats) -> Value {
    let under = |name: &str, of: Value, counted: &Tally| {
        let mut shown = tally(counted);
        shown[name] = of;
        shown
    };
    json!({
        "total": tally(&stats.total),
        "agents": stats.agents.iter().map(|(agent, of)| under("agent", json!(agent), of)).collect::<Vec<_>>(),
        "issues": stats.issues.iter().map(|(issue, of)| under("reference", json!(issue), of)).collect::<Vec<_>>(),
    })
}

fn tally(tally: &Tally) -> Value {
    json!({
        "claims": tally.claims,
        "refusals": tally.refusals,
        "lapses": tally.lapses,
        "evictions": tally.forced,
        "attempts": tally.attempts,
        "failures": tally.failures,
        "waiting": times(&tally.waiting),
        "holding": times(&tally.holding),
    })
}

fn times(times: &Times) -> Value {
    json!({
        "count": times.count(),
        "sum_ms": times.sum_ms(),
        "median_ms": times.percentile_ms(50),
        "p90_ms": times.percentile_ms(90),
        "p99_ms": times.percentile_ms(99),
    })
}
