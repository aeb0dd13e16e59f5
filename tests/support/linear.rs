//! A linearizability checker: is there one order of all calls that agrees with when they were made
//! and answered, in which each answer follows from those before it?
//!
//! Wing and Gong's search with Lowe's memory: a set of calls that took effect, together with the
//! state after them, is looked at once. It knows nothing of the program but what is in [`Hold`].

use std::collections::HashSet;

/// When a call was made and answered, in nanoseconds of one clock.
#[derive(Clone, Debug)]
pub(crate) struct Call<Op> {
    pub(crate) called: u64,
    /// `None`: nobody knows whether it took effect, and if it did, it may have been at any time
    /// after it was made.
    pub(crate) answered: Option<u64>,
    pub(crate) op: Op,
}

/// What one name goes through.
pub(crate) trait Model: Sized + Clone + Eq + std::hash::Hash + std::fmt::Debug {
    type Op: std::fmt::Debug;

    /// The state after a call that was answered as it was, if that can be.
    fn after(&self, op: &Self::Op) -> Option<Self>;
}

/// Looks for an order that explains the history; says how far it got where there is none.
pub(crate) fn linearizable<M: Model>(initial: M, history: &[Call<M::Op>]) -> Result<(), String> {
    let mut calls: Vec<&Call<M::Op>> = history.iter().collect();
    calls.sort_by_key(|call| call.called);
    let words = calls.len().div_ceil(64);
    let mut seen = HashSet::new();
    let mut open = vec![(vec![0_u64; words], initial)];
    let mut furthest = (0, open[0].clone());
    while let Some((done, state)) = open.pop() {
        if !seen.insert((done.clone(), state.clone())) {
            continue;
        }
        let is_done = |i: usize| done[i / 64] >> (i % 64) & 1 == 1;
        let waiting = || calls.iter().enumerate().filter(|(i, _)| !is_done(*i)).map(|(_, call)| *call);
        // What was answered before another was made comes before it.
        let Some(first_answer) = waiting().filter_map(|call| call.answered).min() else { return Ok(()) };
        let count = done.iter().map(|word| word.count_ones()).sum();
        if count >= furthest.0 {
            furthest = (count, (done.clone(), state.clone()));
        }
        for (i, call) in calls.iter().enumerate().take_while(|(_, call)| call.called <= first_answer) {
            if is_done(i) {
                continue;
            }
            if let Some(next) = state.after(&call.op) {
                let mut done = done.clone();
                done[i / 64] |= 1 << (i % 64);
                open.push((done, next));
            }
        }
    }
    let (count, (done, state)) = furthest;
    let stuck: Vec<_> =
        (0..calls.len()).filter(|i| done[i / 64] >> (i % 64) & 1 == 0).take(8).map(|i| calls[i]).collect();
    Err(format!(
        "{count} of {} calls can be explained; in {state:?} none of these can come next: {stuck:#?}",
        calls.len()
    ))
}

/// One name: who holds it by which lease, and the highest fence so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Hold {
    held: Option<Held>,
    fence: u64,
}

/// The lease is `None` where it was granted to one who was killed before it could say so; its
/// agent then is nobody else's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Held {
    agent: String,
    lease: Option<String>,
}

/// A call and its answer, as far as one name goes.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    /// Granted, with the lease and fence if the answer came.
    Acquired {
        agent: String,
        granted: Option<(String, u64)>,
    },
    /// Refused, or a status: this agent was seen to hold it by this lease.
    SeenHeld {
        agent: String,
        lease: String,
    },
    /// A status, or the refusal of an eviction: nobody was seen to hold it.
    SeenFree,
    Renewed {
        agent: String,
        lease: String,
    },
    Released {
        agent: String,
        lease: String,
    },
    /// Whatever was asked for, the lease was not the agent's any more.
    NotTheirs {
        agent: String,
        lease: String,
    },
    Transferred {
        agent: String,
        lease: String,
        to: String,
        fence: Option<u64>,
    },
    /// Ended by force; whose and which lease that was, if the answer came.
    Evicted {
        whose: Option<(String, String)>,
    },
}

impl Op {
    /// Whose hold it tells of.
    pub(crate) fn tells_of(&self) -> Option<&str> {
        match self {
            Self::Acquired { agent, .. }
            | Self::SeenHeld { agent, .. }
            | Self::Renewed { agent, .. }
            | Self::Released { agent, .. }
            | Self::Transferred { agent, .. }
            | Self::Evicted { whose: Some((agent, _)) } => Some(agent),
            Self::SeenFree | Self::NotTheirs { .. } | Self::Evicted { whose: None } => None,
        }
    }
}

impl Held {
    fn is(&self, agent: &str, lease: &str) -> bool {
        self.agent == agent && self.lease.as_deref().is_none_or(|own| own == lease)
    }
}

impl Hold {
    fn fenced(&self, fence: Option<u64>) -> Option<u64> {
        match fence {
            None => Some(self.fence),
            Some(fence) => (fence > self.fence).then_some(fence),
        }
    }
}

impl Model for Hold {
    type Op = Op;

    fn after(&self, op: &Op) -> Option<Self> {
        let holds = |agent: &str, lease: &str| self.held.as_ref().is_some_and(|held| held.is(agent, lease));
        let held = |agent: &str, lease: &str| Some(Held { agent: agent.into(), lease: Some(lease.into()) });
        match op {
            Op::Acquired { agent, granted } if self.held.is_none() => Some(Self {
                held: Some(Held {
                    agent: agent.clone(),
                    lease: granted.as_ref().map(|(lease, _)| lease.clone()),
                }),
                fence: self.fenced(granted.as_ref().map(|(_, fence)| *fence))?,
            }),
            // From here on the lease of one who was killed is known.
            Op::SeenHeld { agent, lease } | Op::Renewed { agent, lease } if holds(agent, lease) => {
                Some(Self { held: held(agent, lease), fence: self.fence })
            }
            Op::SeenFree if self.held.is_none() => Some(self.clone()),
            Op::NotTheirs { agent, lease } if !holds(agent, lease) => Some(self.clone()),
            Op::Released { agent, lease } if holds(agent, lease) => {
                Some(Self { held: None, fence: self.fence })
            }
            Op::Transferred { agent, lease, to, fence } if holds(agent, lease) => {
                Some(Self { held: held(to, lease), fence: self.fenced(*fence)? })
            }
            Op::Evicted { whose: None } if self.held.is_some() => {
                Some(Self { held: None, fence: self.fence })
            }
            Op::Evicted { whose: Some((agent, lease)) } if holds(agent, lease) => {
                Some(Self { held: None, fence: self.fence })
            }
            _ => None,
        }
    }
}

/// The checker is itself checked: histories that are known to be good or bad.
mod tests {
    use super::*;

    fn call(called: u64, answered: u64, op: Op) -> Call<Op> {
        Call { called, answered: Some(answered), op }
    }

    fn never(called: u64, op: Op) -> Call<Op> {
        Call { called, answered: None, op }
    }

    fn acquired(agent: &str, lease: &str, fence: u64) -> Op {
        Op::Acquired { agent: agent.into(), granted: Some((lease.into(), fence)) }
    }

    fn seen(agent: &str, lease: &str) -> Op {
        Op::SeenHeld { agent: agent.into(), lease: lease.into() }
    }

    fn released(agent: &str, lease: &str) -> Op {
        Op::Released { agent: agent.into(), lease: lease.into() }
    }

    fn not_theirs(agent: &str, lease: &str) -> Op {
        Op::NotTheirs { agent: agent.into(), lease: lease.into() }
    }

    fn evicted(agent: &str, lease: &str) -> Op {
        Op::Evicted { whose: Some((agent.into(), lease.into())) }
    }

    fn good(history: &[Call<Op>]) {
        linearizable(Hold::default(), history).unwrap();
    }

    fn bad(why: &str, history: &[Call<Op>]) {
        assert!(linearizable(Hold::default(), history).is_err(), "accepted: {why}");
    }

    #[test]
    fn it_accepts_what_some_order_explains() {
        good(&[]);
        good(&[call(0, 9, acquired("a", "1", 1)), call(1, 8, seen("a", "1"))]);
        // The refusal was answered before the grant was, and the release overlaps the next grant.
        good(&[
            call(0, 5, acquired("a", "1", 1)),
            call(1, 2, seen("a", "1")),
            call(6, 9, released("a", "1")),
            call(7, 8, acquired("b", "2", 3)),
        ]);
        good(&[
            call(0, 1, acquired("a", "1", 1)),
            call(
                2,
                3,
                Op::Transferred { agent: "a".into(), lease: "1".into(), to: "b".into(), fence: Some(2) },
            ),
            call(4, 5, not_theirs("a", "1")),
            call(4, 6, Op::Renewed { agent: "b".into(), lease: "1".into() }),
            call(7, 8, evicted("b", "1")),
            call(9, 10, Op::SeenFree),
        ]);
    }

    #[test]
    fn it_accepts_that_a_killed_call_took_effect_late_or_never() {
        let killed = never(0, Op::Acquired { agent: "v".into(), granted: None });
        let free = call(2, 3, Op::SeenFree);
        good(&[killed.clone(), free.clone()]);
        good(&[killed.clone(), free, call(4, 5, seen("v", "7")), call(6, 7, evicted("v", "7"))]);
        // But only once, and by one lease.
        bad(
            "a killed call took effect twice",
            &[
                killed.clone(),
                call(4, 5, seen("v", "7")),
                call(6, 7, evicted("v", "7")),
                call(8, 9, seen("v", "7")),
            ],
        );
        bad(
            "a killed call was granted two leases",
            &[killed, call(4, 5, seen("v", "7")), call(6, 7, seen("v", "8"))],
        );
        bad(
            "an effect before its cause",
            &[call(0, 1, seen("v", "7")), never(2, Op::Acquired { agent: "v".into(), granted: None })],
        );
    }

    #[test]
    fn it_rejects_what_no_order_explains() {
        let grant = || call(0, 1, acquired("a", "1", 1));
        bad("held twice", &[grant(), call(2, 3, acquired("b", "2", 2))]);
        bad("held twice, at once", &[call(0, 9, acquired("a", "1", 1)), call(0, 9, acquired("b", "2", 2))]);
        bad("a grant that vanished", &[grant(), call(2, 3, Op::SeenFree)]);
        bad("a refusal that names nobody's lease", &[call(0, 1, seen("a", "1"))]);
        bad("a refusal that names the wrong one", &[grant(), call(2, 3, seen("b", "2"))]);
        bad(
            "a refusal after the release",
            &[grant(), call(2, 3, released("a", "1")), call(4, 5, seen("a", "1"))],
        );
        bad(
            "a fence that does not grow",
            &[
                call(0, 1, acquired("a", "1", 5)),
                call(2, 3, released("a", "1")),
                call(4, 5, acquired("b", "2", 5)),
            ],
        );
        bad("a release by another", &[grant(), call(2, 3, released("b", "1"))]);
        bad("two releases", &[grant(), call(2, 9, released("a", "1")), call(2, 9, released("a", "1"))]);
        bad(
            "a lease lost while it stood",
            &[grant(), call(2, 3, not_theirs("a", "1")), call(4, 5, released("a", "1"))],
        );
        bad(
            "an old holder after a transfer",
            &[
                grant(),
                call(
                    2,
                    3,
                    Op::Transferred { agent: "a".into(), lease: "1".into(), to: "b".into(), fence: Some(2) },
                ),
                call(4, 5, released("a", "1")),
            ],
        );
        bad("an eviction of another's", &[grant(), call(2, 3, evicted("b", "1"))]);
        bad("an eviction of what nobody held", &[call(0, 1, Op::Evicted { whose: None })]);
    }

    #[test]
    fn a_single_lie_in_a_long_history_is_found() {
        // Twenty agents overlap, each twice; then one refusal is made to name the holder before.
        let mut history = Vec::new();
        for i in 0..200_u64 {
            let (agent, lease) = (format!("a{}", i % 20), format!("{i}"));
            let at = i * 100;
            history.push(call(at, at + 60, acquired(&agent, &lease, i + 1)));
            history.push(call(at, at + 70, seen(&agent, &lease)));
            history.push(call(at + 65, at + 99, released(&agent, &lease)));
        }
        good(&history);
        history[400].op = seen("a12", "132");
        bad("one stale refusal", &history);
    }
}
