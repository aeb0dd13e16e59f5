//! What is said of whoever holds, or waits for, what was asked for.

use jit_core::decide::Wanted;
use jit_core::{Holder, Item, Lease, Mode, Touched, Waiter};
use serde_json::{Value, json};

use super::refusals::without_place;
use super::{Code, Failure};
use crate::input::paths::argument;
use crate::look::Look;
use crate::render::json::lease as lease_json;
use crate::render::text::{lease_line, left, one_line};
use crate::shell::quoted;

/// How many of those who are in the way get a line.
const MOST_LINES: usize = 10;

impl Failure {
    pub(super) fn held(held: &[Wanted<Lease>], look: &Look) -> Self {
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
            return failure.hint(there(blocker, look));
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
        let mut context = json!({ "free": touched.free, "outside": touched.outside });
        context["conflicts"] = json!(conflicts(&touched.held, look));
        let failure = failure.context(context).free(touched);
        let Some(blocker) = others(touched, look) else {
            let own = touched.held.first().map(|wanted| there(&wanted.blocker, look));
            return Self { hint: own, ..failure };
        };
        let wait = match items(&touched.held).len() {
            ..=MOST_LINES => acquire_paths(touched.held.iter().map(|wanted| &wanted.item)) + " --wait 10m",
            _ => format!("jit claim wait {} --timeout 10m", blocker.id),
        };
        let hint = Some(format!("wait: {wait}; or {OWN_WAYS}"));
        Self { hint, others: Some(handing_over(blocker, look)), ..failure }
    }

    /// What else there is to do, besides waiting, where paths were asked for too.
    pub(crate) fn with_ways(mut self, touched: &Touched, look: &Look) -> Self {
        if self.code != Code::Held {
            return self;
        }
        let Some(blocker) = others(touched, look) else { return self };
        self.hint = Some(self.hint.map_or(OWN_WAYS.into(), |hint| format!("wait: {hint}; or {OWN_WAYS}")));
        self.others = Some(handing_over(blocker, look));
        self.context["free"] = json!(touched.free);
        self.free(touched)
    }

    fn free(mut self, touched: &Touched) -> Self {
        let free = some(touched.free.iter().map(|path| one_line(&path.to_string())).collect());
        self.details.extend(Some(format!("free: {free}")).filter(|_| !free.is_empty()));
        self
    }
}

/// What whoever is refused paths can do instead of waiting.
const OWN_WAYS: &str = "keep to what is free; or do both as one task";

/// The first lease in the way that is not the caller's own in another worktree.
fn others<'t>(touched: &'t Touched, look: &Look) -> Option<&'t Lease> {
    touched.held.iter().map(|wanted| &wanted.blocker).find(|lease| !look.is_elsewhere(lease))
}

/// Where the caller's own lease of another worktree is acted on from.
pub(super) fn there(lease: &Lease, look: &Look) -> String {
    match look.place(lease) {
        Some(place) => {
            format!(
                "you hold it in another worktree; act from there: cd {}",
                quoted(&place.to_string_lossy())
            )
        }
        None => without_place(lease, look),
    }
}

/// What a lease's holder can do for whoever is refused. Without an identity its worktree can be given
/// nothing.
fn handing_over(lease: &Lease, look: &Look) -> String {
    let holder = &lease.holder;
    let receiver = look.by.as_ref().filter(|by| !by.worktree.uuid().is_nil());
    let (what, command) = match receiver {
        None => ("release it", format!("release {}", lease.id)),
        Some(Holder { agent, worktree }) => {
            let to = format!("transfer {} --to {agent}", lease.id);
            let is_there = *worktree == holder.worktree;
            ("hand it over", if is_there { to } else { format!("{to} --to-worktree {worktree}") })
        }
    };
    format!("let {} {what} (jit claim {command})", holder.agent)
}

/// The command that takes the same as a lease again, with more options; the one that shows what that
/// was, where it is too much.
pub(super) fn anew(lease: &Lease, options: &str) -> String {
    const MOST: usize = 10;
    let (issues, paths) = (&lease.issues, lease.scope.patterns());
    if issues.len() + paths.len() > MOST {
        return format!("jit claim status {}", lease.id);
    }
    let issues = issues.iter().map(|issue| format!(" {issue}"));
    let paths = paths.iter().map(|path| format!(" --path {}", quoted(&argument(path))));
    let shared = (lease.scope.mode() == Mode::Shared).then(|| " --shared".to_owned());
    format!("jit claim acquire{}{options}", issues.chain(paths).chain(shared).collect::<String>())
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

pub(super) fn names<T>(wanted: &[Wanted<T>]) -> String {
    let verb = if items(wanted).len() == 1 { "is" } else { "are" };
    format!("{} {verb}", some(items(wanted)))
}

/// The first of these, and how many more there are.
fn some(names: Vec<String>) -> String {
    let more = names.len().checked_sub(MOST_LINES + 1).map(|rest| format!(" and {} more", rest + 1));
    let first: Vec<String> = names.into_iter().take(MOST_LINES).collect();
    first.join(", ") + &more.unwrap_or_default()
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

pub(super) fn held_lines(held: &[Wanted<Lease>], look: &Look) -> Vec<String> {
    let line =
        |wanted: &Wanted<Lease>| format!("{}: {}", item(&wanted.item), lease_line(&wanted.blocker, look));
    let more = held
        .len()
        .checked_sub(MOST_LINES + 1)
        .map(|rest| format!("… and {} more (--json names each)", rest + 1));
    held.iter().take(MOST_LINES).map(line).chain(more).collect()
}

pub(super) fn conflicts(held: &[Wanted<Lease>], look: &Look) -> Vec<Value> {
    let conflict = |wanted: &Wanted<Lease>| {
        let mut shown = item_json(&wanted.item);
        shown["agent"] = json!(wanted.blocker.holder.agent);
        shown["yours"] = json!(look.is_own(&wanted.blocker));
        shown["lease"] = lease_json(&wanted.blocker, look);
        shown
    };
    held.iter().map(conflict).collect()
}

pub(super) fn waiter_line(wanted: &Wanted<Waiter>) -> String {
    format!("{}: {} waits since {}", item(&wanted.item), wanted.blocker.agent, wanted.blocker.since)
}

pub(super) fn waiter_json(wanted: &Wanted<Waiter>) -> Value {
    let mut shown = item_json(&wanted.item);
    shown["agent"] = json!(wanted.blocker.agent);
    shown["since"] = json!(wanted.blocker.since);
    shown
}
