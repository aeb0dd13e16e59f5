//! Ends that files say, and that the log knows not.

use crate::decide::step::Step;
use crate::decide::{Refusal, Request};
use crate::{Cause, FiledGates, Known, Lease, LeaseId, Outcome, Reference, View, WallTime};

/// Why a file in the actor's worktree says that work was done, where the log knows no end: whoever
/// releases work writes its file first, and may be stopped before the log is told.
///
/// A file of which none of these is true came with a clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unrecorded {
    /// The lease stands, in this worktree: its holder may say so yet.
    Unreleased(Box<Lease>),
    /// This worktree lost the lease, and nobody works on it: the log is to be told.
    Left,
    /// This worktree lost the lease, and somebody elsewhere works on it again.
    DoneAgain(Box<Lease>),
    /// It was said to be open after the file was written: reopened where another file says so, or given
    /// up undone.
    Undone {
        /// When that was.
        at: WallTime,
        /// How it ended, as the file says.
        filed: Outcome,
    },
}

/// A file that says that an issue ended.
#[derive(Clone, Debug)]
pub struct SaysEnded {
    /// Which.
    pub issue: Reference,
    /// How it ended, as it says.
    pub outcome: Outcome,
    /// What it says of its gates.
    pub gates: FiledGates,
    /// When the file was written.
    pub at: WallTime,
}

/// Files say that these ended. The log is told of work that was left.
#[derive(Clone, Debug)]
pub struct Finish {
    /// Those files.
    pub filed: Vec<SaysEnded>,
}

impl Request for Finish {
    /// Those that the log knew no end of.
    type Answer = Vec<(Reference, Unrecorded)>;

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Self::Answer, Refusal>, V::Error> {
        let (mut found, mut ended) = (Vec::new(), Vec::new());
        for filed in &self.filed {
            let issue = &filed.issue;
            if let Some(why) = step.unrecorded(filed)? {
                if why == Unrecorded::Left {
                    let facts = step.facts(issue)?.done_with(filed.gates.clone());
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
    /// What the log says instead.
    fn unrecorded(&mut self, filed: &SaysEnded) -> Result<Option<Unrecorded>, V::Error> {
        let SaysEnded { issue, outcome, at: written, .. } = filed;
        // A lapse is met first, so that it is lost.
        let held = self.covering(issue)?.map(Box::new);
        let facts = self.facts(issue)?;
        if facts.outcome.is_some() {
            return Ok(None);
        }
        let undone = facts.undone_at.filter(|_| facts.contradicts(*written));
        let undone = undone.map(|at| Unrecorded::Undone { at, filed: *outcome });
        // The log is told of a rejection before the file.
        let here = if outcome.is_worked() { self.released_here(issue, held)? } else { None };
        Ok(match here {
            // Somebody took it over meanwhile, and said that it is not done.
            Some(Unrecorded::Left) if undone.is_some() => undone,
            here => here.or(undone),
        })
    }

    /// Whether it may have been written by a release here of which the log was never told.
    fn released_here(
        &mut self,
        issue: &Reference,
        held: Option<Box<Lease>>,
    ) -> Result<Option<Unrecorded>, V::Error> {
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

    /// Whether one of these lost leases, or of those that they superseded, was this worktree's, or one
    /// that another's lease followed, which was given up: only here can its holder have written the
    /// file. What came before a reopening is not counted.
    fn lost_here_of(&mut self, issue: &Reference, mut lost: Vec<LeaseId>) -> Result<bool, V::Error> {
        let (here, reopened) = (self.scene().actor.worktree, self.facts(issue)?.reopened);
        for ended in self.lost_here()? {
            let successor = self.view().successor(&ended.lease.id)?;
            if successor.is_none_or(|by| by.holder.worktree != here) {
                lost.push(ended.lease.id);
            }
        }
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
