//! What a log and its notes come to, counted.

#![allow(clippy::unwrap_used)]

mod common;

use common::{World, holder, of, thing, things};
use jit_core::decide::{Attempted, Release};
use jit_core::{Attempt, Event, Note, Stats};

fn counted(world: &World, notes: &[Note]) -> Stats {
    let mut stats = Stats::default();
    world.log.iter().for_each(|record| stats.follow(record));
    notes.iter().for_each(|note| stats.note(note));
    stats
}

/// Claims, ends, failures and times held, in all, by issue and by agent.
#[test]
fn a_log_is_counted() {
    let mut world = World::new();
    world.acquire_for("a", "#1 x", 60).unwrap();
    world.acquire_for("b/sub", "#2", 10).unwrap();
    world.pass(20);
    let attempted = Attempted { attempt: Attempt::Failed("broken".parse().unwrap()), ..Attempted::default() };
    world.ask("a", &Release { target: of("#1 x"), attempted }).unwrap();
    world.acquire_for("a", "#2", 60).unwrap();
    world.pass(5);
    world.force_evict("c", of("#2")).unwrap();
    let stats = counted(&world, &[]);
    let total = &stats.total;
    assert_eq!((total.claims, total.lapses, total.forced, total.failures), (3, 1, 1, 2));
    assert_eq!(total.attempts.iter().collect::<Vec<_>>(), [(&"failed", &1)]);
    assert_eq!((total.holding.count(), total.holding.sum_ms()), (3, 45_000));
    assert_eq!(total.holding.percentile_ms(50), Some(20_000));
    let by = |name: &str| &stats.issues[&thing(name)];
    assert_eq!((by("#2").claims, by("#2").failures, by("#2").lapses, by("#2").forced), (2, 1, 1, 1));
    assert_eq!((by("x").claims, by("x").failures), (1, 0));
    let agent = |name: &str| &stats.agents[&holder(name).agent];
    assert_eq!((agent("a").claims, agent("a").failures), (2, 1));
    assert_eq!((agent("b").claims, agent("b").failures), (1, 1), "a sub-agent's are its agent's");
}

/// Percentiles are by nearest rank.
#[test]
fn notes_are_counted() {
    let note = |event| Note { at: common::wall(0), agent: holder("a").agent, issues: things("x"), event };
    let mut notes: Vec<Note> = (1..=200).map(|ms| note(Event::Waited { ms })).collect();
    notes.push(note(Event::Refused { code: "held".into() }));
    let stats = counted(&World::new(), &notes);
    let waiting = &stats.issues[&thing("x")].waiting;
    let of = |percent| waiting.percentile_ms(percent);
    assert_eq!((of(50), of(90), of(99), of(100)), (Some(100), Some(180), Some(198), Some(200)));
    assert_eq!(stats.total.refusals["held"], 1);
    assert_eq!(stats.total.holding.percentile_ms(50), None);
    let written = serde_json::to_string(&notes[200]).unwrap();
    assert_eq!(
        written,
        r#"{"at":"2026-01-01T00:00:00.000Z","agent":"agent:a","issues":["name:x"],"event":"refused","code":"held"}"#
    );
    assert_eq!(serde_json::from_str::<Note>(&written).unwrap(), notes[200]);
}
