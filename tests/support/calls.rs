//! Calls of real processes on few names, recorded for the checker.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::support::answer::{Answer, Trouble};
use crate::support::linear::{Call, Hold, Op, linearizable};
use crate::support::repo::Agent;
use crate::support::rng::Rng;

/// What one thread asked and was answered.
pub(crate) struct Recorder {
    began: Instant,
    /// With the name that each is about.
    pub(crate) calls: Vec<(String, Call<Op>)>,
    /// Grants that were acknowledged: lease and fence.
    pub(crate) acknowledged: Vec<(String, u64)>,
    /// Calls that were killed, or whose durability was unknown.
    pub(crate) unknown: usize,
}

/// A lease that its agent believes to have.
#[derive(Clone)]
pub(crate) struct Own {
    pub(crate) name: String,
    pub(crate) lease: String,
    pub(crate) agent: String,
}

/// What came of a call.
pub(crate) enum Outcome {
    Done(Answer),
    Refused(Trouble),
    /// Killed, or of unknown durability with these facts.
    Unknown(Option<Trouble>),
}

impl Recorder {
    pub(crate) fn new(began: Instant) -> Self {
        Self { began, calls: Vec::new(), acknowledged: Vec::new(), unknown: 0 }
    }

    fn now(&self) -> u64 {
        self.began.elapsed().as_nanos() as u64
    }

    /// Runs one process, perhaps killing it after so long.
    fn ask(&mut self, agent: &Agent<'_>, arguments: &[&str], kill: Option<Duration>) -> (u64, u64, Outcome) {
        let called = self.now();
        let answer = match kill {
            None => agent.jit(arguments),
            Some(after) => {
                let running = agent.start(arguments);
                let until = Instant::now() + after;
                // Sleeping would round to the scheduler's ticks.
                while Instant::now() < until {
                    std::thread::yield_now();
                }
                running.kill()
            }
        };
        let answered = self.now();
        // One that was killed may have said all it had to say before.
        let whole = |text: &str| text.ends_with('\n');
        let outcome = match answer.status {
            Some(0) => Outcome::Done(answer),
            Some(_) => {
                let trouble = answer.trouble();
                if trouble.code == "durability_unknown" {
                    assert_eq!((answer.status, trouble.retryable), (Some(1), true), "{answer:?}");
                    self.unknown += 1;
                    Outcome::Unknown(Some(trouble))
                } else {
                    Outcome::Refused(trouble)
                }
            }
            None if whole(&answer.stdout) => Outcome::Done(Answer { status: Some(0), ..answer }),
            None => {
                self.unknown += 1;
                Outcome::Unknown(None)
            }
        };
        (called, answered, outcome)
    }

    fn push(&mut self, name: &str, called: u64, answered: Option<u64>, op: Op) {
        self.calls.push((name.to_owned(), Call { called, answered, op }));
    }

    /// Asks for a name. Of one that may be killed, the agent must be nobody else's.
    pub(crate) fn acquire(&mut self, agent: &Agent<'_>, name: &str, kill: Option<Duration>) -> Option<Own> {
        let who = agent.id().to_owned();
        let (called, answered, outcome) = self.ask(agent, &["claim", "acquire", name], kill);
        match outcome {
            Outcome::Done(answer) => {
                let lease = answer.lease();
                self.acknowledged.push((lease.lease_id.clone(), lease.fence));
                let granted = Some((lease.lease_id.clone(), lease.fence));
                self.push(name, called, Some(answered), Op::Acquired { agent: who.clone(), granted });
                Some(Own { name: name.into(), lease: lease.lease_id, agent: who })
            }
            Outcome::Refused(trouble) => {
                let seen =
                    seen(&trouble).unwrap_or_else(|| panic!("a loser is told who has it: {trouble:?}"));
                self.push(name, called, Some(answered), seen);
                None
            }
            Outcome::Unknown(Some(trouble)) => {
                let text = |key: &str| trouble.find(key).and_then(|v| v.as_str()).map(str::to_owned);
                let lease = text("lease_id").unwrap_or_else(|| panic!("{trouble:?}"));
                text("token").unwrap_or_else(|| panic!("{trouble:?}"));
                let fence = trouble.find("fence").and_then(serde_json::Value::as_u64).unwrap();
                let granted = Some((lease.clone(), fence));
                self.push(name, called, None, Op::Acquired { agent: who.clone(), granted });
                Some(Own { name: name.into(), lease, agent: who })
            }
            Outcome::Unknown(None) => {
                self.push(name, called, None, Op::Acquired { agent: who, granted: None });
                None
            }
        }
    }

    /// Asks something for a lease that the agent has or had.
    fn own(
        &mut self,
        agent: &Agent<'_>,
        own: &Own,
        verb: &[&str],
        kill: Option<Duration>,
        op: impl Fn(Option<&Answer>) -> Op,
    ) -> bool {
        let arguments = [&["claim"], verb].concat();
        let (called, answered, outcome) = self.ask(agent, &arguments, kill);
        match outcome {
            Outcome::Done(answer) => {
                self.push(&own.name, called, Some(answered), op(Some(&answer)));
                true
            }
            Outcome::Refused(trouble) => {
                assert!(
                    ["lease_lost", "not_yours", "lease_released"].contains(&&*trouble.code),
                    "{trouble:?}"
                );
                let not_theirs = Op::NotTheirs { agent: own.agent.clone(), lease: own.lease.clone() };
                self.push(&own.name, called, Some(answered), not_theirs);
                false
            }
            Outcome::Unknown(_) => {
                self.push(&own.name, called, None, op(None));
                true
            }
        }
    }

    /// Whether it may still be the agent's.
    pub(crate) fn renew(&mut self, agent: &Agent<'_>, own: &Own, kill: Option<Duration>) -> bool {
        let op = Op::Renewed { agent: own.agent.clone(), lease: own.lease.clone() };
        self.own(agent, own, &["renew", &own.lease], kill, |_| op.clone())
    }

    pub(crate) fn release(&mut self, agent: &Agent<'_>, own: &Own, kill: Option<Duration>) {
        let op = Op::Released { agent: own.agent.clone(), lease: own.lease.clone() };
        self.own(agent, own, &["release", &own.lease], kill, |_| op.clone());
    }

    pub(crate) fn transfer(&mut self, agent: &Agent<'_>, own: &Own, to: &str) {
        let (a, l, t) = (own.agent.clone(), own.lease.clone(), to.to_owned());
        self.own(agent, own, &["transfer", &own.lease, "--to", to], None, |answer| Op::Transferred {
            agent: a.clone(),
            lease: l.clone(),
            to: t.clone(),
            fence: answer.map(|answer| answer.lease().fence),
        });
    }

    pub(crate) fn evict(&mut self, agent: &Agent<'_>, name: &str) {
        let (called, answered, outcome) =
            self.ask(agent, &["claim", "force-evict", name, "--reason", "test"], None);
        let (answered, op) = match outcome {
            Outcome::Done(answer) => {
                let evicted = &answer.ok()["evicted"];
                let text = |key: &str| evicted[key].as_str().unwrap().to_owned();
                (Some(answered), Op::Evicted { whose: Some((text("agent"), text("lease_id"))) })
            }
            Outcome::Refused(trouble) => {
                assert_eq!(trouble.code, "not_held");
                (Some(answered), Op::SeenFree)
            }
            Outcome::Unknown(_) => (None, Op::Evicted { whose: None }),
        };
        self.push(name, called, answered, op);
    }

    pub(crate) fn status(&mut self, agent: &Agent<'_>, name: &str) {
        let (called, answered, outcome) = self.ask(agent, &["claim", "status", name], None);
        let Outcome::Done(answer) = outcome else { panic!("a status is no writing") };
        let op = match answer.lease_if_any() {
            Some(lease) => Op::SeenHeld { agent: lease.agent, lease: lease.lease_id },
            None => Op::SeenFree,
        };
        self.push(name, called, Some(answered), op);
    }

    /// One thing or another.
    pub(crate) fn anything(
        &mut self,
        rng: &mut Rng,
        agents: &[Agent<'_>],
        names: &[String],
        own: &mut Vec<Own>,
    ) {
        let name = &names[rng.below(names.len() as u64) as usize];
        let agent = &agents[rng.below(agents.len() as u64) as usize];
        let mine = (!own.is_empty()).then(|| rng.below(own.len().max(1) as u64) as usize);
        let whose = |own: &Own| agents.iter().find(|agent| agent.id() == own.agent).unwrap();
        match (rng.below(10), mine) {
            (0..=1, Some(i)) => {
                if !self.renew(whose(&own[i]), &own[i], None) {
                    own.remove(i);
                }
            }
            (2..=5, Some(i)) => {
                let own = own.remove(i);
                self.release(whose(&own), &own, None);
            }
            (6, Some(i)) => {
                let mut gone = own.remove(i);
                self.transfer(whose(&gone), &gone, agent.id());
                gone.agent = agent.id().to_owned();
                own.push(gone);
            }
            (7, _) => self.evict(agent, name),
            (8, _) => self.status(agent, name),
            _ => own.extend(self.acquire(agent, name, None)),
        }
    }
}

/// Who was in the way.
fn seen(trouble: &Trouble) -> Option<Op> {
    let conflict = &trouble.context["conflicts"][0];
    let agent = conflict["agent"].as_str()?.to_owned();
    Some(Op::SeenHeld { agent, lease: conflict["lease"]["lease_id"].as_str()?.to_owned() })
}

/// Each name's calls have an order that explains them.
pub(crate) fn check(recorders: &[Recorder]) {
    let mut by_name: BTreeMap<&str, Vec<Call<Op>>> = BTreeMap::new();
    for (name, call) in recorders.iter().flat_map(|recorder| &recorder.calls) {
        by_name.entry(name).or_default().push(call.clone());
    }
    for (name, mut history) in by_name {
        // A killed claim that nobody ever saw need not have happened, and a killed renewal
        // changes nothing: without them there is much less to search.
        let told = history.clone();
        history.retain(|call| match &call.op {
            _ if call.answered.is_some() => true,
            Op::Renewed { .. } => false,
            Op::Acquired { agent, granted: None } => {
                told.iter().any(|other| other.answered.is_some() && other.op.tells_of() == Some(agent))
            }
            _ => true,
        });
        if let Err(why) = linearizable(Hold::default(), &history) {
            panic!("{name}: {why}");
        }
    }
}
