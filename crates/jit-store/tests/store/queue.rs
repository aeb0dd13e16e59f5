//! The queue: whoever came first goes first, and the dead are not waited for.

use jit_core::Refusal;
use jit_core::decide::Acquire;
use jit_store::StepError;

use crate::support::ask::{acquire, acquisition, ask, release};
use crate::support::past::Past;
use crate::support::scenarios::held;
use crate::support::{claimed, holder, policy, reader};

/// Asks with a place in the queue, or without; who was in the way?
fn asks(past: &Past, actor: &str, n: u64, names: &str, ticket: Option<u64>) -> Result<(), Vec<String>> {
    let request = Acquire { ticket, ..acquisition(n, names, 100) };
    match past.process().transact(&request, &holder(actor), &policy()) {
        Ok(_) => Ok(()),
        Err(StepError::Refused(Refusal::Awaited(wanted))) => {
            Err(wanted.into_iter().map(|wanted| wanted.blocker.agent.to_string()).collect())
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn a_living_waiter_is_not_overtaken_and_a_dead_one_is() {
    let past = held();
    let (first, second) = (past.process(), past.process());
    let one = first.queue(&holder("c"), &claimed("x")).unwrap();
    let two = second.queue(&holder("d"), &claimed("x y")).unwrap();
    assert!(two.number() > one.number());
    assert!(ask(&past.process(), "a", &release("x y")).is_granted());
    assert_eq!(asks(&past, "e", 10, "x", None), Err(vec!["agent:c".into(), "agent:d".into()]));
    assert_eq!(asks(&past, "d", 11, "x y", Some(two.number())), Err(vec!["agent:c".into()]));
    assert_eq!(asks(&past, "e", 12, "w", None), Ok(()), "order binds only requests that overlap");
    past.machine.kill(first.disk().pid);
    assert_eq!(asks(&past, "e", 13, "x", None), Err(vec!["agent:d".into()]));
    assert_eq!(asks(&past, "d", 14, "x y", Some(two.number())), Ok(()));
    drop((one, two));
}

/// Places are taken again, and later ones are behind earlier ones all the same.
#[test]
fn slots_are_used_again_and_the_order_is_kept() {
    let past = held();
    let (first, second, third) = (past.process(), past.process(), past.process());
    let one = first.queue(&holder("c"), &claimed("x")).unwrap();
    let two = second.queue(&holder("d"), &claimed("x")).unwrap();
    drop(one);
    let three = third.queue(&holder("e"), &claimed("x")).unwrap();
    let tickets = past.machine.names().iter().filter(|name| name.contains("ticket")).count();
    assert_eq!(tickets, 2);
    assert!(ask(&past.process(), "a", &release("x")).is_granted());
    assert_eq!(asks(&past, "e", 10, "x", Some(three.number())), Err(vec!["agent:d".into()]));
    assert_eq!(asks(&past, "d", 11, "x", Some(two.number())), Ok(()));
}

/// One who waits hears of changes, of a waiter that left, and of nothing else.
#[test]
fn changes_are_heard() {
    let past = held();
    let waiter = past.process();
    let ticket = waiter.queue(&holder("c"), &claimed("x")).unwrap();
    let seen = waiter.seen().unwrap();
    assert!(!ask(&past.process(), "e", &acquire(10, "x")).is_granted());
    assert_eq!(waiter.seen().unwrap(), seen, "a refusal is no change");
    assert!(ask(&past.process(), "a", &release("x")).is_granted());
    let changed = waiter.seen().unwrap();
    assert_ne!(changed, seen);
    drop(ticket);
    assert_ne!(waiter.seen().unwrap(), changed);
}

/// A waiter that was stopped keeps its lock but not those behind it waiting; when it goes on, it
/// has its place again.
#[test]
fn a_stopped_waiter_is_passed_over_until_it_goes_on() {
    let past = held();
    let (first, second) = (past.process(), past.process());
    let mut one = first.queue(&holder("c"), &claimed("x")).unwrap();
    let mut two = second.queue(&holder("d"), &claimed("x")).unwrap();
    for _ in 0..4 {
        past.machine.pass(5);
        first.look(&mut one).unwrap();
        second.look(&mut two).unwrap();
    }
    assert!(ask(&past.process(), "a", &release("x")).is_granted());
    past.machine.pass(15);
    second.look(&mut two).unwrap();
    let both = Err(vec!["agent:c".into(), "agent:d".into()]);
    assert_eq!(asks(&past, "e", 10, "x", None), both, "a long nap is no stop");
    past.machine.pass(1);
    assert_eq!(asks(&past, "e", 11, "x", None), Err(vec!["agent:d".into()]));
    first.look(&mut one).unwrap();
    assert_eq!(asks(&past, "e", 12, "x", None), both);
    assert_eq!(asks(&past, "d", 13, "x", Some(two.number())), Err(vec!["agent:c".into()]));
    past.machine.pass(16);
    second.look(&mut two).unwrap();
    assert_eq!(asks(&past, "d", 14, "x", Some(two.number())), Ok(()));
}

/// Who waits is told without a lock or a write; who left is not among them.
#[test]
fn waiters_are_seen_by_readers() {
    let past = held();
    let seen = || {
        let waiting = reader(&past.machine).waiting();
        waiting.iter().map(|waiter| waiter.agent.to_string()).collect::<Vec<_>>()
    };
    assert!(seen().is_empty());
    let (first, second) = (past.process(), past.process());
    let one = first.queue(&holder("c"), &claimed("x y")).unwrap();
    let mut two = second.queue(&holder("d"), &claimed("x")).unwrap();
    assert_eq!(seen(), ["agent:c", "agent:d"]);
    let waiting = reader(&past.machine).waiting();
    assert_eq!(waiting[0].claim, claimed("x y"));
    drop(one);
    assert_eq!(seen(), ["agent:d"]);
    past.machine.kill(second.disk().pid);
    past.machine.pass(16);
    assert!(seen().is_empty(), "the dead fall silent");
    assert!(second.look(&mut two).is_err());
}
