//! What refusals say: an expected "no", with who or what is in the way.

use std::time::Duration;

use jit_core::decide::{Bar, Barred, Wanted};
use jit_core::{Ended, Item, Lease, Mode, Outcome, Reference, Refusal, Touched, Waiter, span};
use serde_json::{Value, json};

use super::{Again, Code, Failure};
use crate::look::Look;
use crate::paths::argument;
use crate::render::json::{ended as ended_json, lease as lease_json};
use crate::render::text::{ending, lease_line, left, one_line};
use crate::shell::quoted;

/// How many of those who are in the way get a line.
const MOST_LINES: usize = 10;

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
                .hint(format!(
                    "see what is yours: jit claim status; wait: {} --wait 2m",
                    acquire(&lease.issues)
                ))
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
            .hint("take the other paths by a lease of their own: jit claim acquire --path")
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

    fn held(held: &[Wanted<Lease>], look: &Look) -> Self {
        let own = held.iter().all(|wanted| look.is_own(&wanted.blocker));
        let message = match held {
            [Wanted { blocker, .. }, rest @ ..]
                if own && rest.iter().all(|wanted| wanted.blocker.id == blocker.id) =>
            {
                let left = left(blocker, &look.now);
                format!("you hold {} already, as lease {}, {left}", list(held, ", "), blocker.id)
            }
            held if own => format!("you hold {} already", list(held, ", ")),
            held => format!("{} held by somebody", names(held)),
        };
        let failure = Self::new(Code::Held, message)
            .details(held_lines(held, look))
            .context(json!({ "conflicts": conflicts(held, look) }));
        if let [Wanted { blocker, .. }] = held
            && look.is_elsewhere(blocker)
        {
            return failure.hint(match look.place(blocker) {
                Some(place) => format!(
                    "you hold it in another worktree; act from there: cd {}",
                    quoted(&place.to_string_lossy())
                ),
                None => worktree_gone(blocker),
            });
        }
        match own {
            // Another process of the same identity may have it: its secret is not to be asked for.
            true => failure.hint(format!(
                "if you work on it, carry on: jit claim renew {}; if another process of yours does, take something else: jit claim list",
                list(held, " ")
            )),
            false => failure,
        }
    }

    /// The same where it was to be reserved: waiting for it, or carrying on, was not asked for.
    pub(crate) fn not_reserved(mut self) -> Self {
        if self.code != Code::Held {
            return self;
        }
        if let [only] = &self.details[..] {
            (self.message, self.details) = (format!("it can't be reserved: {only}"), Vec::new());
        }
        self.hint("reserve what nobody holds: jit query available")
    }

    /// Paths that somebody else covers, to whoever wants to touch them.
    pub(crate) fn in_the_way(touched: &Touched, look: &Look) -> Self {
        let failure = Self::held(&touched.held, look);
        let free = touched.free.iter().map(|path| one_line(&path.to_string())).collect::<Vec<_>>().join(", ");
        let mut details = failure.details.clone();
        details.extend(Some(format!("free: {free}")).filter(|_| !free.is_empty()));
        let mut context = json!({ "free": touched.free, "outside": touched.outside });
        context["conflicts"] = json!(conflicts(&touched.held, look));
        let hint = touched.held.first().map(|Wanted { blocker, .. }| {
            let wait = acquire_paths(touched.held.iter().map(|wanted| &wanted.item));
            let to = look.by.as_ref().map_or_else(|| "AGENT".to_owned(), |by| by.agent.to_string());
            format!(
                "wait: {wait} --wait 10m; or keep to what is free; or let {} hand it over (jit claim transfer {} --to {to}), or do both as one task",
                blocker.holder.agent, blocker.id
            )
        });
        Self { hint, ..failure.details(details).context(context) }
    }

    /// Issues that nobody can claim as they are; the first says how the whole is called.
    fn barred(barred: &[Barred]) -> Self {
        let line = |Barred { reference, bar }: &Barred| format!("{reference} {}", bar_text(bar));
        let Some(first) = barred.first() else { return Self::nothing_to_claim(0, 1) };
        let issue = &first.reference;
        let (code, hint) = match &first.bar {
            Bar::Ended(Outcome::Gated) => {
                (Code::GateOpen, format!("check its gates: jit gate check {issue}"))
            }
            Bar::Ended(_) => (Code::IssueEnded, format!("if it is not over: jit issue reopen {issue}")),
            Bar::Deleted => (Code::IssueEnded, format!("to have it back: jit issue reopen {issue}")),
            Bar::Quarantined { .. } => (
                Code::Quarantined,
                format!(
                    "take something else: jit claim next; once its cause is gone, a person forgives it: jit issue reset-failures {issue}"
                ),
            ),
            Bar::Blocked(by) => {
                let first = by.first().unwrap_or(issue);
                (
                    Code::Blocked,
                    format!(
                        "see why that is not done here: jit issue show {first}; take something else: jit claim next"
                    ),
                )
            }
            Bar::Assigned(_) => {
                (Code::Assigned, format!("take it back first: jit claim assign --none {issue}"))
            }
        };
        let conflict = |Barred { reference, bar }: &Barred| {
            let mut shown = bar_json(bar);
            shown["reference"] = json!(reference);
            shown
        };
        Self::new(code, line(first))
            .details(barred.iter().skip(1).map(line).collect())
            .hint(hint)
            .context(json!({ "barred": barred.iter().map(conflict).collect::<Vec<_>>() }))
    }

    fn nothing_to_claim(free: usize, wanted: usize) -> Self {
        let message = match free {
            0 => "there is nothing to claim".to_owned(),
            free => format!("only {free} of {wanted} can be claimed"),
        };
        Self::new(Code::NothingToClaim, message)
            .hint("see what is in the way: jit query all")
            .context(json!({ "free": free, "wanted": wanted }))
    }

    fn lost(lost: &Ended, now_held: &[Wanted<Lease>], look: &Look) -> Self {
        let mut details = vec![ending(lost)];
        details.extend(held_lines(now_held, look));
        let has = |wanted: &&Wanted<Lease>| look.is_own(&wanted.blocker);
        let again: Vec<&Reference> =
            now_held.iter().filter(has).filter_map(|wanted| wanted.item.reference()).collect();
        let wanting = lost.lease.issues.iter().filter(|reference| !again.contains(reference));
        let hint = match (now_held.len() - again.len(), wanting.clone().count()) {
            (_, 0) => "you have it again, by another lease: jit claim status".into(),
            (0, _) => {
                format!("nobody has it now; if you still work on it, take it anew: {}", acquire(wanting))
            }
            _ => format!("stop working on it; wait: {} --wait 2m", acquire(wanting)),
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
            None => worktree_gone(lease),
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

/// Why an issue can't be claimed, for people.
pub(crate) fn bar_text(bar: &Bar) -> String {
    match bar {
        Bar::Ended(Outcome::Done) => "is done".into(),
        Bar::Ended(Outcome::Rejected) => "is rejected".into(),
        Bar::Ended(Outcome::Gated) => "is done, and its gates are open".into(),
        Bar::Deleted => "is deleted".into(),
        Bar::Quarantined { failures, reason } => {
            let reason =
                reason.as_ref().map(|reason| format!(", the last time: {reason}")).unwrap_or_default();
            format!("is quarantined: it failed {failures} times{reason}")
        }
        Bar::Blocked(by) => {
            let by: Vec<String> = by.iter().map(ToString::to_string).collect();
            format!("waits for {}", by.join(", "))
        }
        Bar::Assigned(agent) => format!("is assigned to {agent}"),
    }
}

/// The same for programs.
pub(crate) fn bar_json(bar: &Bar) -> Value {
    match bar {
        Bar::Ended(outcome) => json!({ "why": "ended", "outcome": outcome }),
        Bar::Deleted => json!({ "why": "ended", "outcome": "deleted" }),
        Bar::Quarantined { failures, reason } => {
            json!({ "why": "quarantined", "failures": failures, "reason": reason })
        }
        Bar::Blocked(by) => json!({ "why": "blocked", "waits_for": by }),
        Bar::Assigned(agent) => json!({ "why": "assigned", "agent": agent }),
    }
}

/// The command that would take these.
fn acquire<'r>(references: impl IntoIterator<Item = &'r Reference>) -> String {
    let named = references.into_iter().map(|reference| format!(" {reference}"));
    format!("jit claim acquire{}", named.collect::<String>())
}

/// The command that would take these paths.
fn acquire_paths<'i>(items: impl Iterator<Item = &'i Item>) -> String {
    let mut paths: Vec<String> = items
        .filter_map(|item| match item {
            Item::Paths { wanted, .. } => Some(format!(" --path {}", quoted(&argument(wanted)))),
            Item::Reference(_) => None,
        })
        .collect();
    paths.dedup();
    format!("jit claim acquire{}", paths.concat())
}

fn worktree_gone(lease: &Lease) -> String {
    format!(
        "its worktree is gone; end it: jit claim force-evict {} --reason 'its worktree is gone'",
        lease.id
    )
}

fn names<T>(wanted: &[Wanted<T>]) -> String {
    let verb = if items(wanted).len() == 1 { "is" } else { "are" };
    format!("{} {verb}", list(wanted, ", "))
}

fn list<T>(wanted: &[Wanted<T>], between: &str) -> String {
    items(wanted).join(between)
}

/// What was asked for and can't be had, each once.
fn items<T>(wanted: &[Wanted<T>]) -> Vec<String> {
    let mut items: Vec<String> = wanted
        .iter()
        .map(|wanted| match &wanted.item {
            Item::Reference(reference) => reference.to_string(),
            Item::Paths { wanted, .. } => one_line(&wanted.to_string()),
        })
        .collect();
    items.dedup();
    items
}

/// One item, with how the other has it if that reads otherwise.
fn item(item: &Item) -> String {
    match item {
        Item::Reference(reference) => reference.to_string(),
        Item::Paths { wanted, held } if wanted == held => one_line(&wanted.to_string()),
        Item::Paths { wanted, held } => {
            format!("{} (held as {})", one_line(&wanted.to_string()), one_line(&held.to_string()))
        }
    }
}

fn item_json(item: &Item) -> Value {
    match item {
        Item::Reference(reference) => json!({ "reference": reference }),
        Item::Paths { wanted, held } => json!({ "path": wanted, "held_as": held }),
    }
}

fn held_lines(held: &[Wanted<Lease>], look: &Look) -> Vec<String> {
    let line =
        |wanted: &Wanted<Lease>| format!("{}: {}", item(&wanted.item), lease_line(&wanted.blocker, look));
    let more = held
        .len()
        .checked_sub(MOST_LINES + 1)
        .map(|rest| format!("… and {} more (--json names each)", rest + 1));
    held.iter().take(MOST_LINES).map(line).chain(more).collect()
}

fn conflicts(held: &[Wanted<Lease>], look: &Look) -> Vec<Value> {
    let conflict = |wanted: &Wanted<Lease>| {
        let mut shown = item_json(&wanted.item);
        shown["agent"] = json!(wanted.blocker.holder.agent);
        shown["yours"] = json!(look.is_own(&wanted.blocker));
        shown["lease"] = lease_json(&wanted.blocker, look);
        shown
    };
    held.iter().map(conflict).collect()
}

fn waiter_line(wanted: &Wanted<Waiter>) -> String {
    format!("{}: {} waits since {}", item(&wanted.item), wanted.blocker.agent, wanted.blocker.since)
}

fn waiter_json(wanted: &Wanted<Waiter>) -> Value {
    let mut shown = item_json(&wanted.item);
    shown["agent"] = json!(wanted.blocker.agent);
    shown["since"] = json!(wanted.blocker.since);
    shown
}
