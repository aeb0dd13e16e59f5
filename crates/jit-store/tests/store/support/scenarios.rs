//! The commands that crash and error tests interrupt, each with the past that it is asked in.

use super::ask::{Ask, Outcome, acquire, acquire_for, of, release, renew};
use super::holder;
use super::machine::{Fault, LOG, Op};
use super::past::Past;

/// A past, who asks, and what.
pub type Scenario = (Past, &'static str, Ask);

/// `a` holds x and y, `b` holds z.
pub fn held() -> Past {
    let mut past = Past::new();
    past.grant("a", acquire(1, "x y")).grant("b", acquire(2, "z"));
    past
}

pub fn the_first_acquisition_that_makes_the_control_plane() -> Vec<Scenario> {
    vec![(Past::new(), "a", acquire(1, "x"))]
}

pub fn an_acquisition() -> Vec<Scenario> {
    vec![(held(), "c", acquire(3, "u v"))]
}

pub fn an_acquisition_of_paths_that_supersedes_and_one_that_grows() -> Vec<Scenario> {
    let mut past = held();
    past.grant("c", acquire_for(3, "@p @r/*.rs", 10)).grant("d", acquire(4, "@doc")).pass(20);
    let grow = Ask::Extend { target: of("x y"), names: "@p/q".into() };
    let mut evicted = past.fork();
    evicted.grant("d", Ask::Sweep);
    vec![(past, "e", acquire(5, "v @p/q")), (evicted, "a", grow.clone()), (held(), "c", acquire(3, "@p"))]
}

pub fn an_abandonment() -> Vec<Scenario> {
    let mut past = held();
    past.pass(200).grant("c", Ask::Sweep);
    vec![(past, "b", Ask::Abandon)]
}

pub fn an_acquisition_that_evicts_what_lapsed() -> Vec<Scenario> {
    let mut past = held();
    past.grant("c", acquire_for(3, "u", 10)).pass(110);
    vec![(past, "d", acquire(4, "x z"))]
}

pub fn a_refusal_that_evicts_what_lapsed() -> Vec<Scenario> {
    let mut past = held();
    past.pass(50).grant("c", acquire(3, "u")).pass(60);
    vec![(past, "d", acquire(4, "u x"))]
}

pub fn a_renewal_and_a_heartbeat() -> Vec<Scenario> {
    let mut two = held();
    two.grant("a", acquire(3, "u"));
    vec![(held(), "a", renew("x")), (two, "a", Ask::Heartbeat)]
}

pub fn a_release_whole_in_part_and_of_several_leases() -> Vec<Scenario> {
    let mut two = held();
    two.grant("a", acquire(3, "u"));
    vec![(held(), "a", release("x y")), (held(), "a", release("x")), (two, "a", release("u x"))]
}

pub fn a_transfer_an_eviction_and_a_resumption() -> Vec<Scenario> {
    vec![
        (held(), "a", Ask::Transfer { target: of("x y"), to: holder("c"), secret: 9 }),
        (held(), "c", Ask::ForceEvict { target: of("x y") }),
        (held(), "a", Ask::Resume { names: "x y".into(), secret: 1 }),
    ]
}

pub fn the_first_step_after_a_reboot() -> Vec<Scenario> {
    let mut past = held();
    past.reboot();
    vec![(past, "c", acquire(3, "u"))]
}

pub fn a_sweep() -> Vec<Scenario> {
    let mut past = held();
    past.pass(200);
    vec![(past, "c", Ask::Sweep)]
}

pub fn a_compaction() -> Vec<Scenario> {
    let mut past = held();
    past.grant("c", Ask::ForceEvict { target: of("z") });
    let mut again = past.fork();
    again.grant("a", Ask::Compact).grant("c", acquire(3, "u"));
    vec![(past, "a", Ask::Compact), (again, "a", Ask::Compact)]
}

pub fn a_compaction_that_comes_by_itself() -> Vec<Scenario> {
    let mut past = held();
    past.options.compact_at = 1000;
    vec![(past, "c", acquire(3, "u"))]
}

pub fn carrying_over_after_a_failed_flush() -> Vec<Scenario> {
    let after = |at_once| {
        let mut past = held();
        let lost = past.fault("c", &acquire(3, "u"), is_flush, 0, Fault::LoseSync { at_once });
        assert!(matches!(lost, Outcome::Unknown(_)), "{lost:?}");
        (past, "d", acquire(4, "v"))
    };
    vec![after(true), after(false)]
}

pub fn carrying_over_after_a_flush_whose_owner_died() -> Vec<Scenario> {
    let after = |at_once| {
        let mut past = held();
        past.fault("c", &acquire(3, "u"), is_flush, 0, Fault::LoseSyncAndDie { at_once });
        (past, "d", acquire(4, "v"))
    };
    vec![after(true), after(false)]
}

pub fn cutting_a_torn_tail() -> Vec<Scenario> {
    let mut past = held();
    past.fault("c", &acquire(3, "u"), is_append, 0, Fault::DieTorn(200));
    vec![(past, "d", acquire(4, "v"))]
}

pub fn an_index_that_is_outgrown() -> Vec<Scenario> {
    let mut past = Past::new();
    for n in 0..63 {
        past.grant("a", acquire(n, &format!("x{n}")));
    }
    let size = |past: &Past| past.machine.content("index").unwrap().len();
    let mut grown = past.fork();
    for n in 63..66 {
        grown.grant("a", acquire(n, &format!("x{n}")));
    }
    assert!(size(&grown) > size(&past), "it was outgrown");
    vec![(past, "a", acquire(63, "x63 y63"))]
}

pub fn a_place_in_the_queue() -> Vec<Scenario> {
    let mut used = held();
    used.grant("d", Ask::Queue { names: "x".into() });
    vec![(held(), "c", Ask::Queue { names: "x".into() }), (used, "c", Ask::Queue { names: "x".into() })]
}

pub fn is_flush(op: &Op) -> bool {
    *op == Op::Sync(LOG.into())
}

pub fn is_append(op: &Op) -> bool {
    matches!(op, Op::Write { path, .. } if path == LOG)
}

/// Makes a test of each of the scenarios above.
macro_rules! for_each_scenario {
    ($check:ident: $($name:ident),+ $(,)?) => {
        $(#[test]
        fn $name() {
            for (past, actor, request) in crate::support::scenarios::$name() {
                $check(&past, actor, &request);
            }
        })+
    };
    ($check:ident) => {
        crate::support::scenarios::for_each_scenario! {
            $check: the_first_acquisition_that_makes_the_control_plane, an_acquisition,
            an_acquisition_that_evicts_what_lapsed, a_refusal_that_evicts_what_lapsed,
            a_renewal_and_a_heartbeat, a_release_whole_in_part_and_of_several_leases,
            a_transfer_an_eviction_and_a_resumption,
            an_acquisition_of_paths_that_supersedes_and_one_that_grows, an_abandonment, the_first_step_after_a_reboot, a_sweep,
            a_compaction, a_compaction_that_comes_by_itself, carrying_over_after_a_failed_flush,
            carrying_over_after_a_flush_whose_owner_died, cutting_a_torn_tail,
            an_index_that_is_outgrown, a_place_in_the_queue,
        }
    };
}
pub(crate) use for_each_scenario;
