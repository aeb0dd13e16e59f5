//! Sets of characters, and which characters are the same.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

/// Whether names that differ in case alone are the same file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "bool", into = "bool")]
pub enum Case {
    /// They are two files.
    #[default]
    Sensitive,
    /// They are one.
    Ignored,
}

impl From<bool> for Case {
    fn from(ignored: bool) -> Self {
        if ignored { Self::Ignored } else { Self::Sensitive }
    }
}

impl From<Case> for bool {
    fn from(case: Case) -> Self {
        case == Case::Ignored
    }
}

impl Case {
    /// The character that stands for all that are the same as this one.
    pub fn fold(self, c: char) -> char {
        match self {
            Self::Sensitive => c,
            Self::Ignored => folded(c),
        }
    }

    /// How paths are compared of which either says how.
    pub(super) fn or(self, other: Self) -> Self {
        if self == Self::Ignored { self } else { other }
    }

    pub(super) fn is_sensitive(&self) -> bool {
        *self == Self::Sensitive
    }
}

/// The lower case of the upper case, so that `ς` and `σ` are one; each only where it is a single
/// character.
fn folded(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let mut upper = c.to_uppercase();
    let upper = if upper.len() == 1 { upper.next().unwrap_or(c) } else { c };
    // `İ` is the one whose lower case is several: `i` and a mark.
    upper.to_lowercase().next().unwrap_or(upper)
}

/// No character from here on has a case.
const CASELESS: u32 = 0x2_0000;

/// Every character that folding changes, and what into.
fn folding() -> &'static [(u32, u32)] {
    static FOLDING: OnceLock<Vec<(u32, u32)>> = OnceLock::new();
    FOLDING.get_or_init(|| {
        let all = (0..CASELESS).filter_map(char::from_u32);
        all.map(|c| (u32::from(c), u32::from(folded(c)))).filter(|(c, folded)| c != folded).collect()
    })
}

/// What a name may consist of: no NUL, no `/`, no surrogates.
const NAMES: [(u32, u32); 4] = [(1, 0x2e), (0x30, 0xd7ff), (0xe000, 0x10_fffe), (0x10_ffff, 0x10_ffff)];

/// A set of the characters that names consist of, as ranges in order that don't touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Set(Vec<(u32, u32)>);

impl Set {
    /// What is in these ranges, or, negated, what is not.
    pub(super) fn new(ranges: &[(char, char)], negated: bool) -> Self {
        let ranges = merged(ranges.iter().map(|&(from, to)| (u32::from(from), u32::from(to))).collect());
        if !negated {
            return Self(common(&ranges, &NAMES).collect());
        }
        let mut outside = Vec::new();
        let mut next = 0;
        for (from, to) in ranges {
            if from > next {
                outside.push((next, from - 1));
            }
            next = to + 1;
        }
        outside.push((next, u32::from(char::MAX)));
        Self(common(&outside, &NAMES).collect())
    }

    /// It, with what its characters fold into.
    pub(super) fn folded(mut self, case: Case) -> Self {
        if case.is_sensitive() {
            return self;
        }
        let more: Vec<_> = folding().iter().filter(|(c, _)| self.has(*c)).map(|&(_, to)| (to, to)).collect();
        self.0.extend(more);
        Self(merged(self.0))
    }

    pub(super) fn contains(&self, c: char) -> bool {
        self.has(u32::from(c))
    }

    fn has(&self, c: u32) -> bool {
        self.0.iter().any(|&(from, to)| (from..=to).contains(&c))
    }

    /// Whether the two have a character in common besides `.`.
    pub(super) fn meets(&self, other: &Self) -> bool {
        const DOT: u32 = '.' as u32;
        common(&self.0, &other.0).any(|range| range != (DOT, DOT))
    }

    /// Whether it has a character besides `.`.
    pub(super) fn has_letters(&self) -> bool {
        self.meets(self)
    }
}

/// In order, none of them touching another.
fn merged(mut ranges: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    ranges.sort_unstable();
    ranges.dedup_by(|next, last| {
        let touch = next.0 <= last.1 + 1;
        if touch {
            last.1 = last.1.max(next.1);
        }
        touch
    });
    ranges
}

/// The parts that ranges of either have in common.
fn common<'a>(these: &'a [(u32, u32)], those: &'a [(u32, u32)]) -> impl Iterator<Item = (u32, u32)> + 'a {
    let pairs = these.iter().flat_map(move |a| those.iter().map(move |b| (a.0.max(b.0), a.1.min(b.1))));
    pairs.filter(|(from, to)| from <= to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_is_done_after_one_step_and_beyond_the_table_there_is_none() {
        for c in '\0'..=char::MAX {
            assert_eq!(folded(folded(c)), folded(c), "{c:?}");
            assert!(u32::from(c) < CASELESS || folded(c) == c, "{c:?}");
        }
        for (one, other) in [('A', 'a'), ('Ü', 'ü'), ('ς', 'Σ'), ('\u{212a}', 'k'), ('ẞ', 'ß'), ('İ', 'i')]
        {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
    }

    #[test]
    fn a_set_has_what_names_consist_of_and_no_more() {
        let all = Set::new(&[], true);
        for c in ['\u{1}', '.', '0', '\u{d7ff}', '\u{e000}', char::MAX] {
            assert!(all.contains(c) && Set::new(&[('\u{1}', char::MAX)], false).contains(c), "{c:?}");
        }
        assert!(!all.contains('/') && !all.contains('\0'));
        let nothing = Set::new(&[('\0', '\u{d7ff}'), ('\u{e000}', char::MAX)], true);
        assert_eq!(nothing, Set(vec![]));
        let without = Set::new(&[('b', 'd'), ('c', 'f'), ('x', 'x')], true);
        let has: String = ('a'..='z').filter(|c| without.contains(*c)).collect();
        assert_eq!(has, "aghijklmnopqrstuvwyz");
    }
}
