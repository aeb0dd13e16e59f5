//! What refusals say: an expected "no". Who or what is in the way, where it is a holder or the issue itself,
//! has files of its own.

use std::time::Duration;

use jit_core::decide::Wanted;
use jit_core::{Ended, Lease, Mode, Reference, Refusal, Scope, span};
use serde_json::json;

use super::held::{anew, conflicts, held_lines, names, waiter_json, waiter_line};
use super::{Again, Code, Failure};
use crate::look::Look;
use crate::render::json::{ended as ended_json, lease as lease_json};
use crate::render::text::{ending, lease_line};
use crate::shell::quoted;

impl Failure {
    /// An expected "no". Where waiting would help, there is no hint yet: see [`Self::with_wait`].
    pub(crate) fn refused(refusal: &Refusal, look: &Look) -> Self {
        Self { refused: Some(refusal.about()), ..Self::refusal(refusal, look) }
    }

    fn refusal(refusal: &Refusal, look: &Look) -> Self {
        match refusal {
            Refusal::Held(held) => Self::held(held, look),
            Refusal::Awaited(awaited) => {
                Self::new(Code::Awaited, format!("{} free, but somebody came first", names(awaited)))
                    .details(awaited.iter().map(waiter_line).collect())
                    .context(json!({ "waiters": awaited.iter().map(waiter_json).collect::<Vec<_>>() }))
            }
            Refusal::Barred(barred) => Self::barred(barred),
            Refusal::Unearned(unearned) => Self::done_by_import(unearned),
            Refusal::NothingToClaim { free, wanted } => Self::nothing_to_claim(*free, *wanted),
            Refusal::Lost { lost, now_held } => Self::lost(lost, now_held, look),
            Refusal::Released(ended) => {
                Self::new(Code::LeaseReleased, format!("lease {} was given up before", ended.lease.id))
                    .hint("jit claim status")
                    .context(json!({ "lease_id": ended.lease.id, "ended_at": ended.ended_at }))
            }
            Refusal::NotYours(lease) if look.is_elsewhere(lease) => Self::elsewhere(lease, look),
            Refusal::NotYours(lease) => Self::new(Code::NotYours, format!("lease {} is not yours", lease.id))
                .details(vec![lease_line(lease, look)])
                .hint(format!("see what is yours: jit claim status; wait: {}", anew(lease, " --wait 2m")))
                .context(json!({ "lease": lease_json(lease, look) })),
            Refusal::NotHeld(reference) => Self::new(Code::NotHeld, format!("nobody holds {reference}"))
                .hint(format!(
                    "see what you hold: jit claim status; to work on it: jit claim acquire {reference}"
                ))
                .context(json!({ "reference": reference })),
            Refusal::NoLease { lost } => Self::new(Code::NoLease, "you hold nothing here")
                .details(lost.iter().map(ending).collect())
                .hint(match lost.iter().flat_map(|ended| &ended.unclaimed).collect::<Vec<_>>() {
                    unclaimed if unclaimed.is_empty() => "jit claim list".into(),
                    unclaimed => acquire(unclaimed),
                })
                .context(json!({ "lost": lost.iter().map(ended_json).collect::<Vec<_>>() })),
            Refusal::Unknown(id) => Self::no_such_lease(&id.to_string()),
            Refusal::Several(leases) => {
                Self::new(Code::SeveralLeases, "these references are of several leases")
                    .hint("name one lease by its id: jit claim status")
                    .context(json!({ "leases": leases }))
            }
            Refusal::WrongToken(lease) => Self::new(
                Code::WrongToken,
                format!("that is not the token of lease {}", lease.id),
            )
            .hint(format!(
                "it was in the answer that granted the lease; renewing needs none: jit claim renew {}",
                lease.id
            ))
            .context(json!({ "lease_id": lease.id })),
            Refusal::Partial { lease, missing, to } => Self::new(
                Code::PartialTransfer,
                format!("lease {} covers more, and is handed over whole", lease.id),
            )
            .hint(format!(
                "jit claim transfer {} --to {}{}",
                lease.id,
                to.agent,
                match &look.by {
                    Some(by) if by.worktree == to.worktree => String::new(),
                    _ => format!(" --to-worktree {}", to.worktree),
                }
            ))
            .context(json!({ "lease_id": lease.id, "missing": missing })),
            Refusal::OtherMode { lease, asked } => Self::new(
                Code::OtherMode,
                match asked {
                    Mode::Shared => format!("lease {} covers its paths for itself alone", lease.id),
                    Mode::Exclusive => format!("lease {} shares its paths", lease.id),
                },
            )
            .context(json!({ "lease": lease_json(lease, look), "asked": asked })),
            Refusal::ScopeTooLarge(error) => Self::new(Code::ScopeTooLarge, error.to_string()),
            Refusal::TtlTooLong { asked, most } => Self::new(
                Code::TtlTooLong,
                format!("a TTL of {asked} is longer than this repository allows, {most}"),
            )
            .context(json!({ "asked_secs": asked.secs(), "most_secs": most.secs() })),
            Refusal::LifetimeOver { lease, most } => Self::new(
                Code::LifetimeOver,
                format!("lease {} is at its end: max_lifetime lets it be held for {most} in all", lease.id),
            )
            .hint(format!("jit claim release {}", lease.id))
            .context(json!({ "lease": lease_json(lease, look), "most_secs": most.secs() })),
        }
    }

    /// There is no lease of it.
    pub(crate) fn nobody_holds(what: &str) -> Self {
        Self::new(Code::NotHeld, format!("nobody holds {what}")).hint("see what is held: jit claim list")
    }

    fn lost(lost: &Ended, now_held: &[Wanted<Lease>], look: &Look) -> Self {
        let mut details = vec![ending(lost)];
        details.extend(held_lines(now_held, look));
        let (again, others): (Vec<_>, Vec<_>) = now_held.iter().partition(|held| look.is_own(&held.blocker));
        let has = |reference: &Reference| again.iter().any(|held| held.item.reference() == Some(reference));
        let mut wanting = lost.lease.clone();
        wanting.issues.retain(|reference| !has(reference));
        if again.iter().any(|held| held.item.reference().is_none()) {
            wanting.scope = Scope::none();
        }
        let hint = match others.is_empty() {
            _ if wanting.issues.is_empty() && wanting.scope.is_none() => {
                "you have it again, by another lease: jit claim status".into()
            }
            true => {
                format!("nobody has it now; if you still work on it, take it anew: {}", anew(&wanting, ""))
            }
            false => format!("stop working on it; wait: {}", anew(&wanting, " --wait 2m")),
        };
        Self::new(Code::LeaseLost, format!("lease {} is not yours any more", lost.lease.id))
            .details(details)
            .hint(hint)
            .context(json!({
                "lease_id": lost.lease.id,
                "fence": lost.lease.fence,
                "ended": lost.end,
                "ended_at": lost.ended_at,
                "now_held": conflicts(now_held, look),
            }))
    }

    /// The same agent's lease, named from another worktree than it is held in.
    fn elsewhere(lease: &Lease, look: &Look) -> Self {
        let there = look.place(lease);
        let hint = match there {
            Some(_) => format!("act from there: jit claim renew {}", lease.id),
            None => without_place(lease, look),
        };
        let here = look.here().map(|here| format!("you are in {}", here.display()));
        let failure = Self::new(Code::NotYours, format!("you hold lease {} in another worktree", lease.id))
            .details([lease_line(lease, look)].into_iter().chain(here).collect())
            .hint(hint)
            .context(json!({ "lease": lease_json(lease, look) }));
        Self { place: there.map(Into::into), ..failure }
    }

    /// What was to become free did not.
    pub(crate) fn still_held(asked: &str, lease: &Lease, waited: Duration, look: &Look) -> Self {
        Self::new(Code::TimedOut, format!("waited {}: {asked} is held still", span(waited)))
            .details(vec![lease_line(lease, look)])
            .hint(format!("wait longer: jit claim wait {} --timeout 1h", quoted(asked)))
            .context(json!({ "lease": lease_json(lease, look) }))
    }

    /// Waited for as long as was asked. A lock that is never let go is told as such.
    pub(crate) fn in_vain(self, waited: Duration) -> Self {
        if self.code == Code::Locked {
            return self;
        }
        let message = match waited.is_zero() {
            true => format!("{}, and there was no time to wait", self.message),
            false => format!("waited {} in vain: {}", span(waited), self.message),
        };
        Self { code: Code::TimedOut, message, ..self }
    }

    /// What to do about a failure of this kind that says nothing of it.
    pub(crate) fn or_hint(self, code: Code, hint: String) -> Self {
        if self.code == code && self.hint.is_none() { self.hint(hint) } else { self }
    }

    /// What to do where waiting would help.
    pub(crate) fn with_wait(self, again: &Again) -> Self {
        let wait = |time: &str| format!("{} --wait {time}{}", again.head, again.tail);
        match self.code {
            Code::Held | Code::Awaited if self.hint.is_none() => self.hint(wait("2m")),
            Code::TimedOut if self.hint.is_none() => {
                self.hint(format!("take something else (jit claim list), or wait longer: {}", wait("10m")))
            }
            Code::NothingToClaim => self
                .hint(format!("see what is in the way: jit query all; wait for something: {}", wait("10m"))),
            _ => self,
        }
    }
}

/// The command that would take these.
fn acquire<'r>(references: impl IntoIterator<Item = &'r Reference>) -> String {
    let named = references.into_iter().map(|reference| format!(" {reference}"));
    format!("jit claim acquire{}", named.collect::<String>())
}

/// What to do about one's own lease of a worktree that is nowhere.
pub(super) fn without_place(lease: &Lease, look: &Look) -> String {
    if look.making {
        return "its worktree is being made; wait a moment, and see where it is: jit worktree list".into();
    }
    format!(
        "its worktree is gone; end it: jit claim force-evict {} --reason 'its worktree is gone'",
        lease.id
    )
}
