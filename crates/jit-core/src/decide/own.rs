//! Finding the asker's own lease: every command that names a lease comes through here.

use crate::decide::Refusal;
use crate::decide::step::Step;
use crate::{Ended, IssueId, Known, Lease, LeaseId, Reference, References, View};

/// How a request names a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// By its id.
    Lease(LeaseId),
    /// By what it covers.
    Issues(References),
}

impl Target {
    /// With an id that is no lease's taken for an issue's, if somebody holds that: an issue's file
    /// may be out of its holder's sight.
    ///
    /// # Errors
    /// Trouble in reading the view.
    pub fn named<V: View>(&self, view: &V) -> Result<Self, V::Error> {
        let Self::Lease(id) = self else { return Ok(self.clone()) };
        let issue = Reference::Issue(IssueId::new(id.uuid()));
        let is_issue = view.lease(id)?.is_none() && view.covering(&issue)?.is_some();
        Ok(if is_issue { Self::Issues(issue.into()) } else { self.clone() })
    }
}

/// A verdict inside a verdict: the outer error is trouble, the inner one a refusal.
pub(super) type Judged<T, E> = Result<Result<T, Refusal>, E>;

impl<V: View> Step<'_, V> {
    /// The leases that the target names, each once. All are the asker's own and stand.
    pub(super) fn own(&mut self, target: &Target) -> Judged<Vec<Lease>, V::Error> {
        match &target.named(self.view())? {
            Target::Lease(id) => Ok(self.own_by_id(id)?.map(|lease| vec![lease])),
            Target::Issues(issues) => {
                let mut own: Vec<Lease> = Vec::new();
                for reference in issues {
                    match self.own_by_reference(reference)? {
                        Ok(lease) if own.iter().any(|known| known.id == lease.id) => {}
                        Ok(lease) => own.push(lease),
                        Err(refusal) => return Ok(Err(refusal)),
                    }
                }
                Ok(Ok(own))
            }
        }
    }

    /// The one lease that the target names, which is the asker's own and stands.
    pub(super) fn own_one(&mut self, target: &Target) -> Judged<Lease, V::Error> {
        Ok(self.own(target)?.and_then(one))
    }

    /// The one lease that the target names, whoever has it.
    pub(super) fn anyones(&mut self, target: &Target) -> Judged<Lease, V::Error> {
        let mut found: Vec<Lease> = Vec::new();
        match &target.named(self.view())? {
            Target::Lease(id) => match self.lease(id)? {
                Some(Known::Live(lease)) => found.push(lease),
                Some(Known::Ended(ended)) => return Ok(Err(self.ended(ended)?)),
                None => return Ok(Err(Refusal::Unknown(*id))),
            },
            Target::Issues(issues) => {
                for reference in issues {
                    match self.covering(reference)? {
                        Some(lease) if found.iter().any(|known| known.id == lease.id) => {}
                        Some(lease) => found.push(lease),
                        None => return Ok(Err(Refusal::NotHeld(reference.clone()))),
                    }
                }
            }
        }
        Ok(one(found))
    }

    fn own_by_id(&mut self, id: &LeaseId) -> Judged<Lease, V::Error> {
        Ok(match self.lease(id)? {
            Some(Known::Live(lease)) if lease.holder.acts_for(self.scene().actor) => Ok(lease),
            Some(Known::Live(lease)) => Err(Refusal::NotYours(Box::new(lease))),
            Some(Known::Ended(ended)) => Err(self.ended(ended)?),
            None => Err(Refusal::Unknown(*id)),
        })
    }

    fn own_by_reference(&mut self, reference: &Reference) -> Judged<Lease, V::Error> {
        let actor = self.scene().actor;
        let covering = self.covering(reference)?;
        if let Some(lease) = &covering
            && lease.holder.acts_for(actor)
        {
            return Ok(Ok(lease.clone()));
        }
        Ok(Err(match (self.lost_to(reference, covering.as_ref())?, covering) {
            (Some(ended), _) => self.ended(ended)?,
            (None, Some(lease)) => Refusal::NotYours(Box::new(lease)),
            (None, None) => Refusal::NotHeld(reference.clone()),
        }))
    }

    /// The asker's own lease on a reference that was lost, perhaps to whoever covers it now, perhaps
    /// to somebody who has let go of it since.
    fn lost_to(&mut self, reference: &Reference, now: Option<&Lease>) -> Result<Option<Ended>, V::Error> {
        let actor = self.scene().actor;
        let own = |ended: &Ended| {
            ended.was_lost() && ended.lease.holder.acts_for(actor) && ended.lease.issues.contains(reference)
        };
        for id in now.into_iter().flat_map(|lease| &lease.supersedes) {
            if let Some(Known::Ended(ended)) = self.lease(id)?
                && own(&ended)
            {
                return Ok(Some(ended));
            }
        }
        let latest = self.lost(reference)?.filter(|_| now.is_none()).filter(own);
        match latest {
            Some(ended) => Ok(Some(ended)),
            None => Ok(self.lost_by_actor()?.into_iter().find(own)),
        }
    }

    /// What the holder of a lease that ended is told: how, and who has its references now.
    fn ended(&mut self, ended: Ended) -> Result<Refusal, V::Error> {
        if !ended.was_lost() {
            return Ok(Refusal::Released(Box::new(ended)));
        }
        let now_held = self.in_the_way(&ended.lease.issues, &ended.lease.scope)?;
        Ok(Refusal::Lost { lost: Box::new(ended), now_held })
    }
}

fn one(mut leases: Vec<Lease>) -> Result<Lease, Refusal> {
    match (leases.pop(), leases.is_empty()) {
        (Some(lease), true) => Ok(lease),
        (last, _) => Err(Refusal::Several(leases.into_iter().chain(last).map(|lease| lease.id).collect())),
    }
}
