//! What the file of an issue says of its end.

use jit_core::{Filed, Gate, Outcome};
use jit_tracker::{Issue, State};

/// How a file says what the log knows of an issue's end.
pub(crate) fn state(outcome: Outcome) -> State {
    match outcome {
        Outcome::Done => State::Done,
        Outcome::Gated => State::Gated,
        Outcome::Rejected => State::Rejected,
    }
}

/// How a file says that an issue ended.
pub(crate) fn ended(state: State) -> Option<Outcome> {
    match state {
        State::Done => Some(Outcome::Done),
        State::Gated => Some(Outcome::Gated),
        State::Rejected => Some(Outcome::Rejected),
        State::Backlog | State::Ready => None,
    }
}

/// How an issue ended, as its file alone says: to write `done` passes no gate.
pub(crate) fn said_by<D>(issue: &Issue<D>) -> Option<Outcome> {
    let is_open = || issue.open_gates().next().is_some();
    ended(issue.state).map(|outcome| match outcome {
        Outcome::Done if is_open() => Outcome::Gated,
        outcome => outcome,
    })
}

/// Whether its file says that the work was done, with open gates or without.
pub(crate) fn is_worked<D>(issue: &Issue<D>) -> bool {
    said_by(issue).is_some_and(Outcome::is_worked)
}

/// The same, with what another file says that was written later, as a claim is judged by it.
pub(crate) fn of<D>(issue: &Issue<D>, later: Option<Outcome>) -> Filed {
    let says_gated = issue.open_gates().filter(|_| issue.state == State::Gated);
    Filed { outcome: said_by(issue), open_gates: says_gated.map(Gate::named).collect(), later }
}
