//! What files and the log say of an issue's end: which counts, and what is made good (section 6).

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;

use common::{World, holder, of, short, thing, things, wall};
use jit_core::decide::{
    Acquire, Attempted, Bar, Candidate, Close, Ending, Finish, Release, Reopen, SaysEnded, Settle, Take,
    Taken, Took, Unearned, Unrecorded,
};
use jit_core::{
    Attempt, Cause, EndedBy, Facts, Fence, Filed, FiledGates, Gate, Operation, Outcome, Refusal, Round, Seq,
};

fn end(world: &mut World, actor: &str, names: &str, attempt: Attempt) {
    let attempted = Attempted { attempt, ..Attempted::default() };
    world.ask(actor, &Release { target: of(names), attempted }).unwrap();
}

/// The agent `a` releases `#1` as done; its file has these gates as open, and those as passed.
fn done(world: &mut World, open: BTreeSet<Gate>, passed: BTreeSet<Gate>) -> Facts {
    let gates = [(thing("#1"), FiledGates { open, passed })].into();
    let attempted = Attempted { attempt: Attempt::Done, gates, ..Attempted::default() };
    world.ask("a", &Release { target: of("#1"), attempted }).unwrap();
    world.facts(&thing("#1"))
}

fn gates(names: &str) -> BTreeSet<Gate> {
    names.split_whitespace().map(|name| Gate::named(&name)).collect()
}

/// A file of which these gates are open says that the work was done.
fn filed(open: &str) -> Filed {
    let outcome = if open.is_empty() { Outcome::Done } else { Outcome::Gated };
    Filed { open_gates: gates(open), ..Filed::from(Some(outcome)) }
}

/// What is found of files in the actor's worktree that say that these are done; `#2` is gated.
fn unrecorded(world: &mut World, actor: &str, names: &str) -> String {
    // Later than all that was said.
    contradicted(world, actor, names, "2100-01-01T00:00:00Z")
}

/// The same of files that were written at this time.
fn contradicted(world: &mut World, actor: &str, names: &str, at: &str) -> String {
    let gates = |issue: &str| if issue == "#2" { [Gate::named(&"docs")].into() } else { [].into() };
    let at = at.parse().unwrap();
    let filed = things(names).into_iter().map(|issue| {
        let gates = FiledGates { open: gates(&short(&issue)), ..FiledGates::default() };
        SaysEnded { issue, outcome: Outcome::Done, gates, at }
    });
    let found = world.ask(actor, &Finish { filed: filed.collect() }).unwrap();
    let each = found.iter().map(|(issue, why)| match why {
        Unrecorded::Left => short(issue),
        Unrecorded::Unreleased(lease) => format!("{}:unreleased {}", short(issue), lease.holder.agent),
        Unrecorded::DoneAgain(lease) => format!("{}:again {}", short(issue), lease.holder.agent),
        Unrecorded::Undone { .. } => format!("{}:undone", short(issue)),
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
        Take {
            issues: things("#1"),
            ends: vec![Taken { issue: thing("#1"), is_written: true, was, becomes, open }],
        }
    };
    let known = |outcome| {
        let mut world = World::new();
        match outcome {
            Some(Rejected) => drop(world.ask("a", &Close { issue: thing("#1"), ending: Ending::Rejected })),
            Some(outcome) => {
                world.acquire("a", "#1").unwrap();
                done(&mut world, if outcome == Gated { docs() } else { [].into() }, [].into());
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
        (Some(Done), Some(Rejected), Done, true, Some(Done)),
        (Some(Gated), Some(Rejected), Gated, true, Some(Gated)),
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

/// What a file here says already, the log is told by whoever could have ended the issue so; not over
/// what is further, reopened or held.
#[test]
fn an_end_that_is_here_already_is_noted() {
    use Outcome::{Done, Gated, Rejected};
    let said = |end, is_written| {
        let open = if end == Gated { [Gate::named(&"docs")].into() } else { [].into() };
        let taken = Taken { issue: thing("#1"), is_written, was: Some(end), becomes: end, open };
        Take { issues: vec![], ends: vec![taken] }
    };
    for (end, agent, person) in
        [(Rejected, Some(Rejected), Some(Rejected)), (Gated, None, Some(Gated)), (Done, None, Some(Done))]
    {
        for (actor, after) in [("b", agent), ("human:b", person)] {
            for is_written in [false, true] {
                let mut world = World::new();
                assert_eq!(world.ask(actor, &said(end, is_written)), Ok(Took::default()), "{actor} {end:?}");
                assert_eq!(world.facts(&thing("#1")).outcome, after, "{actor} {end:?}");
                world.appended();
                world.ask(actor, &said(end, is_written)).unwrap();
                assert_eq!(world.appended(), [""; 0], "it is known");
            }
        }
    }
    let mut world = World::new();
    world.acquire("a", "#1").unwrap();
    world.ask("human:b", &said(Rejected, false)).unwrap();
    assert_eq!(world.facts(&thing("#1")).outcome, None, "held");
    end(&mut world, "a", "#1", Attempt::Done);
    world.ask("human:b", &said(Rejected, false)).unwrap();
    assert_eq!(world.facts(&thing("#1")).outcome, Some(Done), "further");
    world.ask("a", &Reopen { issue: thing("#1"), filed: false }).unwrap();
    world.ask("human:b", &said(Done, false)).unwrap();
    assert_eq!(world.facts(&thing("#1")).outcome, None, "an old file");
    assert!(matches!(world.ask("b", &said(Done, true)), Err(Refusal::Unearned(_))), "brought anew");
    world.ask("b", &said(Rejected, true)).unwrap();
    assert_eq!(world.facts(&thing("#1")).outcome, Some(Rejected), "brought anew");
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
    ended.ask("x@2", &Reopen { issue: thing("#1"), filed: false }).unwrap();
    assert_eq!(unrecorded(&mut ended, "x@1", "#1"), "", "what was lost was lost before");
    ended.acquire("b@2", "#1").unwrap();
    assert_eq!(unrecorded(&mut ended, "x@1", "#1"), "", "begun anew, not done again");
    ended.pass(601);
    assert_eq!(unrecorded(&mut ended, "x@1", "#1"), "");
    assert_eq!(unrecorded(&mut ended, "x@2", "#1"), "#1");
}

/// A file that says that work was done is wrong if it was reopened since, or given up undone although
/// a file said so; one that is later came with a clone.
#[test]
fn a_file_is_contradicted_by_what_was_said_since() {
    let (before, after) = ("2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z");
    let given_up = |attempt, names: &str| {
        let mut world = World::new();
        world.acquire("a", "#1").unwrap();
        let attempted =
            Attempted { attempt, filed: things(names).into_iter().collect(), ..Attempted::default() };
        world.ask("a", &Release { target: of("#1"), attempted }).unwrap();
        world
    };
    let failed = Attempt::Failed("no".parse().unwrap());
    for attempt in [Attempt::Undone, failed, Attempt::Infra(None)] {
        let mut world = given_up(attempt.clone(), "#1");
        assert_eq!(contradicted(&mut world, "x@2", "#1", before), "#1:undone", "{attempt:?}");
        assert_eq!(contradicted(&mut world, "x@2", "#1", after), "", "{attempt:?}");
        assert_eq!(world.facts(&thing("#1")).reopened, None, "what other files say counts still");
        world.acquire("b@2", "#1").unwrap();
        assert_eq!(contradicted(&mut world, "x@1", "#1", before), "#1:undone", "held elsewhere");
        end(&mut world, "b@2", "#1", Attempt::Done);
        assert_eq!(contradicted(&mut world, "x@1", "#1", before), "", "done since");
        let mut unsaid = given_up(attempt.clone(), "");
        assert_eq!(contradicted(&mut unsaid, "x@1", "#1", before), "", "no file said so: {attempt:?}");
    }
    let mut done = given_up(Attempt::Done, "#1");
    assert_eq!(done.facts(&thing("#1")).undone_at, None);
    done.ask("b", &Reopen { issue: thing("#1"), filed: false }).unwrap();
    assert_eq!(contradicted(&mut done, "x@3", "#1", before), "#1:undone");
    assert_eq!(contradicted(&mut done, "x@3", "#1", after), "");
}

/// Who took the work over may give it up undone: this worktree's file still says what the log does not
/// know. Where that was done here, somebody here has said that it is not.
#[test]
fn what_was_taken_over_and_given_up_is_unrecorded_still() {
    let mut world = World::new();
    world.policy.max_failures = 100;
    world.acquire("a@1", "#1 #2").unwrap();
    world.pass(601);
    let mut here = world.clone();
    world.acquire("b@2", "#1 x").unwrap();
    end(&mut world, "b@2", "#1 x", Attempt::Undone);
    assert_eq!(unrecorded(&mut world.clone(), "x@2", "#1"), "", "lost in another worktree");
    assert_eq!(unrecorded(&mut world.clone(), "x@1", "#1 #3"), "#1", "the lease was not of #3");
    world.acquire("c@3", "#1").unwrap();
    assert_eq!(unrecorded(&mut world, "x@1", "#1"), "#1:again agent:c");
    here.acquire("b@1", "#1").unwrap();
    end(&mut here, "b@1", "#1", Attempt::Undone);
    assert_eq!(unrecorded(&mut here, "x@1", "#1"), "");
}

/// What the log and files say of an end together. The log's word counts, but for gates of which it
/// can't know; a farther file's counts where nobody else says anything.
#[test]
fn the_log_and_files_agree_on_an_end() {
    use Outcome::{Done, Gated, Rejected};
    let outcomes = || [None, Some(Gated), Some(Done), Some(Rejected)];
    // What the log knows, whether that is after a reopening, the nearest file, one farther away.
    let known = outcomes().into_iter().flat_map(|known| [(known, false), (known, true)]);
    let filed = outcomes().into_iter().flat_map(|filed| outcomes().map(|later| (filed, later)));
    let cases = known.flat_map(|known| filed.clone().map(move |filed| (known, filed)));
    for ((known, reopened), (filed, later)) in cases {
        let ended = match (known, filed, later) {
            (Some(Gated), Some(Done), _) if !reopened => filed,
            (Some(known), ..) => Some(known),
            (None, Some(filed), _) => Some(filed),
            (None, None, later) => later.filter(|_| !reopened),
        };
        let facts = Facts::none(thing("#1"));
        let facts = if reopened {
            facts.reopened(Fence(Seq(1)), "2026-11-21T05:00:00Z".parse().unwrap())
        } else {
            facts
        };
        let facts = known.map_or(facts.clone(), |outcome| facts.ended(outcome));
        let filed = Filed { later, ..Filed::from(filed) };
        let case = format!("{facts:?} in the log, {filed:?}");
        assert_eq!(bar(facts, filed), ended.map(Bar::Ended), "{case}");
    }
}

/// How a claim is barred where the log knows this, and files say that.
fn bar(facts: Facts, filed: Filed) -> Option<Bar> {
    let mut world = World::new();
    world.append(&holder("a"), vec![Operation::Facts(Cause::Carried, vec![facts])]);
    let candidates = vec![Candidate { filed, ..Candidate::from(thing("#1")) }];
    let names = world.acquisition("#1");
    match world.ask("b", &Acquire { filed: candidates, ..names }) {
        Err(Refusal::Barred(barred)) => Some(barred[0].bar.clone()),
        other => other.map(|_| None).unwrap(),
    }
}

/// What is done for the log is gated where a file has a gate open that was never among those that
/// were settled: another branch required it. Passed there, it is settled everywhere.
#[test]
fn a_gate_of_which_the_log_never_heard_is_open() {
    let mut world = World::new();
    world.acquire("a", "#1").unwrap();
    done(&mut world, gates("docs"), gates(""));
    let settle = |world: &mut World, settled: &str, seen| {
        let (issue, settled, opened) = (thing("#1"), gates(settled), gates(""));
        let seen = Round { reopened: None, outcome: Some(seen) };
        world.ask("b", &Settle { issue, settled, opened, filed: false, seen }).unwrap().facts
    };
    let facts = settle(&mut world, "docs", Outcome::Gated);
    assert_eq!(facts.ended_by.as_ref().unwrap().by, holder("a"), "who did the work");
    for (open, ended) in [
        ("docs", Outcome::Done),
        ("review", Outcome::Gated),
        ("docs review", Outcome::Gated),
        ("", Outcome::Done),
    ] {
        assert_eq!(bar(facts.clone(), filed(open)), Some(Bar::Ended(ended)), "{open}");
    }
    let facts = settle(&mut world, "review", Outcome::Done);
    assert_eq!(facts.outcome, Some(Outcome::Done));
    assert_eq!(bar(facts, filed("docs review")), Some(Bar::Ended(Outcome::Done)));
    settle(&mut world, "review", Outcome::Done);
    assert_eq!(world.appended(), [""; 0], "it is known");
}

/// A reopening begins another attempt. What was seen of the one before says nothing of it, nor does a
/// file of that; a gate that was passed before the work was released is no other branch's.
#[test]
fn another_attempt_is_another_matter() {
    let mut world = World::new();
    world.acquire("a", "#1").unwrap();
    let seen = done(&mut world, gates("docs review"), gates("")).round();
    world.ask("b", &Reopen { issue: thing("#1"), filed: false }).unwrap();
    world.acquire("a", "#1").unwrap();
    let facts = done(&mut world, gates("docs"), gates("review"));
    assert_ne!(facts.round(), seen);
    let settle = |seen| {
        let (issue, settled, opened) = (thing("#1"), gates("docs"), gates(""));
        Settle { issue, settled, opened, filed: true, seen }
    };
    assert_eq!(world.ask("b", &settle(seen)).unwrap().facts, facts);
    assert_eq!(world.facts(&thing("#1")), facts);
    assert_eq!(bar(facts.clone(), filed("")), Some(Bar::Ended(Outcome::Gated)), "that was the other one");
    let facts = world.ask("b", &settle(facts.round())).unwrap().facts;
    assert_eq!(facts.settled_gates, gates("docs review"));
    assert_eq!(bar(facts.clone(), filed("docs review")), Some(Bar::Ended(Outcome::Done)));
    assert_eq!(bar(facts, filed("tests")), Some(Bar::Ended(Outcome::Gated)));
}

/// What the log is told of a worktree's file that was left has the gates that it passed.
#[test]
fn what_was_left_tells_its_gates() {
    let mut world = World::new();
    world.acquire("a@1", "#1").unwrap();
    world.pass(601);
    let gates_filed = FiledGates { open: gates("docs"), passed: gates("review") };
    let at = "2100-01-01T00:00:00Z".parse().unwrap();
    let filed = vec![SaysEnded { issue: thing("#1"), outcome: Outcome::Done, gates: gates_filed, at }];
    assert_eq!(world.ask("x@1", &Finish { filed }).unwrap().len(), 1);
    let facts = world.facts(&thing("#1"));
    assert_eq!((facts.open_gates, facts.settled_gates), (gates("docs"), gates("review")));
}

/// What was reopened while only a file knew of its end is open for the log too; else that file
/// would end it again.
#[test]
fn what_only_a_file_ended_is_reopened() {
    let mut world = World::new();
    let reopen = |filed| Reopen { issue: thing("#1"), filed };
    assert_eq!(world.ask("a", &reopen(false)).unwrap().facts.reopened, None);
    let facts = world.ask("a", &reopen(true)).unwrap().facts;
    let filed = Filed { later: Some(Outcome::Done), ..Filed::default() };
    assert_eq!(bar(facts, filed), None);
    world.ask("a", &reopen(true)).unwrap();
    assert_eq!(world.appended(), [""; 0], "it is known");
}

/// Deleted is told from rejected, until the issue is reopened; what was done before stays done.
#[test]
fn what_was_deleted_is_told_as_such() {
    let mut world = World::new();
    let close = |ending| Close { issue: thing("#1"), ending };
    world.ask("a", &close(Ending::Rejected)).unwrap();
    assert!(!world.facts(&thing("#1")).deleted);
    let facts = world.ask("b", &close(Ending::Deleted)).unwrap().facts;
    assert_eq!((facts.outcome, facts.ended_by.clone().unwrap().by), (Some(Outcome::Rejected), holder("b")));
    assert_eq!(bar(facts, Filed::default()), Some(Bar::Deleted));
    world.ask("a", &Reopen { issue: thing("#1"), filed: false }).unwrap();
    world.acquire("a", "#1").unwrap();
    end(&mut world, "a", "#1", Attempt::Done);
    let facts = world.ask("b", &close(Ending::Deleted)).unwrap().facts;
    assert_eq!((facts.outcome, facts.deleted), (Some(Outcome::Done), false));
}

/// A clock that was set back makes no file later that says otherwise: what it reopens contradicts what was
/// done before, and what is done after that is said to be later still.
#[test]
fn a_clock_that_was_set_back_decides_no_attempt() {
    let facts = Facts::none(thing("#1"));
    let ended_by = EndedBy { at: wall(1000), by: holder("a"), branch: None };
    let done = Facts { ended_by: Some(Box::new(ended_by)), ..facts.ended(Outcome::Done) };
    let reopened = done.reopened(Fence(Seq(7)), wall(10));
    assert!(reopened.contradicts(wall(1000)) && !reopened.contradicts(wall(1001)));
    let given_up = reopened.given_up(wall(20));
    assert!(given_up.contradicts(wall(1000)));
    assert_eq!((given_up.since(wall(30)), given_up.since(wall(2000))), (wall(1000), wall(2000)));
}
