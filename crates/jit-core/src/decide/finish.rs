//! Work that files say was done, and of whose end the log was never told.

use std::collections::BTreeSet;

use crate::decide::step::Step;
use crate::decide::{Refusal, Request};
use crate::{Cause, Gate, Reference, View};

/// Files say that the work on these was done. Where the last lease was lost and the log knows no end,
/// whoever did it was stopped before the log was told: that is made good.
#[derive(Clone, Debug)]
pub struct Finish {
    /// Which, with the gates that are open still.
    pub filed: Vec<(Reference, BTreeSet<Gate>)>,
}

impl Request for Finish {
    /// What ended by it.
    type Answer = Vec<Reference>;

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Vec<Reference>, Refusal>, V::Error> {
        let mut ended = Vec::new();
        for (issue, open) in &self.filed {
            // A lapse is met first, so that it is lost.
            let held = step.covering(issue)?.is_some();
            let facts = step.facts(issue)?;
            if !held && facts.outcome.is_none() && step.lost(issue)?.is_some() {
                ended.push(facts.done_but_for(open.clone()));
            }
        }
        let issues = ended.iter().map(|facts| facts.issue.clone()).collect();
        step.note(Cause::Ended, ended);
        Ok(Ok(issues))
    }
}
