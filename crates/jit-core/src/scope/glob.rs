//! Globs as parsed: `*` and `?` within a level, `**` across levels, `[a-z]`, `[!a]`, `{a,b}`, and
//! `\` before a character that stands for itself.

use thiserror::Error;

use super::chars::Set;
use super::path::is_no_name;

/// What a glob consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// This character.
    Char(char),
    /// `?`: any one character of a name.
    One,
    /// `*`: any characters of a name.
    Star,
    /// `**`: any characters. As a whole segment it is any number of whole directories.
    Stars,
    /// `[a-z]`: one of these characters.
    Class(Set),
    /// `{a,b}`: one of these.
    OneOf(Vec<Vec<Node>>),
}

/// Whether a character may make a text a glob.
pub(super) fn is_meta(c: char) -> bool {
    matches!(c, '*' | '?' | '[' | '{' | '\\')
}

/// The nodes of a glob.
pub(super) fn parse(text: &str) -> Result<Vec<Node>, GlobError> {
    Parser { text, at: 0 }.sequence(false)
}

/// Whether a whole glob has a segment that no path has.
pub(super) fn has_no_name(nodes: &[Node]) -> bool {
    let plain = |segment: &[Node]| {
        let chars = segment.iter().map(|node| if let Node::Char(c) = node { Some(*c) } else { None });
        chars.collect::<Option<String>>()
    };
    let mut segments = nodes.split(|node| *node == Node::Char('/'));
    segments.any(|segment| plain(segment).is_some_and(|name| is_no_name(&name)))
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn skip(&mut self, c: char) -> bool {
        let there = self.peek() == Some(c);
        if there {
            self.at += c.len_utf8();
        }
        there
    }

    /// Up to the end, or within braces up to what ends an alternative.
    fn sequence(&mut self, within: bool) -> Result<Vec<Node>, GlobError> {
        let mut nodes = Vec::with_capacity(if within { 4 } else { self.text.len() });
        while let Some(c) = self.peek() {
            if within && matches!(c, ',' | '}') {
                break;
            }
            let start = self.at;
            self.at += c.len_utf8();
            nodes.push(match c {
                '?' => Node::One,
                '*' => self.stars(),
                '[' => self.class(start)?,
                '{' => self.one_of(start)?,
                '\\' => Node::Char(self.take().ok_or(GlobError::Escape)?),
                plain => Node::Char(plain),
            });
        }
        Ok(nodes)
    }

    /// After one of them. More than two are two.
    fn stars(&mut self) -> Node {
        let mut node = Node::Star;
        while self.skip('*') {
            node = Node::Stars;
        }
        node
    }

    fn one_of(&mut self, start: usize) -> Result<Node, GlobError> {
        let mut choices = Vec::new();
        loop {
            choices.push(self.sequence(true)?);
            match self.take() {
                Some(',') => {}
                Some(_) => return Ok(Node::OneOf(choices)),
                None => return Err(GlobError::Brace(self.place(start))),
            }
        }
    }

    fn class(&mut self, start: usize) -> Result<Node, GlobError> {
        let negated = self.skip('!') || self.skip('^');
        let mut ranges = Vec::new();
        while !self.skip(']') {
            let from = self.class_char(start)?;
            let ranged = self.peek() == Some('-') && !self.text[self.at..].starts_with("-]");
            let to = if ranged && self.skip('-') { self.class_char(start)? } else { from };
            if from > to {
                return Err(GlobError::Range(from, to));
            }
            ranges.push((from, to));
        }
        match ranges.is_empty() {
            true => Err(GlobError::EmptyClass(self.place(start))),
            false => Ok(Node::Class(Set::new(&ranges, negated))),
        }
    }

    fn class_char(&mut self, start: usize) -> Result<char, GlobError> {
        match self.take() {
            None => Err(GlobError::Bracket(self.place(start))),
            Some('[') if self.peek() == Some(':') => Err(GlobError::NamedClass(self.place(start))),
            Some('\\') => self.take().ok_or(GlobError::Escape),
            Some(c) => Ok(c),
        }
    }

    /// Which character stands there, counted from 1.
    fn place(&self, start: usize) -> usize {
        self.text[..start].chars().count() + 1
    }
}

/// What is wrong with a glob.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GlobError {
    /// A `[` that nothing closes.
    #[error("a `]` is missing for the `[` at character {0}")]
    Bracket(usize),
    /// `[]` or `[!]`.
    #[error("the `[` at character {0} is closed before it names a character (`\\]` stands for `]` itself)")]
    EmptyClass(usize),
    /// `[[:alpha:]]`.
    #[error(
        "the `[` at character {0} has a class by name, which is not known here: write ranges such as `[a-z]`"
    )]
    NamedClass(usize),
    /// `[z-a]`.
    #[error("the range `{0}-{1}` is the wrong way round")]
    Range(char, char),
    /// A `{` that nothing closes.
    #[error("a `}}` is missing for the `{{` at character {0}")]
    Brace(usize),
    /// A `\` at the end.
    #[error("a character is missing after the `\\` at its end")]
    Escape,
}
