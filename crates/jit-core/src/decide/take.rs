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
    /// Those that are here, and whose files say that they ended.
    pub ends: Vec<Taken>,
}

/// An end that a file brings.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Of which issue.
    pub issue: Reference,
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
            let (known, was) = (facts.outcome, taken.was.or(facts.outcome));
            let further = |than| how_far(Some(taken.becomes)) > how_far(than);
            if further(was) && taken.becomes != Outcome::Rejected {
                let gated = was == Some(Outcome::Gated);
                took.unearned.push(Unearned { issue: taken.issue.clone(), gated });
            }
            if further(was) && further(known) {
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

impl Taken {
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
