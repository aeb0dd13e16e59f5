//! Which issues may be claimed, how they end, and what their failures come to (section 6).

#![allow(clippy::unwrap_used)]

mod common;

use common::{World, holder, lease_id, of, secret, short, thing, things, ttl, waiter};
use jit_core::decide::{
    Acquire, Assign, Attempted, Bar, Barred, Candidate, Change, Close, Concluded, Distribute, Ending, Next,
    Release, Reopen, ResetFailures, Settle, Terms, WaitsFor,
};
use jit_core::{
    Attempt, Dependencies, Enforcement, Filed, FiledGates, Gate, Lease, Operation, Outcome, Reference,
    Refusal, Round, Scope, Task,
};

fn reason() -> Task {
    "tests fail".parse().unwrap()
}

fn candidates(names: &str) -> Vec<Candidate> {
    let ready = |reference| Candidate { ready: true, ..Candidate::from(reference) };
    things(names).into_iter().map(ready).collect()
}

fn next(world: &mut World, actor: &str, names: &str, count: u64) -> Result<String, Refusal> {
    let first = 1000 * (world.log.len() as u64);
    let request = Next {
        candidates: candidates(names),
        minted: (first..first + count).map(|n| (lease_id(n), secret(n).hash())).collect(),
        all_or_nothing: false,
        scope: Scope::none(),
        terms: Terms { ttl: Some(ttl(60)), ..Terms::default() },
    };
    world.ask(actor, &request).map(|leases| picked(&leases))
}

fn picked(leases: &[Lease]) -> String {
    leases.iter().flat_map(|lease| &lease.issues).map(short).collect::<Vec<_>>().join(" ")
}

fn end(world: &mut World, actor: &str, names: &str, attempt: Attempt) {
    let attempted = Attempted { attempt, ..Attempted::default() };
    world.ask(actor, &Release { target: of(names), attempted }).unwrap();
}

/// What bars the acquisition of these, as `#1:done`.
fn barred(answer: Result<Lease, Refusal>) -> String {
    let Err(Refusal::Barred(barred)) = answer else { panic!("{answer:?}") };
    let each = barred.iter().map(|Barred { reference, bar }| {
        let why = match bar {
            Bar::Ended(outcome) => outcome.name().to_owned(),
            Bar::Deleted => "deleted".to_owned(),
            Bar::Quarantined { failures, .. } => format!("{failures} failures"),
            Bar::Blocked(by) => format!("waits for {}", by.iter().map(short).collect::<Vec<_>>().join(" ")),
            Bar::Assigned(agent) => agent.to_string(),
        };
        format!("{}:{why}", short(reference))
    });
    each.collect::<Vec<_>>().join(", ")
}

/// N askers get different ones, in the order of preference; with nothing left they are told so.
#[test]
fn each_asker_gets_the_next_one() {
    let mut world = World::new();
    let got: Vec<_> =
        ["a", "b", "a", "c"].iter().map(|actor| next(&mut world, actor, "#1 #2 #3", 1).ok()).collect();
    assert_eq!(got, [Some("#1".into()), Some("#2".into()), Some("#3".into()), None]);
    assert_eq!(next(&mut world, "c", "#1 #2 #3", 1), Err(Refusal::NothingToClaim { free: 0, wanted: 1 }));
    world.pass(60);
    assert_eq!(next(&mut world, "c", "#1 #2 #3", 2), Ok("#1 #2".into()), "up to so many, of what lapsed");
}

/// Several are leases of their own, in one append; all or nothing takes none where there are fewer.
#[test]
fn several_at_once() {
    let mut world = World::new();
    world.acquire("b", "#2").unwrap();
    let mut request = Next {
        candidates: candidates("#1 #2 #3"),
        minted: (5..8).map(|n| (lease_id(n), secret(n).hash())).collect(),
        all_or_nothing: true,
        scope: Scope::none(),
        terms: Terms::default(),
    };
    assert_eq!(world.ask("a", &request), Err(Refusal::NothingToClaim { free: 2, wanted: 3 }));
    assert_eq!(world.appended(), [""; 0]);
    request.minted.pop();
    let leases = world.ask("a", &request).unwrap();
    assert_eq!(picked(&leases), "#1 #3");
    assert!(leases[0].fence < leases[1].fence);
    assert_eq!(world.appended(), ["acquire", "acquire"]);
}

/// What `next` passes over: held, awaited, ended, quarantined, blocked, assigned to another.
#[test]
fn what_is_passed_over() {
    let mut world = World::new();
    world.policy.max_failures = 1;
    world.acquire("b", "#1").unwrap();
    world.waiting = vec![waiter(1, "b", "#2")];
    world.acquire("b", "#3").unwrap();
    end(&mut world, "b", "#3", Attempt::Done);
    world.acquire("b", "#4").unwrap();
    end(&mut world, "b", "#4", Attempt::Failed(reason()));
    world.ask("b", &Assign { candidates: candidates("#5"), to: Some(holder("b").agent) }).unwrap();
    world.ask("b", &Close { issue: thing("#6"), ending: Ending::Rejected }).unwrap();
    let all = "#1 #2 #3 #4 #5 #6 #7";
    assert_eq!(next(&mut world.clone(), "a", all, 9), Ok("#7".into()));
    assert_eq!(next(&mut world, "b/sub", all, 9), Ok("#5 #7".into()), "an agent's are its sub-agents'");
}

/// What is not ready, or is about other issues, is claimed by those only who name it.
#[test]
fn only_work_that_is_ready_is_picked_or_shared_out() {
    let mut world = World::new();
    let all = vec![
        Candidate { ready: false, ..candidates("#1").remove(0) },
        Candidate { meta: true, ..candidates("#2").remove(0) },
        candidates("#3").remove(0),
    ];
    let agents = vec![holder("b").agent];
    let shares = world.ask("x", &Distribute { candidates: all.clone(), agents, most_each: None }).unwrap();
    assert_eq!(shares[0].issues, things("#3"));
    let minted = (1..4).map(|n| (lease_id(n), secret(n).hash())).collect();
    let request = Next {
        candidates: all,
        minted,
        all_or_nothing: false,
        scope: Scope::none(),
        terms: Terms::default(),
    };
    assert_eq!(picked(&world.ask("b", &request).unwrap()), "#3");
    world.ask("a", &Acquire { id: lease_id(9), ..world.clone().acquisition("#1 #2") }).unwrap();
}

/// Whatever ends an issue ends its reservation.
#[test]
fn what_ended_is_reserved_for_nobody() {
    for ending in [Ending::Rejected, Ending::Deleted] {
        let mut world = World::new();
        world.ask("a", &Assign { candidates: candidates("#1"), to: Some(holder("b").agent) }).unwrap();
        world.ask("a", &Close { issue: thing("#1"), ending }).unwrap();
        let facts = world.facts(&thing("#1"));
        assert!(facts.outcome.is_some() && facts.assigned.is_none(), "{facts:?}");
    }
}

/// What a file says counts as much as the log; a dependency is met by the asker's files, or by
/// the log where the policy says so.
#[test]
fn files_and_the_log_both_count() {
    let mut world = World::new();
    world.acquire("b", "#1").unwrap();
    end(&mut world, "b", "#1", Attempt::Done);
    // A file of now says that `#8` is done.
    let filed_at = world.now.wall;
    let done_at = |on: &Reference| (*on == thing("#8")).then_some(filed_at);
    let waiting = |names: &str| -> Vec<_> {
        things(names).into_iter().map(|on| WaitsFor { done_at: done_at(&on), on }).collect()
    };
    let filed = |ended, waits_for: &str| Acquire {
        filed: vec![Candidate {
            filed: Filed::from(ended),
            waits_for: waiting(waits_for),
            ..thing("#9").into()
        }],
        ..World::new().acquisition("#9")
    };
    let ask = |world: &World, request: &Acquire| world.clone().ask("a", request);
    assert_eq!(barred(ask(&world, &filed(Some(Outcome::Rejected), ""))), "#9:rejected");
    assert_eq!(barred(ask(&world, &filed(None, "#1 #2"))), "#9:waits for #1 #2");
    assert!(ask(&world, &filed(None, "")).is_ok());
    assert!(ask(&world, &filed(None, "#8")).is_ok());
    // A file from before it was last said to be open is met by nothing but another.
    let mut again = world.clone();
    again.ask("c", &Reopen { issue: thing("#8"), filed: true }).unwrap();
    assert_eq!(barred(ask(&again, &filed(None, "#8"))), "#9:waits for #8");
    world.policy.dependencies = Dependencies::Recorded;
    assert_eq!(barred(ask(&world, &filed(None, "#1 #2"))), "#9:waits for #2");
    assert!(ask(&world, &filed(None, "#1")).is_ok());
}

/// A failure counts when it is said or when a lapse is evicted, wherever the lease went next; not
/// when nothing is said, for the infrastructure's fault, an eviction by force, or a lapse that a
/// reboot may have brought about. Names have no failures.
#[test]
fn failures_are_counted_by_issue_for_good() {
    type Try = fn(&mut World);
    let attempts: [(&str, u32, Try); 7] = [
        ("failed", 1, |world| end(world, "a", "#1", Attempt::Failed(reason()))),
        ("lapsed", 1, |world| {
            world.pass(60);
            world.sweep();
        }),
        ("undone", 0, |world| end(world, "a", "#1", Attempt::Undone)),
        ("infra", 0, |world| end(world, "a", "#1", Attempt::Infra(Some(reason())))),
        ("evicted", 0, |world| {
            world.force_evict("b", of("#1")).unwrap();
        }),
        ("rebooted", 0, |world| {
            world.on_clock(2, 5);
            world.sweep();
            world.pass(60);
            world.sweep();
        }),
        ("handed over and failed", 1, |world| {
            world.transfer("a", of("#1 x"), "b").unwrap();
            end(world, "b", "#1", Attempt::Failed(reason()));
        }),
    ];
    for (name, counted, attempt) in attempts {
        let mut world = World::new();
        world.acquire_for("a", "#1 x", 60).unwrap();
        attempt(&mut world);
        assert_eq!(world.facts(&thing("#1")).failures, counted, "{name}");
        assert!(world.facts(&thing("x")).is_none(), "{name}");
    }
}

/// At `max_failures` an issue is quarantined until its failures are reset; who insists gets it.
#[test]
fn too_many_failures_quarantine_an_issue() {
    let mut world = World::new();
    for _ in 0..3 {
        assert_eq!(next(&mut world, "a", "#1 #2", 1), Ok("#1".into()));
        world.pass(60);
    }
    assert_eq!(next(&mut world, "a", "#1 #2", 1), Ok("#2".into()), "its lapse counts in this very step");
    assert_eq!(barred(world.acquire("b", "#1")), "#1:3 failures");
    let insisting = Acquire { despite_failures: true, ..world.acquisition("#1") };
    assert!(world.clone().ask("b", &insisting).is_ok());
    world.ask("c", &ResetFailures { issue: thing("#1") }).unwrap();
    assert_eq!(next(&mut world, "b", "#1", 1), Ok("#1".into()));
}

/// The facts survive a checkpoint.
#[test]
fn facts_are_carried_over() {
    let mut world = World::new();
    world.ask("a", &Assign { candidates: candidates("#1 #2 #3"), to: Some(holder("b").agent) }).unwrap();
    world.acquire("b", "#2").unwrap();
    end(&mut world, "b", "#2", Attempt::Failed(reason()));
    world.ask("a", &Assign { candidates: candidates("#3"), to: None }).unwrap();
    let mut anew = World::new();
    anew.append(&holder("c"), world.state.carried(&world.now.wall));
    for n in ["#1", "#2", "#3"] {
        assert_eq!(anew.facts(&thing(n)), world.facts(&thing(n)), "{n}");
    }
    assert_eq!(anew.facts(&thing("#2")).last_failure, Some(reason()));
}

/// What ended is not claimed until it is reopened. Done work with open gates ends with the last
/// of them, which needs no lease.
#[test]
fn an_issue_ends_and_is_reopened() {
    let mut world = World::new();
    world.acquire("a", "#1 #2").unwrap();
    let gates = |names: &str| names.split_whitespace().map(|name| Gate::named(&name)).collect();
    let open = FiledGates { open: gates("docs review"), ..FiledGates::default() };
    let gates_filed = [(thing("#2"), open)].into();
    let attempted = Attempted { attempt: Attempt::Done, gates: gates_filed, ..Attempted::default() };
    world.ask("a", &Release { target: of("#1 #2"), attempted }).unwrap();
    assert_eq!(barred(world.acquire("b", "#1 #2")), "#1:done, #2:gated");
    let settle = |settled: &str, opened: &str, filed, seen| {
        let (issue, settled, opened) = (thing("#2"), gates(settled), gates(opened));
        Settle { issue, settled, opened, filed, seen }
    };
    let gated = Round { reopened: None, outcome: Some(Outcome::Gated) };
    // A file that has only one of the gates does not end it, whatever that file says.
    world.ask("b", &settle("docs", "", true, gated)).unwrap();
    assert_eq!(barred(world.acquire("b", "#2")), "#2:gated");
    world.ask("b", &settle("review", "docs", false, gated)).unwrap();
    assert_eq!(barred(world.acquire("b", "#2")), "#2:gated", "docs failed");
    world.ask("b", &settle("docs", "", false, gated)).unwrap();
    assert_eq!(barred(world.acquire("b", "#2")), "#2:done");
    assert!(matches!(
        world.ask("b", &Close { issue: thing("#2"), ending: Ending::Rejected }),
        Err(Refusal::Barred(_))
    ));
    world.ask("b", &Reopen { issue: thing("#2"), filed: false }).unwrap();
    world.ask("b", &settle("docs review", "", true, gated)).unwrap();
    assert_eq!(world.appended(), [""; 0], "it was reopened since");
    let seen = world.facts(&thing("#2")).round();
    world.ask("b", &settle("docs", "", true, seen)).unwrap();
    assert_eq!(world.appended(), [""; 0], "a file that says that it was gated is old");
    let mut anew = World::new();
    anew.ask("b", &settle("docs", "", true, Round::default())).unwrap();
    assert_eq!(barred(anew.acquire("b", "#2")), "#2:done", "its file alone said that it was gated");
    world.ask("b", &Close { issue: thing("#2"), ending: Ending::Rejected }).unwrap();
    let seen = world.facts(&thing("#2")).round();
    world.ask("b", &settle("docs", "", true, seen)).unwrap();
    assert_eq!(barred(world.acquire("b", "#2")), "#2:rejected", "nobody worked on it to the end");
    world.ask("b", &Reopen { issue: thing("#2"), filed: false }).unwrap();
    world.acquire("a", "#2").unwrap();
    for answer in [
        world.ask("b", &Close { issue: thing("#2"), ending: Ending::Rejected }),
        world.ask("b", &Reopen { issue: thing("#2"), filed: false }),
    ] {
        assert!(matches!(answer, Err(Refusal::NotYours(_))), "what is held is its holder's");
    }
}

/// A batch with one issue in the way reserves none, and each one in the way is named.
#[test]
fn all_are_reserved_or_none() {
    let mut world = World::new();
    let to =
        |agent: &str, names: &str| Assign { candidates: candidates(names), to: Some(holder(agent).agent) };
    world.acquire("b", "#1").unwrap();
    world.acquire("c", "#2").unwrap();
    match world.ask("x", &to("b", "#1 #2 #3")) {
        Err(Refusal::Held(held)) => assert_eq!(held.len(), 1, "its own is not in the way"),
        other => panic!("{other:?}"),
    }
    assert!(world.facts(&thing("#3")).is_none());
    world.ask("x", &to("b", "#1 #3")).unwrap();
    let refused = world.ask("x", &to("c", "#3 #4"));
    assert!(matches!(refused, Err(Refusal::Barred(ref barred)) if barred.len() == 1), "{refused:?}");
    assert!(world.facts(&thing("#4")).is_none());
    world.ask("x", &Assign { candidates: candidates("#3"), to: None }).unwrap();
    world.ask("x", &to("c", "#3 #4")).unwrap();
    assert_eq!(world.appended(), ["assign"], "one record");
}

/// Whoever looks up one issue reads its whole record, so that one step's facts are in several.
#[test]
fn many_facts_are_several_records() {
    let mut world = World::new();
    let many: String = (1..=40).map(|n| format!("#{n} ")).collect();
    world.ask("x", &Assign { candidates: candidates(&many), to: Some(holder("b").agent) }).unwrap();
    assert_eq!(world.appended(), ["assign"; 3]);
    for record in &world.log {
        assert!(!matches!(&record.operation, Operation::Facts(_, facts) if facts.len() > 16), "{record:?}");
    }
    for n in 1..=40 {
        assert_eq!(world.facts(&thing(&format!("#{n}"))).assigned, Some(holder("b").agent));
    }
}

/// What is free is shared out in turns; what is held, barred or reserved is passed over.
#[test]
fn what_is_free_is_shared_out() {
    let mut world = World::new();
    world.acquire("z", "#2").unwrap();
    world.ask("x", &Assign { candidates: candidates("#4"), to: Some(holder("z").agent) }).unwrap();
    let agents = ["a", "b"].map(|agent| holder(agent).agent).to_vec();
    let request = Distribute { candidates: candidates("#1 #2 #3 #4 #5 #6 #7"), agents, most_each: Some(2) };
    let shares = world.ask("x", &request).unwrap();
    let got: Vec<String> =
        shares.iter().map(|share| share.issues.iter().map(short).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(got, ["#1 #5", "#3 #6"]);
    assert_eq!(world.facts(&thing("#7")).assigned, None);
}

/// Whoever does not hold an issue is refused a change of it, warned, or let pass, whatever the change
/// is: as the policy says for its kind.
#[test]
fn the_policy_says_who_may_change_what_is_held() {
    let mut held = World::new();
    held.acquire("a", "#1").unwrap();
    held.policy.enforce_agents = Enforcement::Off;
    let issue = thing("#1");
    let settle = Settle {
        issue: issue.clone(),
        settled: [].into(),
        opened: [].into(),
        filed: false,
        seen: Round::default(),
    };
    for (rule, refused, warned) in [
        (Enforcement::Strict, true, false),
        (Enforcement::Warn, false, true),
        (Enforcement::Off, false, false),
    ] {
        held.policy.enforce_people = rule;
        let ask = |who: &str| {
            let over = |concluded: Concluded| concluded.over.map(|lease| *lease);
            [
                held.clone().ask(who, &Change { issues: vec![issue.clone()] }).map(|mut over| over.pop()),
                held.clone().ask(who, &Close { issue: issue.clone(), ending: Ending::Deleted }).map(over),
                held.clone().ask(who, &Reopen { issue: issue.clone(), filed: false }).map(over),
                held.clone().ask(who, &settle).map(over),
            ]
        };
        for answer in ask("human:b") {
            match answer {
                Ok(over) => assert_eq!((false, over.is_some()), (refused, warned)),
                Err(refusal) => assert!(refused && matches!(refusal, Refusal::NotYours(_)), "{refusal:?}"),
            }
        }
        let free = |answer: &Result<Option<Lease>, Refusal>| *answer == Ok(None);
        assert!(ask("b").iter().all(free), "agents are let pass");
        assert!(ask("a").iter().all(free), "its holder");
    }
}
