//! What refusals say.

use jit_core::decide::{
    Acquire, Attempted, Bar, Barred, ForceEvict, Release, Renew, Request, Resume, Target, Terms, Transfer,
    Wanted, decide,
};
use jit_core::{
    ControlPlaneId, Ended, Holder, IssueId, Item, LeaseId, Now, Operation, Outcome, Policy, Record,
    Reference, References, Refusal, Scene, Seq, Stamp, State, Token, Waiter, WorktreeId,
};
use uuid::Uuid;

use std::ffi::OsString;

use super::usage::with_option;
use super::*;
use crate::look::Look;

fn asking(head: &str) -> Again {
    Again { head: head.to_owned(), tail: String::new() }
}

/// What `by` is told when it asks for this while ann holds `name:held` and `name:too`, and
/// her `name:lapsed` was taken over by bob.
fn told<R: Request>(request: &R, by: &str) -> Failure {
    let mut state = State::default();
    let begin = Operation::Checkpoint(jit_core::Checkpoint {
        control_plane: ControlPlaneId::new(Uuid::nil()),
        segment: 1,
        carried: 0,
        missing: None,
    });
    append(&mut state, begin, &holder("agent:ann"), 0);
    for (issues, agent, at) in [
        (&["name:lapsed"][..], "agent:ann", 1),
        (&["name:held", "name:too"][..], "agent:ann", 700),
        (&["name:lapsed"][..], "agent:bob", 701),
    ] {
        let acquire = acquire(issues, at);
        let decision = decided(&state, &acquire, agent, at);
        assert!(decision.answer.is_ok());
        decision
            .operations
            .into_iter()
            .for_each(|operation| append(&mut state, operation, &holder(agent), at));
    }
    match decided(&state, request, by, 702).answer {
        Ok(_) => panic!("granted"),
        Err(refusal) => {
            Failure::refused(&refusal, &look(by)).with_wait(&asking("jit claim acquire name:all"))
        }
    }
}

fn holder(agent: &str) -> Holder {
    Holder { agent: agent.parse().unwrap(), worktree: WorktreeId::new(Uuid::from_u128(7)) }
}

fn now(secs: u64) -> Now {
    let stamp = Stamp { boot: Uuid::nil().to_string().parse().unwrap(), ns: secs * 1_000_000_000 };
    let wall: jit_core::WallTime = "2026-11-21T12:00:00Z".parse().unwrap();
    Now { stamp, wall: wall.plus_secs(secs) }
}

/// As `by` looks, who can see where its worktree is.
fn look(by: &str) -> Look {
    let by = holder(by);
    let places = [(by.worktree, "/work/seven".into())].into();
    Look { now: now(702), by: Some(by), places, making: false }
}

fn decided<R: Request>(state: &State, request: &R, agent: &str, at: u64) -> jit_core::Decision<R::Answer> {
    let policy = Policy::default();
    let actor = holder(agent);
    let scene = Scene { now: now(at), actor: &actor, policy: &policy, waiting: &[] };
    decide(request, state, &scene).unwrap()
}

fn append(state: &mut State, operation: Operation, actor: &Holder, at: u64) {
    let Now { stamp, wall } = now(at);
    let seq = state.last().next();
    let record = Record { seq, operation, actor: actor.clone(), at: wall, stamp, durable: seq };
    state.apply(&record).unwrap();
}

fn asked(texts: &[&str]) -> References {
    let references: Vec<_> = texts.iter().map(|text| text.parse().unwrap()).collect();
    references.try_into().unwrap()
}

fn acquire(issues: &[&str], at: u64) -> Acquire {
    Acquire {
        id: LeaseId::new(Uuid::from_u128(at.into())),
        token: Token::new([1; 16]).hash(),
        claim: asked(issues).into(),
        filed: Vec::new(),
        despite_failures: false,
        terms: Terms { task: Some("the work".parse().unwrap()), ..Terms::default() },
        ticket: None,
    }
}

fn issues(texts: &[&str]) -> Target {
    Target::Issues(asked(texts))
}

/// What every refusal says to people and to programs (design, section 5).
#[test]
fn refusals_say_what_happened_what_is_in_the_way_and_what_to_do() {
    let renew = |target| Renew { target, ttl: None };
    let to = || Transfer {
        target: issues(&["name:held"]),
        to: holder("agent:cleo"),
        token: Token::new([2; 16]).hash(),
    };
    let long = Acquire {
        terms: Terms { ttl: Some("48h".parse().unwrap()), ..Terms::default() },
        ..acquire(&["name:free"], 9)
    };
    let token = Token::new([9; 16]).hash();
    let resume = Resume { issues: asked(&["name:held"]), token };
    let unknown = Target::Lease(LeaseId::new(Uuid::from_u128(99)));
    let reason = "stuck".parse().unwrap();
    let lease = decided(&State::default(), &acquire(&["name:held"], 600), "agent:ann", 600).answer.unwrap();
    let ended = Ended::released(lease.clone(), now(650).wall, Seq(9));
    let lapsed = Ended::lost(lease.clone(), jit_core::End::Lapsed, now(1200).wall, Seq(9));
    let waiter = Waiter {
        ticket: 1,
        agent: "agent:bob".parse().unwrap(),
        claim: asked(&["name:held"]).into(),
        since: now(650).wall,
    };
    let awaited = Wanted { item: Item::Reference(lease.issues[0].clone()), blocker: waiter };
    let most = "8h".parse().unwrap();
    let taken_since = Ended { unclaimed: vec![], ..lapsed.clone() };
    let both = decided(&State::default(), &acquire(&["name:held", "name:too"], 600), "agent:x", 600);
    let both = Ended::lost(both.answer.unwrap(), jit_core::End::Lapsed, now(1200).wall, Seq(9));
    let again = decided(&State::default(), &acquire(&["name:held"], 700), "agent:x", 700).answer.unwrap();
    let again =
        |i: usize| Wanted { item: Item::Reference(both.lease.issues[i].clone()), blocker: again.clone() };
    let lost = |now_held| Refusal::Lost { lost: Box::new(both.clone()), now_held };
    let mut elsewhere = look("agent:ann");
    elsewhere.by = Some(Holder { worktree: WorktreeId::new(Uuid::from_u128(8)), ..holder("agent:ann") });
    let gone = Look { places: [].into(), by: elsewhere.by.clone(), ..look("agent:ann") };
    let theirs = || Refusal::NotYours(Box::new(lease.clone()));
    let said = |refusal| {
        Failure::refused(&refusal, &look("agent:x")).with_wait(&asking("jit claim acquire name:all"))
    };
    let picked =
        |refusal| Failure::refused(&refusal, &look("agent:x")).with_wait(&asking("jit claim next --count 3"));
    let reference = |n| Reference::Issue(IssueId::new(Uuid::from_u128(n)));
    let barred = |bar| vec![Barred { reference: reference(1), bar }];
    let failures = [
        (7, said(Refusal::Barred(barred(Bar::Ended(Outcome::Done))))),
        (7, said(Refusal::Barred(barred(Bar::Ended(Outcome::Gated))))),
        (
            7,
            said(Refusal::Barred(barred(Bar::Quarantined {
                failures: 3,
                reason: "tests fail".parse().ok(),
            }))),
        ),
        (7, said(Refusal::Barred(barred(Bar::Blocked(vec![reference(2)]))))),
        (5, said(Refusal::Barred(barred(Bar::Assigned("agent:bob".parse().unwrap()))))),
        (4, picked(Refusal::NothingToClaim { free: 0, wanted: 1 })),
        (4, picked(Refusal::NothingToClaim { free: 2, wanted: 3 })),
        (5, said(Refusal::Awaited(vec![awaited]))),
        (6, said(Refusal::Released(Box::new(ended)))),
        (6, said(Refusal::NoLease { lost: vec![] })),
        (6, said(Refusal::NoLease { lost: vec![lapsed.clone()] })),
        (6, said(Refusal::NoLease { lost: vec![taken_since] })),
        (6, said(Refusal::Lost { lost: Box::new(lapsed), now_held: vec![] })),
        (6, said(lost(vec![again(0)]))),
        (6, said(lost(vec![again(0), again(1)]))),
        (6, Failure::refused(&theirs(), &elsewhere)),
        (6, Failure::refused(&theirs(), &gone)),
        (2, said(Refusal::Several(vec![lease.id, LeaseId::new(Uuid::from_u128(2))]))),
        (7, said(Refusal::LifetimeOver { lease: Box::new(lease), most })),
        (5, told(&acquire(&["name:held", "name:lapsed"], 9), "agent:cleo")),
        (5, told(&acquire(&["name:held"], 9), "agent:ann")),
        (5, told(&acquire(&["name:held", "name:too"], 9), "agent:ann/sub")),
        (2, told(&long, "agent:cleo")),
        (6, told(&renew(issues(&["name:lapsed"])), "agent:ann")),
        (6, told(&renew(issues(&["name:held"])), "agent:bob")),
        (6, told(&renew(issues(&["name:free"])), "agent:bob")),
        (3, told(&Release { target: unknown.clone(), attempted: Attempted::default() }, "agent:bob")),
        (3, told(&ForceEvict { target: unknown, reason }, "agent:bob")),
        (6, told(&resume, "agent:ann")),
        (2, told(&to(), "agent:ann")),
        (2, told(&Transfer { to: elsewhere.by.clone().unwrap(), ..to() }, "agent:ann")),
    ];
    let mut shown = String::new();
    for (status, failure) in failures {
        assert_eq!(failure.code.status(), status, "{}", failure.code.name());
        shown.push_str(&format!(
            "{} ({})\n{}{}\n\n",
            failure.code.name(),
            failure.code.status(),
            crate::render::text::failure(&failure, false),
            crate::render::json::failure(&failure.with_options("--agent agent:x "))
        ));
    }
    insta::assert_snapshot!(shown);
}

/// A hint is a command of the caller's place and name, and says nothing else than it did.
#[test]
fn hints_repeat_what_was_said_before_the_command() {
    let hint = |text: &str| Failure::usage("", text).with_options("-C '/a b' --agent agent:x ").hint;
    for (plain, repeated) in [
        ("jit claim list", "jit -C '/a b' --agent agent:x claim list"),
        (
            "see jit config list; wait: jit claim acquire name:a --task 'run jit claim list' --wait 2m",
            "see jit -C '/a b' --agent agent:x config list; wait: jit -C '/a b' --agent agent:x claim acquire name:a --task 'run jit claim list' --wait 2m",
        ),
        ("jit doctor --fix", "jit -C '/a b' --agent agent:x doctor --fix"),
        ("git config core.sharedRepository group", "git config core.sharedRepository group"),
    ] {
        assert_eq!(hint(plain).as_deref(), Some(repeated));
    }
}

/// What was typed is said again with one value corrected, whatever way it was written.
#[test]
fn a_command_is_typed_again_with_one_option_corrected() {
    let typed = |words: &str| words.split(' ').map(Into::into).collect::<Vec<OsString>>();
    for (words, again) in [
        ("jit claim list", "jit --ttl=60s claim list"),
        ("jit -C d claim renew a --ttl 9d --json", "jit -C d claim renew a --ttl=60s --json"),
        ("git-jit claim renew --ttl=9d a;b", "jit claim renew --ttl=60s 'a;b'"),
        ("jit claim renew --ttl", "jit claim renew --ttl=60s"),
    ] {
        assert_eq!(with_option(&typed(words), "--ttl", "60s"), again);
    }
}

/// An id that is none is corrected where it stands, with the name that was meant.
#[test]
fn a_bad_identity_is_corrected_where_it_stands() {
    for (source, text, hint) in [
        ("--agent", "bob", Some("write --agent agent:bob")),
        ("JIT_AGENT_ID", "robot:a b", Some("export JIT_AGENT_ID=agent:a-b")),
        ("/home/x/agent", "human:", None),
    ] {
        assert_eq!(Failure::bad_identity(source, "", text).hint.as_deref(), hint, "{text}");
    }
}
