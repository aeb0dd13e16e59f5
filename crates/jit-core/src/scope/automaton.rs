//! What a pattern matches, as a machine that eats a path one character at a time (Thompson's
//! construction, made from the end so that each state knows what follows it).
//!
//! Braces mean what they would if each choice was written out. So a `**` learns from what follows,
//! wherever that stands, whether it is a whole segment, and the walk says whether it began one.

use super::chars::{Case, Set};
use super::glob::Node;

/// Which characters a step eats.
#[derive(Debug)]
pub(super) enum Eats {
    Char(char),
    Set(Set),
    /// Any that a name may have.
    Named,
    /// Any that a path may have.
    Any,
}

#[derive(Debug)]
pub(super) enum State {
    Eat(Eats, usize),
    Either(usize, usize),
    /// Goes on only where a segment begins.
    AtStart(usize),
    End,
}

/// Where a part of a pattern leads: as such, and when an empty `**` at the start of a segment
/// precedes it, so that its first `/` must not be there.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Way {
    plain: usize,
    after_stars: usize,
}

#[derive(Debug)]
pub(super) struct Automaton {
    pub(super) states: Vec<State>,
    pub(super) start: usize,
}

impl Automaton {
    /// What these nodes match.
    pub(super) fn glob(nodes: &[Node], case: Case) -> Self {
        let mut made = Making { states: Vec::with_capacity(2 * nodes.len() + 2), case };
        let end = made.state(State::End);
        let start = made.sequence(nodes, made.same(end)).plain;
        Self { states: made.states, start }
    }

    /// This text and all below it; `all`, everything.
    pub(super) fn below(text: &str, all: bool, case: Case) -> Self {
        let mut made = Making { states: Vec::with_capacity(text.len() + 6), case };
        let end = made.state(State::End);
        let mut start = made.repeat(Eats::Any, end);
        if !all {
            let below = made.state(State::Eat(Eats::Char('/'), start));
            start = made.state(State::Either(end, below));
        }
        for c in text.chars().rev() {
            start = made.state(State::Eat(Eats::Char(case.fold(c)), start));
        }
        Self { states: made.states, start }
    }
}

struct Making {
    states: Vec<State>,
    case: Case,
}

impl Making {
    fn state(&mut self, state: State) -> usize {
        self.states.push(state);
        self.states.len() - 1
    }

    fn same(&self, plain: usize) -> Way {
        Way { plain, after_stars: plain }
    }

    /// Any number of these, then that.
    fn repeat(&mut self, eats: Eats, then: usize) -> usize {
        let turn = self.state(State::End);
        let eat = self.state(State::Eat(eats, turn));
        self.states[turn] = State::Either(then, eat);
        turn
    }

    fn sequence(&mut self, nodes: &[Node], then: Way) -> Way {
        nodes.iter().rev().fold(then, |then, node| self.node(node, then))
    }

    fn node(&mut self, node: &Node, then: Way) -> Way {
        let eats = match node {
            Node::Char('/') => {
                let plain = self.state(State::Eat(Eats::Char('/'), then.plain));
                return Way { plain, after_stars: then.plain };
            }
            Node::Star => return self.star(then),
            Node::Stars => return self.stars(then),
            Node::OneOf(choices) => return self.one_of(choices, then),
            Node::Char(c) => Eats::Char(self.case.fold(*c)),
            Node::One => Eats::Named,
            Node::Class(set) => Eats::Set(set.clone().folded(self.case)),
        };
        let state = self.state(State::Eat(eats, then.plain));
        self.same(state)
    }

    fn star(&mut self, then: Way) -> Way {
        let plain = self.repeat(Eats::Named, then.plain);
        if then == self.same(then.plain) {
            return self.same(plain);
        }
        let after_stars = self.state(State::Either(then.after_stars, plain));
        Way { plain, after_stars }
    }

    fn stars(&mut self, then: Way) -> Way {
        let some = self.repeat(Eats::Any, then.plain);
        if then == self.same(then.plain) {
            return self.same(some);
        }
        let none = self.state(State::AtStart(then.after_stars));
        let either = self.state(State::Either(none, some));
        self.same(either)
    }

    fn one_of(&mut self, choices: &[Vec<Node>], then: Way) -> Way {
        let ways: Vec<Way> = choices.iter().map(|choice| self.sequence(choice, then)).collect();
        let plain = self.either(ways.iter().map(|way| way.plain));
        let differ = ways.iter().any(|way| *way != self.same(way.plain));
        let after_stars = if differ { self.either(ways.iter().map(|way| way.after_stars)) } else { plain };
        Way { plain, after_stars }
    }

    fn either(&mut self, mut ways: impl Iterator<Item = usize>) -> usize {
        // Braces have a choice at least, if an empty one.
        let first = ways.next().unwrap_or_default();
        ways.fold(first, |a, b| self.state(State::Either(a, b)))
    }
}
