//! Which passes of gates count.

use jit_core::{LeaseId, Ttl};
use jit_tracker::gates::{Check, Gate, Gates};
use jit_tracker::{GateName, GateResult, PassedAs, Work};
use uuid::Uuid;

use crate::support::{at, failed, issue, passed, passed_for};

fn command(text: &str) -> Check {
    Check::Command { command: text.parse().unwrap(), timeout: Ttl::MIN }
}

fn passed_as(check: &Check) -> GateResult {
    let by = "agent:ann".parse().unwrap();
    GateResult::Passed { by, at: at(1), lease: None, passed_as: Some(check.passed_as()) }
}

#[test]
fn how_a_gate_was_passed_is_one_word() {
    let said = command("true").passed_as();
    assert_eq!(said.to_string(), "sha256:b5bea41b6c623f7c09f1bf24dcae58ebab3c0cdd90ad966bc43a45b44867e12b");
    for passed_as in [said, PassedAs::Manual] {
        assert_eq!(passed_as.to_string().parse(), Ok(passed_as));
    }
    let hash = said.to_string();
    for bad in ["", "hand", "sha256:", "sha256:b5", &hash.to_uppercase(), &hash.replace("b5b", "+5b")] {
        assert!(bad.parse::<PassedAs>().is_err(), "{bad}");
    }
}

/// Of each work, what counts: under its lease, as it is defined; where it is done, as it is defined,
/// or as a file says that does not say how.
#[test]
fn what_passes_which_work() {
    let name: GateName = "g".parse().unwrap();
    let one = Work::Under(LeaseId::new(Uuid::from_u128(1)));
    let manual = Some(Check::Manual);
    for (work, result, defined, counts) in [
        (Work::None, passed_for(1, None), &manual, false),
        (Work::None, passed(1), &manual, false),
        (one, passed_for(1, Some(1)), &manual, true),
        (one, passed_for(1, Some(2)), &manual, false),
        (one, passed_for(1, None), &manual, false),
        (one, passed(1), &manual, false),
        (one, passed_for(1, Some(1)), &Some(command("true")), false),
        (one, passed_for(1, Some(1)), &None, false),
        (Work::Done, passed_for(1, None), &manual, true),
        (Work::Done, passed_for(1, Some(2)), &manual, true),
        (Work::Done, passed(1), &manual, true),
        (Work::Done, passed_as(&command("true")), &Some(command("true")), true),
        (Work::Done, passed_as(&command("true")), &Some(command("true ")), false),
        (Work::Done, passed_for(1, None), &None, false),
    ] {
        let gate = |check: &Check| (name.clone(), Gate { check: check.clone(), description: None });
        let gates: Gates = defined.iter().map(gate).collect();
        let mut issue = issue(1);
        issue.gates = [(name.clone(), result.clone())].into();
        let opened = issue.open_unless_passed_for(work, &gates);
        assert_eq!(opened.is_empty(), counts, "{work:?} {result:?} {defined:?}");
        assert_eq!(issue.gates[&name], if counts { result } else { GateResult::Open });
    }
    // What failed stays said.
    let mut issue = issue(1);
    issue.gates = [(name.clone(), failed(1))].into();
    assert!(issue.open_unless_passed_for(Work::None, &Gates::new()).is_empty());
    assert_eq!(issue.gates[&name], failed(1));
}
