//! Issues as they come from elsewhere: what an import may write over what is here.

use std::collections::BTreeSet;

use crate::decide::step::Step;
use crate::decide::{Refusal, Request};
use crate::{Cause, Enforcement, Facts, FiledGates, Gate, Lease, Outcome, Reference, View};

/// Issues are taken as they are elsewhere. The log comes to know the ends that they bring.
#[derive(Clone, Debug, Default)]
pub struct Take {
    /// Those whose files are written.
    pub issues: Vec<Reference>,
    /// Those that are here, and of which a file says, or will say, that they ended.
    pub ends: Vec<Taken>,
}

/// An end that a file brings.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Of which issue.
    pub issue: Reference,
    /// Whether its file is written; else it is here just so, perhaps from a take that died before
    /// the log.
    pub is_written: bool,
    /// What the file here says of its end.
    pub was: Option<Outcome>,
    /// What it will say.
    pub becomes: Outcome,
    /// The gates that are open then.
    pub open: BTreeSet<Gate>,
}

/// Work that would be done by somebody's word alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unearned {
    /// Which issue.
    pub issue: Reference,
    /// Whether the work on it was done, and only its gates are open.
    pub gated: bool,
}

/// What is to be warned of, where the policy says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Took {
    /// The leases of others that it goes over.
    pub over: Vec<Lease>,
    /// What is done by it without its lease, or with open gates.
    pub unearned: Vec<Unearned>,
}

impl Request for Take {
    type Answer = Took;

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Took, Refusal>, V::Error> {
        let mut took = Took::default();
        for issue in &self.issues {
            match step.may_change(issue)? {
                Ok(over) => took.over.extend(over.map(|lease| *lease)),
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        let mut ended = Vec::new();
        for taken in &self.ends {
            let facts = step.facts(&taken.issue)?;
            let ends = if taken.is_said_already(&facts) {
                step.may_follow(taken, &facts)?
            } else {
                let was = taken.before(&facts);
                let ends = taken.is_further(was);
                if ends && taken.becomes != Outcome::Rejected {
                    let gated = was == Some(Outcome::Gated);
                    took.unearned.push(Unearned { issue: taken.issue.clone(), gated });
                }
                ends
            };
            if ends {
                ended.push(step.by_actor(taken.noted(facts), None));
            }
        }
        match step.scene().policy.enforcement(&step.scene().actor.agent) {
            Enforcement::Strict if !took.unearned.is_empty() => {
                return Ok(Err(Refusal::Unearned(took.unearned)));
            }
            Enforcement::Off => took.unearned.clear(),
            Enforcement::Strict | Enforcement::Warn => {}
        }
        step.note(Cause::Ended, ended);
        Ok(Ok(took))
    }
}

impl<V: View> Step<'_, V> {
    /// Whether the log is told an end that a file here says already. Nobody's lease is in the way of
    /// that, and whoever may not end work by a word alone does not do so by repeating it.
    fn may_follow(&mut self, taken: &Taken, facts: &Facts) -> Result<bool, V::Error> {
        let strict = self.scene().policy.enforcement(&self.scene().actor.agent) == Enforcement::Strict;
        Ok(facts.reopened.is_none()
            && taken.is_further(facts.outcome)
            && (taken.becomes == Outcome::Rejected || !strict)
            && self.covering(&taken.issue)?.is_none())
    }
}

impl Taken {
    /// Whether the file here says this end. One that was reopened since may end anew by the same word.
    fn is_said_already(&self, facts: &Facts) -> bool {
        self.was == Some(self.becomes) && !(self.is_written && facts.reopened.is_some())
    }

    /// How far it had come: what a file says of one that was reopened may be old.
    fn before(&self, facts: &Facts) -> Option<Outcome> {
        let filed = self.was.filter(|_| facts.reopened.is_none());
        filed.into_iter().chain(facts.outcome).max_by_key(|outcome| how_far(Some(*outcome)))
    }

    fn is_further(&self, than: Option<Outcome>) -> bool {
        how_far(Some(self.becomes)) > how_far(than)
    }

    fn noted(&self, facts: Facts) -> Facts {
        match self.becomes {
            Outcome::Rejected => facts.ended(Outcome::Rejected),
            Outcome::Done | Outcome::Gated => {
                facts.done_with(FiledGates { open: self.open.clone(), ..FiledGates::default() })
            }
        }
    }
}

/// How far an issue has come: an end never takes back one that is further.
fn how_far(outcome: Option<Outcome>) -> u8 {
    match outcome {
        None => 0,
        Some(Outcome::Rejected) => 1,
        Some(Outcome::Gated) => 2,
        Some(Outcome::Done) => 3,
    }
}
