//! Work that files say was done, and of whose end the log was never told.

use std::collections::BTreeSet;

use crate::decide::step::Step;
use crate::decide::{Refusal, Request};
use crate::{Cause, Gate, Known, Lease, LeaseId, Reference, View};

/// Why a file in the actor's worktree says that work was done, where the log knows no end: whoever
/// releases work writes its file first, and may be stopped before the log is told.
///
/// A file of which none of these is true came with a clone, or is older than a reopening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unrecorded {
    /// The lease stands, in this worktree: its holder may say so yet.
    Unreleased(Box<Lease>),
    /// This worktree lost the lease, and nobody works on it: the log is to be told.
    Left,
    /// This worktree lost the lease, and somebody elsewhere works on it again.
    DoneAgain(Box<Lease>),
}

/// Files say that the work on these was done. The log is told of what was left.
#[derive(Clone, Debug)]
pub struct Finish {
    /// Which, with the gates that are open still.
    pub filed: Vec<(Reference, BTreeSet<Gate>)>,
}

impl Request for Finish {
    /// Those that the log knew no end of.
    type Answer = Vec<(Reference, Unrecorded)>;

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Self::Answer, Refusal>, V::Error> {
        let (mut found, mut ended) = (Vec::new(), Vec::new());
        for (issue, open) in &self.filed {
            if let Some(why) = step.unrecorded(issue)? {
                if why == Unrecorded::Left {
                    let facts = step.facts(issue)?.done_but_for(open.clone());
                    ended.push(step.by_actor(facts, None));
                }
                found.push((issue.clone(), why));
            }
        }
        step.note(Cause::Ended, ended);
        Ok(Ok(found))
    }
}

impl<V: View> Step<'_, V> {
    fn unrecorded(&mut self, issue: &Reference) -> Result<Option<Unrecorded>, V::Error> {
        // A lapse is met first, so that it is lost.
        let held = self.covering(issue)?.map(Box::new);
        if self.facts(issue)?.outcome.is_some() {
            return Ok(None);
        }
        Ok(match held {
            Some(lease) if lease.holder.worktree == self.scene().actor.worktree => {
                Some(Unrecorded::Unreleased(lease))
            }
            Some(lease) => {
                self.lost_here_of(issue, lease.supersedes.clone())?.then_some(Unrecorded::DoneAgain(lease))
            }
            None => {
                let lost = self.lost(issue)?.map(|ended| ended.lease.id).into_iter().collect();
                self.lost_here_of(issue, lost)?.then_some(Unrecorded::Left)
            }
        })
    }

    /// Whether one of these lost leases, or of those that they superseded, was this worktree's: only
    /// there can its holder have written the file. What came before a reopening is not counted.
    fn lost_here_of(&mut self, issue: &Reference, mut lost: Vec<LeaseId>) -> Result<bool, V::Error> {
        let (here, reopened) = (self.scene().actor.worktree, self.facts(issue)?.reopened);
        while let Some(id) = lost.pop() {
            let Some(Known::Ended(ended)) = self.lease(&id)? else { continue };
            let lease = ended.lease;
            if lease.issues.contains(issue) && Some(lease.fence) > reopened {
                if lease.holder.worktree == here {
                    return Ok(true);
                }
                lost.extend(lease.supersedes);
            }
        }
        Ok(false)
    }
}
