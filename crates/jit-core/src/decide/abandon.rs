//! Letting go of what was lost.

use crate::decide::step::Step;
use crate::decide::{Refusal, Request};
use crate::{Ended, Operation, View};

/// Says that nobody in the asker's worktree works on what was lost there any more.
#[derive(Clone, Debug)]
pub struct Abandon;

impl Request for Abandon {
    /// What was let go of: the latest that were lost.
    type Answer = Vec<Ended>;

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Vec<Ended>, Refusal>, V::Error> {
        let lost = step.lost_here()?;
        if !lost.is_empty() {
            step.push(Operation::Abandon);
        }
        Ok(Ok(lost))
    }
}
