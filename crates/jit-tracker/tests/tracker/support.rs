//! Short names for values that tests need.

use jit_core::{IssueId, LeaseId, WallTime};
use jit_tracker::{Cache, GateResult, Issue, PassedAs, Priority, SchemaVersion, State};
use proptest::prelude::ProptestConfig;
use uuid::Uuid;

/// So many random cases; what fails is printed, and no file is left behind.
pub fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// The `n`-th id: `00000000-0000-4000-8000-00000000000n`.
pub fn id(n: u128) -> IssueId {
    IssueId::new(Uuid::from_u128(0x4000_8000_0000_0000_0000 + n))
}

/// So many seconds after a fixed time.
pub fn at(secs: u64) -> WallTime {
    "2026-11-21T05:00:00Z".parse::<WallTime>().unwrap().plus_secs(secs)
}

/// A cache that knows nothing.
pub fn no_cache() -> Cache {
    Cache::new(Vec::new(), at(0))
}

/// A ready issue of that number, made at that second.
pub fn issue(n: u128) -> Issue {
    Issue {
        schema_version: SchemaVersion,
        id: id(n),
        title: format!("issue {n}").parse().unwrap(),
        state: State::Ready,
        priority: Priority::Normal,
        labels: Default::default(),
        assignee: None,
        dependencies: Default::default(),
        gates: Default::default(),
        created_at: at(n as u64),
        updated_at: at(n as u64),
        description: Default::default(),
    }
}

pub fn passed(secs: u64) -> GateResult {
    GateResult::Passed { by: "agent:ann".parse().unwrap(), at: at(secs), lease: None, passed_as: None }
}

/// Passed under a lease, or when the work was done.
pub fn passed_for(secs: u64, under: Option<u128>) -> GateResult {
    GateResult::Passed {
        by: "agent:ann".parse().unwrap(),
        at: at(secs),
        lease: under.map(|n| LeaseId::new(Uuid::from_u128(n))),
        passed_as: Some(PassedAs::Manual),
    }
}

pub fn failed(secs: u64) -> GateResult {
    GateResult::Failed {
        by: "ci:build".parse().unwrap(),
        at: at(secs),
        note: Some("2 tests fail".parse().unwrap()),
    }
}

/// An issue with something in every field.
pub fn full(n: u128) -> Issue {
    Issue {
        priority: Priority::High,
        labels: ["ui", "needs review"].map(|label| label.parse().unwrap()).into(),
        assignee: Some("ann".parse().unwrap()),
        dependencies: [id(90).into(), id(91).into()].into(),
        gates: [
            ("lint".parse().unwrap(), failed(7)),
            ("review".parse().unwrap(), GateResult::Open),
            ("tests".parse().unwrap(), passed(8)),
        ]
        .into(),
        description: "# Why\n\nBecause \"so\".\n".parse().unwrap(),
        ..issue(n)
    }
}
