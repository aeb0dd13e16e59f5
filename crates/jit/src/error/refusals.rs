//! What refusals say: an expected "no", with who or what is in the way.

use std::time::Duration;

use jit_core::decide::Wanted;
use jit_core::{Ended, Lease, Now, Reference, Refusal, Waiter, span};
use serde_json::{Value, json};

use super::{Code, Failure};
use crate::render::json::lease as lease_json;
use crate::render::text::{ending, lease_line};

impl Failure {
    /// An expected "no".
    pub(crate) fn refused(refusal: &Refusal, now: &Now) -> Self {
        match refusal {
            Refusal::Held(held) => Self::new(Code::Held, format!("{} held by somebody", names(held)))
                .details(held_lines(held, now))
                .hint(format!("{} --wait 2m", acquire(references(held))))
                .context(json!({ "conflicts": conflicts(held, now) })),
            Refusal::Awaited(awaited) => {
                Self::new(Code::Awaited, format!("{} free, but somebody came first", names(awaited)))
                    .details(awaited.iter().map(waiter_line).collect())
                    .hint(format!("{} --wait 2m", acquire(references(awaited))))
                    .context(json!({ "waiters": awaited.iter().map(waiter_json).collect::<Vec<_>>() }))
            }
            Refusal::Lost { lost, now_held } => Self::lost(lost, now_held, now),
            Refusal::Released(ended) => {
                Self::new(Code::LeaseReleased, format!("lease {} was given up before", ended.lease.id))
                    .hint("jit claim status")
                    .context(json!({ "lease_id": ended.lease.id, "ended_at": ended.ended_at }))
            }
            Refusal::NotYours(lease) => Self::new(Code::NotYours, format!("lease {} is not yours", lease.id))
                .details(vec![lease_line(lease, now)])
                .hint(format!(
                    "see what is yours: jit claim status; wait: {} --wait 2m",
                    acquire(&lease.issues)
                ))
                .context(json!({ "lease": lease_json(lease, now) })),
            Refusal::NotHeld(reference) => Self::new(Code::NotHeld, format!("nobody holds {reference}"))
                .hint(format!("jit claim acquire {reference}"))
                .context(json!({ "reference": reference })),
            Refusal::NoLease { lost } => Self::new(Code::NoLease, "you hold nothing here")
                .details(lost.iter().map(ending).collect())
                .hint(match lost.as_slice() {
                    [] => "jit claim list".into(),
                    lost => acquire(lost.iter().flat_map(|ended| &ended.lease.issues)),
                })
                .context(json!({ "lost": lost.iter().map(|ended| ended.lease.id).collect::<Vec<_>>() })),
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
            Refusal::Partial { lease, missing } => Self::new(
                Code::PartialTransfer,
                format!("lease {} covers more, and is handed over whole", lease.id),
            )
            .hint(format!("jit claim transfer {} --to AGENT", lease.id))
            .context(json!({ "lease_id": lease.id, "missing": missing })),
            Refusal::TtlTooLong { asked, most } => Self::new(
                Code::TtlTooLong,
                format!("a TTL of {asked} is longer than this repository allows, {most}"),
            )
            .hint(format!("ask for no more: --ttl {}s", most.secs()))
            .context(json!({ "asked_secs": asked.secs(), "most_secs": most.secs() })),
            Refusal::LifetimeOver { lease, most } => Self::new(
                Code::LifetimeOver,
                format!("lease {} has been held for {most}, as long as is allowed", lease.id),
            )
            .hint(format!("jit claim release {}", lease.id))
            .context(json!({ "lease": lease_json(lease, now), "most_secs": most.secs() })),
        }
    }

    fn lost(lost: &Ended, now_held: &[Wanted<Lease>], now: &Now) -> Self {
        let mut details = vec![ending(lost)];
        details.extend(held_lines(now_held, now));
        let anew = acquire(&lost.lease.issues);
        let hint = match now_held.is_empty() {
            true => format!("nobody has it now; take it anew: {anew}"),
            false => format!("stop working on it; wait: {anew} --wait 2m"),
        };
        Self::new(Code::LeaseLost, format!("lease {} is not yours any more", lost.lease.id))
            .details(details)
            .hint(hint)
            .context(json!({
                "lease_id": lost.lease.id,
                "fence": lost.lease.fence,
                "ended": lost.end,
                "ended_at": lost.ended_at,
                "now_held": conflicts(now_held, now),
            }))
    }

    /// Waited for as long as was asked.
    pub(crate) fn waited_in_vain(refusal: &Refusal, now: &Now, waited: Duration) -> Self {
        let blocked = Self::refused(refusal, now);
        let in_vain = match waited.is_zero() {
            true => format!("{}, and there was no time to wait", blocked.message),
            false => format!("waited {} in vain: {}", span(waited), blocked.message),
        };
        Self::new(Code::TimedOut, in_vain)
            .details(blocked.details)
            .hint("try again with a longer --wait, or take something else")
            .context(blocked.context)
    }

    /// Where waiting would help: the whole request once more, not only what is in the way.
    pub(crate) fn with_wait(self, wanted: &[Reference]) -> Self {
        match self.code {
            Code::Held | Code::Awaited => self.hint(format!("{} --wait 2m", acquire(wanted))),
            _ => self,
        }
    }
}

/// The command that would take these.
fn acquire<'r>(references: impl IntoIterator<Item = &'r Reference>) -> String {
    let named = references.into_iter().map(|reference| format!(" {reference}"));
    format!("jit claim acquire{}", named.collect::<String>())
}

fn names<T>(wanted: &[Wanted<T>]) -> String {
    let listed: Vec<String> = references(wanted).iter().map(ToString::to_string).collect();
    let verb = if listed.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", listed.join(", "))
}

fn references<T>(wanted: &[Wanted<T>]) -> Vec<&Reference> {
    let mut references: Vec<&Reference> = wanted.iter().map(|wanted| &wanted.reference).collect();
    references.dedup();
    references
}

fn held_lines(held: &[Wanted<Lease>], now: &Now) -> Vec<String> {
    held.iter().map(|wanted| format!("{}: {}", wanted.reference, lease_line(&wanted.blocker, now))).collect()
}

fn conflicts(held: &[Wanted<Lease>], now: &Now) -> Vec<Value> {
    let conflict = |wanted: &Wanted<Lease>| {
        json!({
            "reference": wanted.reference,
            "agent": wanted.blocker.holder.agent,
            "lease": lease_json(&wanted.blocker, now),
        })
    };
    held.iter().map(conflict).collect()
}

fn waiter_line(wanted: &Wanted<Waiter>) -> String {
    format!("{}: {} waits since {}", wanted.reference, wanted.blocker.agent, wanted.blocker.since)
}

fn waiter_json(wanted: &Wanted<Waiter>) -> Value {
    json!({ "reference": wanted.reference, "agent": wanted.blocker.agent, "since": wanted.blocker.since })
}
