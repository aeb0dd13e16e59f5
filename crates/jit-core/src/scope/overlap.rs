//! Whether two patterns share a possible path: quickly where their text tells, otherwise by a walk
//! through all that both match at once.

use super::automaton::{Automaton, Eats, State};
use super::chars::Case;
use super::glob::{self, is_meta};
use super::pattern::Form;

/// What is left of a pattern to compare.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest<'a> {
    form: Form,
    text: &'a str,
    /// Whether the pattern is the root.
    root: bool,
}

/// What a pattern goes on with.
enum Head {
    /// A character that stands for itself, of so many bytes.
    Char(char, usize),
    /// A metacharacter.
    Wild,
    /// Nothing.
    End,
}

impl<'a> Rest<'a> {
    pub(super) fn whole(form: Form, text: &'a str) -> Self {
        Self { form, text, root: text.is_empty() }
    }

    fn head(&self) -> Head {
        let mut chars = self.text.chars();
        match chars.next() {
            None => Head::End,
            Some('\\') if self.form == Form::Glob => {
                chars.next().map_or(Head::Wild, |c| Head::Char(c, 1 + c.len_utf8()))
            }
            Some(c) if self.form == Form::Glob && is_meta(c) => Head::Wild,
            Some(c) => Head::Char(c, c.len_utf8()),
        }
    }

    /// Its text up to the first metacharacter that is none by a `\`.
    pub(super) fn fixed(&self) -> &'a str {
        let mut rest = *self;
        while let Head::Char(_, bytes) = rest.head() {
            rest.text = &rest.text[bytes..];
        }
        &self.text[..self.text.len() - rest.text.len()]
    }

    fn is_fixed(&self) -> bool {
        self.fixed().len() == self.text.len()
    }

    /// What it surely ends with.
    fn tail(&self) -> &'a str {
        match (self.form, self.text.rfind(['*', '?', '[', ']', '{', '}', ',', '\\'])) {
            (Form::Literal, _) => "",
            (Form::Glob, Some(at)) => &self.text[at + 1..],
            (Form::Glob, None) => self.text,
        }
    }

    /// Whether it, at its end, means something that goes on with this character.
    fn covers(&self, next: char) -> bool {
        self.form == Form::Literal && (self.root || next == '/')
    }

    /// Whether it is the root and not what is below: that is no path which others match.
    fn is_root_alone(&self) -> bool {
        self.root && self.form == Form::Glob
    }

    fn automaton(&self, case: Case) -> Option<Automaton> {
        match self.form {
            Form::Literal => Some(Automaton::below(self.text, self.root, case)),
            Form::Glob => glob::parse(self.text).ok().map(|nodes| Automaton::glob(&nodes, case)),
        }
    }
}

/// Whether a path is possible that both mean. What cannot be decided is an overlap.
pub(super) fn overlap(mut one: Rest<'_>, mut other: Rest<'_>, case: Case) -> bool {
    if one.is_root_alone() || other.is_root_alone() {
        return one.root && other.root;
    }
    let mut place = Place::Start;
    loop {
        match (one.head(), other.head()) {
            (Head::Char(a, skip_a), Head::Char(b, skip_b)) => {
                if case.fold(a) != case.fold(b) {
                    return false;
                }
                one.text = &one.text[skip_a..];
                other.text = &other.text[skip_b..];
                place = place.after_char(a);
            }
            (Head::End, Head::End) => return true,
            (Head::End, Head::Char(next, _)) if !one.covers(next) => return false,
            (Head::Char(next, _), Head::End) if !other.covers(next) => return false,
            _ => break,
        }
    }
    if one.is_fixed() && other.is_fixed() {
        return true;
    }
    let tails = one.tail().chars().rev().zip(other.tail().chars().rev());
    if one.form == other.form && tails.into_iter().any(|(a, b)| case.fold(a) != case.fold(b)) {
        return false;
    }
    match (one.automaton(case), other.automaton(case)) {
        (Some(one), Some(other)) => meet(&one, &other, place),
        _ => true,
    }
}

/// Where in a path one is, as far as its validity goes: no segment is empty, `.` or `..`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Start,
    Dot,
    Dots,
    Name,
}

impl Place {
    /// After a `.`.
    fn after_dot(self) -> Self {
        match self {
            Self::Start => Self::Dot,
            Self::Dot => Self::Dots,
            Self::Dots | Self::Name => Self::Name,
        }
    }

    /// After this character of a valid path.
    fn after_char(self, c: char) -> Self {
        match c {
            '/' => Self::Start,
            '.' => self.after_dot(),
            _ => Self::Name,
        }
    }
}

/// What two steps can eat in common, as far as the validity of a path goes.
#[derive(Default)]
struct Common {
    slash: bool,
    dot: bool,
    letter: bool,
}

impl Common {
    fn of(one: &Eats, other: &Eats) -> Self {
        match (one, other) {
            (Eats::Char(a), Eats::Char(b)) if a != b => Self::default(),
            (Eats::Char(c), Eats::Set(set)) | (Eats::Set(set), Eats::Char(c)) if !set.contains(*c) => {
                Self::default()
            }
            (Eats::Char('/'), Eats::Named) | (Eats::Named, Eats::Char('/')) => Self::default(),
            (Eats::Char(c), _) | (_, Eats::Char(c)) => {
                Self { slash: *c == '/', dot: *c == '.', letter: !matches!(c, '/' | '.') }
            }
            (Eats::Set(a), Eats::Set(b)) => {
                Self { slash: false, dot: a.contains('.') && b.contains('.'), letter: a.meets(b) }
            }
            (Eats::Set(set), _) | (_, Eats::Set(set)) => {
                Self { slash: false, dot: set.contains('.'), letter: set.has_letters() }
            }
            (Eats::Any, Eats::Any) => Self { slash: true, dot: true, letter: true },
            (Eats::Named, _) | (_, Eats::Named) => Self { slash: false, dot: true, letter: true },
        }
    }

    /// Where one can be after it.
    fn places(self, from: Place) -> impl Iterator<Item = Place> {
        let slash = (self.slash && from == Place::Name).then_some(Place::Start);
        let dot = self.dot.then(|| from.after_dot());
        let letter = self.letter.then_some(Place::Name);
        [slash, dot, letter].into_iter().flatten()
    }
}

/// How many places of a walk are looked at before it counts as an overlap. Patterns that people
/// write take some dozens.
const MOST_STEPS: usize = 1 << 18;
/// The same for the places that there are at all, a bit each.
const MOST_PLACES: usize = 1 << 27;

/// Whether both machines can come to their end with the same valid path, of which they have eaten
/// up to here.
fn meet(one: &Automaton, other: &Automaton, from: Place) -> bool {
    let width = other.states.len() * 4;
    let places = one.states.len() * width;
    if places > MOST_PLACES {
        return true;
    }
    let mut seen = vec![0_u64; places / 64 + 1];
    let mut todo = Vec::with_capacity(32);
    todo.push((one.start, other.start, from));
    let mut steps = 0;
    while let Some((a, b, place)) = todo.pop() {
        let at = a * width + b * 4 + place as usize;
        let (word, bit) = (&mut seen[at / 64], 1 << (at % 64));
        if *word & bit != 0 {
            continue;
        }
        *word |= bit;
        steps += 1;
        if steps > MOST_STEPS {
            return true;
        }
        match (&one.states[a], &other.states[b]) {
            (State::Either(x, y), _) => todo.extend([(*x, b, place), (*y, b, place)]),
            (_, State::Either(x, y)) => todo.extend([(a, *x, place), (a, *y, place)]),
            (State::AtStart(next), _) => todo.extend((place == Place::Start).then_some((*next, b, place))),
            (_, State::AtStart(next)) => todo.extend((place == Place::Start).then_some((a, *next, place))),
            (State::End, State::End) if place == Place::Name => return true,
            (State::Eat(x, next_a), State::Eat(y, next_b)) => {
                todo.extend(Common::of(x, y).places(place).map(|place| (*next_a, *next_b, place)));
            }
            (State::End, _) | (_, State::End) => {}
        }
    }
    false
}
