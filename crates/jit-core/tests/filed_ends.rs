//! What files and the log say of an issue's end: which counts, and what is made good (section 6).

#![allow(clippy::unwrap_used)]

mod common;

use common::{World, holder, of, short, thing, things};
use jit_core::decide::{
    Acquire, Attempted, Bar, Candidate, Close, Ending, Finish, Release, Reopen, Take, Taken, Took, Unearned,
    Unrecorded,
};
use jit_core::{Attempt, Cause, Facts, Gate, Operation, Outcome, Refusal};

fn end(world: &mut World, actor: &str, names: &str, attempt: Attempt) {
    let attempted = Attempted { attempt, ..Attempted::default() };
    world.ask(actor, &Release { target: of(names), attempted }).unwrap();
}

/// What is found of files in the actor's worktree that say that these are done; `#2` is gated.
fn unrecorded(world: &mut World, actor: &str, names: &str) -> String {
    let gates = |issue: &str| if issue == "#2" { [Gate::named(&"docs")].into() } else { [].into() };
    let filed = things(names).into_iter().map(|issue| (issue.clone(), gates(&short(&issue))));
    let found = world.ask(actor, &Finish { filed: filed.collect() }).unwrap();
    let each = found.iter().map(|(issue, why)| match why {
        Unrecorded::Left => short(issue),
        Unrecorded::Unreleased(lease) => format!("{}:unreleased {}", short(issue), lease.holder.agent),
        Unrecorded::DoneAgain(lease) => format!("{}:again {}", short(issue), lease.holder.agent),
    });
    each.collect::<Vec<_>>().join(", ")
}

/// Work of which only a file says that it was done ends once its lease was lost: neither while
/// somebody holds it, nor where the log knows better, nor where it never was anybody's.
#[test]
fn what_was_done_and_not_said_is_made_good() {
    let mut world = World::new();
    let all = "#1 #2 #3 #4 #5";
    world.acquire("a", "#1 #2").unwrap();
    world.acquire("a", "#4").unwrap();
    end(&mut world, "a", "#4", Attempt::Undone);
    assert_eq!(unrecorded(&mut world, "x", all), "#1:unreleased agent:a, #2:unreleased agent:a");
    assert_eq!(world.appended(), [""; 0], "held, given up, or never anybody's");
    world.pass(601);
    world.acquire("b@2", "#3").unwrap();
    assert_eq!(unrecorded(&mut world, "x", all), "#1, #2");
    let Err(Refusal::Barred(barred)) = world.acquire("b", "#1 #2") else { panic!("they ended") };
    let bars: Vec<Bar> = barred.into_iter().map(|barred| barred.bar).collect();
    assert_eq!(bars, [Bar::Ended(Outcome::Done), Bar::Ended(Outcome::Gated)]);
    assert_eq!(unrecorded(&mut world, "x", all), "", "it is known now");
    assert_eq!(world.appended(), [""; 0]);
}

/// What comes from elsewhere is judged as the policy says: done needs its lease, and gates that are
/// passed. The log comes to know what ends by it, and forgets no end that is further.
#[test]
fn an_end_that_comes_from_elsewhere_is_judged_and_noted() {
    use Outcome::{Done, Gated, Rejected};
    let docs = || [Gate::named(&"docs")].into();
    let take = |was, becomes| {
        let open = if becomes == Gated { docs() } else { [].into() };
        Take { issues: things("#1"), ends: vec![Taken { issue: thing("#1"), was, becomes, open }] }
    };
    let known = |outcome| {
        let mut world = World::new();
        match outcome {
            Some(Rejected) => drop(world.ask("a", &Close { issue: thing("#1"), ending: Ending::Rejected })),
            Some(outcome) => {
                world.acquire("a", "#1").unwrap();
                let gated = [(thing("#1"), docs())].into_iter().filter(|_| outcome == Gated).collect();
                let attempted = Attempted { attempt: Attempt::Done, gated };
                world.ask("a", &Release { target: of("#1"), attempted }).unwrap();
            }
            None => {}
        }
        world
    };
    // What the log knew, what the file said, what it comes to say; whether that is earned, and what
    // the log knows in the end, where it is warned of.
    for (log, was, becomes, earned, after) in [
        (None, None, Rejected, true, Some(Rejected)),
        (None, None, Done, false, Some(Done)),
        (None, None, Gated, false, Some(Gated)),
        (None, Some(Gated), Done, false, Some(Done)),
        (None, Some(Done), Rejected, true, None),
        (None, Some(Done), Gated, true, None),
        (Some(Gated), None, Done, false, Some(Done)),
        (Some(Gated), None, Gated, true, Some(Gated)),
        (Some(Gated), Some(Done), Rejected, true, Some(Gated)),
        (Some(Done), None, Gated, true, Some(Done)),
        (Some(Done), None, Rejected, true, Some(Done)),
        (Some(Rejected), None, Done, false, Some(Done)),
    ] {
        let case = format!("{log:?}, {was:?} -> {becomes:?}");
        let gated = was.or(log) == Some(Gated);
        let unearned = if earned { vec![] } else { vec![Unearned { issue: thing("#1"), gated }] };
        let mut world = known(log);
        let answer = world.clone().ask("b", &take(was, becomes));
        match earned {
            true => assert_eq!(answer, Ok(Took::default()), "{case}"),
            false => assert_eq!(answer, Err(Refusal::Unearned(unearned.clone())), "{case}"),
        }
        let warned = world.ask("human:b", &take(was, becomes)).unwrap();
        assert_eq!(warned, Took { over: vec![], unearned }, "{case}");
        let facts = world.facts(&thing("#1"));
        assert_eq!((facts.outcome, facts.open_gates.is_empty()), (after, after != Some(Gated)), "{case}");
    }
    let mut held = World::new();
    held.acquire("a", "#1").unwrap();
    assert!(matches!(held.ask("b", &take(None, Rejected)), Err(Refusal::NotYours(_))));
}

/// Only where the lease was lost can the file have been written by its release, and only if nobody
/// reopened the issue since: any other file is an old one.
#[test]
fn what_is_unrecorded_is_told_from_what_is_old() {
    let mut world = World::new();
    world.policy.max_failures = 100;
    world.acquire("a@1", "#1").unwrap();
    world.pass(601);
    assert_eq!(unrecorded(&mut world, "x@2", "#1"), "", "lost in another worktree");
    world.acquire("b@2", "#1").unwrap();
    assert_eq!(unrecorded(&mut world, "x@1", "#1"), "#1:again agent:b");
    assert_eq!(unrecorded(&mut world, "x@3", "#1"), "");
    world.pass(601);
    world.acquire("c@3", "#1").unwrap();
    assert_eq!(unrecorded(&mut world, "x@1", "#1"), "#1:again agent:c", "by two leases");
    world.pass(601);
    let mut ended = world.clone();
    assert_eq!(unrecorded(&mut ended, "x@1", "#1"), "#1");
    ended.ask("x@2", &Reopen { issue: thing("#1") }).unwrap();
    assert_eq!(unrecorded(&mut ended, "x@1", "#1"), "", "what was lost was lost before");
    ended.acquire("b@2", "#1").unwrap();
    assert_eq!(unrecorded(&mut ended, "x@1", "#1"), "", "begun anew, not done again");
    ended.pass(601);
    assert_eq!(unrecorded(&mut ended, "x@1", "#1"), "");
    assert_eq!(unrecorded(&mut ended, "x@2", "#1"), "#1");
}

/// What the log and a file say of an end together: the log's word counts, but for the last gate.
#[test]
fn the_log_and_a_file_agree_on_an_end() {
    let outcomes = [None, Some(Outcome::Gated), Some(Outcome::Done), Some(Outcome::Rejected)];
    for known in outcomes {
        for filed in outcomes {
            let mut world = World::new();
            if let Some(outcome) = known {
                let facts = vec![Facts::none(thing("#1")).ended(outcome)];
                world.append(&holder("a"), vec![Operation::Facts(Cause::Ended, facts)]);
            }
            let ended = match (known, filed) {
                (Some(Outcome::Gated), Some(Outcome::Done)) => filed,
                _ => known.or(filed),
            };
            let candidates = vec![Candidate { ended: filed, ..Candidate::from(thing("#1")) }];
            let names = world.acquisition("#1");
            let bar = match world.ask("b", &Acquire { filed: candidates, ..names }) {
                Err(Refusal::Barred(barred)) => Some(barred[0].bar.clone()),
                other => other.map(|_| None).unwrap(),
            };
            assert_eq!(bar, ended.map(Bar::Ended), "{known:?} in the log, {filed:?} in the file");
        }
    }
}
