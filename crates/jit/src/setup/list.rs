//! What stands between two brackets, of JSON or of TOML, put in and taken out as text: no other
//! byte changes.
//!
//! Taking out ends where putting in began, and there is only the text to tell that by. So what
//! fills an empty pair of brackets touches the first of them, and what brought its own does not.

use std::ops::Range;

use super::layout::{Layout, indentation};

/// The places of things in a text.
pub(super) struct List<'t> {
    text: &'t str,
    inner: Range<usize>,
    items: Vec<Range<usize>>,
}

impl<'t> List<'t> {
    /// These, in what begins and ends with a bracket.
    pub(super) fn new(text: &'t str, whole: Range<usize>, items: Vec<Range<usize>>) -> Self {
        Self { text, inner: whole.start + 1..whole.end - 1, items }
    }

    /// Makes one of two that follow each other.
    pub(super) fn join(&mut self, first: usize) {
        let second = self.items.remove(first + 1);
        self.items[first].end = second.end;
    }

    /// The text with one more, as the first: comments stay with what they are about.
    pub(super) fn put(&self, item: &str, layout: &Layout) -> String {
        let (before, inner) = self.text.split_at(self.inner.start);
        let gap = &inner[..inner.len() - inner.trim_start().len()];
        let line = before.rsplit('\n').next().unwrap_or_default();
        if self.items.is_empty() {
            return format!("{before}{}{inner}", layout.laid(item, indentation(line)));
        }
        let base = gap.rsplit_once('\n').map_or(indentation(line), |(_, base)| base);
        format!("{before}{gap}{},{inner}", layout.laid(item, base))
    }

    /// Whether the brackets are there for this one only.
    pub(super) fn is_for(&self, at: usize) -> bool {
        let rest = without(&self.text[..self.inner.end], self.cuts(at));
        self.items.len() == 1
            && self.items[0].start > self.inner.start
            && rest[self.inner.start..].trim().is_empty()
    }

    /// The text without one.
    pub(super) fn take(&self, at: usize) -> String {
        without(self.text, self.cuts(at))
    }

    /// The one, the whitespace before it, and its comma.
    fn cuts(&self, at: usize) -> Vec<Range<usize>> {
        let item = &self.items[at];
        let before = at.checked_sub(1).map_or(self.inner.start, |before| self.items[before].end);
        let after = self.items.get(at + 1).map_or(self.inner.end, |after| after.start);
        let gap = &self.text[before..item.start];
        // The end of a line may be the end of a comment too.
        let kept = gap.trim_end();
        let begin = if kept.is_empty() || kept == "," { before + kept.len() } else { item.start };
        let behind = comma(&self.text[item.end..after]).map(|comma| item.end + comma);
        let comma = behind.or_else(|| comma(gap).map(|comma| before + comma));
        let mut cuts: Vec<_> = comma.map(|comma| comma..comma + 1).into_iter().collect();
        cuts.push(begin..item.end);
        cuts.sort_by_key(|cut| cut.start);
        cuts
    }
}

fn without(text: &str, cuts: Vec<Range<usize>>) -> String {
    let mut text = text.to_owned();
    cuts.into_iter().rev().for_each(|cut| text.replace_range(cut, ""));
    text
}

/// Where a comma is among whitespace and comments.
fn comma(gap: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = &gap[at..];
        at += match rest.chars().next()? {
            ',' => return Some(at),
            '#' => rest.find('\n')?,
            '/' if rest.starts_with("/*") => rest[2..].find("*/")? + 4,
            '/' => rest.find(['\n', '\r'])?,
            other => other.len_utf8(),
        };
    }
}
