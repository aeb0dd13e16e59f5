//! A shell command taken apart into words, as far as that needs no shell.

use std::str::Chars;

use super::spelled::{Letter, Spelled, Word};

/// A piece of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Word(Word),
    /// The next word is a file that is written to.
    Into,
    /// The next word is read from.
    From,
    /// One command ends here.
    End,
    /// A subshell begins.
    Open,
    /// It ends.
    Close,
}

/// What may stand before a command.
pub(super) const BEFORE: [&str; 15] = [
    "if", "then", "elif", "else", "while", "until", "do", "!", "{", "time", "exec", "command", "sudo",
    "nohup", "env",
];

/// The pieces of a command; none where a quotation has no end.
pub(super) fn pieces(command: &str) -> Option<Vec<Piece>> {
    let mut lexer = Lexer::new(command);
    while lexer.piece()? {}
    Some(lexer.found)
}

/// The same, each with where it ends.
pub(super) fn ended(command: &str) -> Option<Vec<(Piece, usize)>> {
    let mut lexer = Lexer::new(command);
    let mut ends = Vec::new();
    while lexer.piece()? {
        ends.resize(lexer.found.len(), command.len() - lexer.rest.0.as_str().len());
    }
    Some(lexer.found.into_iter().zip(ends).collect())
}

/// What is not read yet.
struct Rest<'c>(Chars<'c>);

impl Rest<'_> {
    fn peek(&self) -> Option<char> {
        self.0.clone().next()
    }

    fn next(&mut self) -> Option<char> {
        self.0.next()
    }

    fn next_if(&mut self, is_wanted: impl FnOnce(char) -> bool) -> Option<char> {
        self.peek().filter(|c| is_wanted(*c))?;
        self.0.next()
    }
}

struct Lexer<'c> {
    rest: Rest<'c>,
    found: Vec<Piece>,
    /// How each here-document ends that begins with the next line, and whether tabs before that do
    /// not count.
    documents: Vec<(String, bool)>,
    /// Whether it is between `[[` and `]]`, where `>` compares.
    in_test: bool,
}

impl<'c> Lexer<'c> {
    fn new(command: &'c str) -> Self {
        Self { rest: Rest(command.chars()), found: Vec::new(), documents: Vec::new(), in_test: false }
    }

    fn eats(&mut self, c: char) -> bool {
        self.rest.next_if(|next| next == c).is_some()
    }

    /// Takes the next piece; `None`: it has no end, `false`: there is none.
    fn piece(&mut self) -> Option<bool> {
        let Some(c) = self.rest.peek() else { return Some(false) };
        match c {
            ' ' | '\t' | '\r' => drop(self.rest.next()),
            '<' | '>' | '&' | '|' | '(' | ')' | '\n' if self.in_test => drop(self.rest.next()),
            '#' => while self.rest.next_if(|c| c != '\n').is_some() {},
            '\n' => {
                self.rest.next();
                self.found.push(Piece::End);
                self.skip_documents();
            }
            ';' | '|' => {
                self.rest.next();
                self.in_test = false;
                self.found.push(Piece::End);
            }
            '&' => {
                self.rest.next();
                match self.rest.peek() {
                    Some('>') => {}
                    _ => self.found.push(Piece::End),
                }
            }
            '(' => {
                self.rest.next();
                match self.eats('(') {
                    true => self.skip_arithmetic(),
                    false => self.found.push(Piece::Open),
                }
            }
            ')' => {
                self.rest.next();
                self.found.push(Piece::Close);
            }
            '>' => self.written(),
            '<' => self.read()?,
            _ => {
                let spelled = self.word()?;
                let is_bare = spelled.letters.iter().all(|letter| !letter.is_quoted);
                for word in spelled.words() {
                    match word.text() {
                        Some("[[") if is_bare && self.begins() => self.in_test = true,
                        Some("]]") if is_bare => self.in_test = false,
                        _ => {}
                    }
                    // Of `2>`, the number is no word; of `*(a)`, the pattern is not all.
                    let next = self.rest.peek();
                    let is_number = word.text().is_some_and(|word| word.bytes().all(|b| b.is_ascii_digit()));
                    match word {
                        _ if is_number && matches!(next, Some('>' | '<')) => {}
                        Word::Pattern(_) if next == Some('(') => self.found.push(Piece::Word(Word::Untold)),
                        word => self.found.push(Piece::Word(word)),
                    }
                }
            }
        }
        Some(true)
    }

    /// Whether a command begins here.
    fn begins(&self) -> bool {
        let is_before = |piece: &Piece| matches!(piece, Piece::Word(word) if word.text().is_some_and(|word| BEFORE.contains(&word)));
        let last = self.found.iter().rfind(|piece| !is_before(piece));
        matches!(last, None | Some(Piece::End | Piece::Open | Piece::Close))
    }

    /// `>`, `>>`, `>|`, `>&2`, `>(…)`.
    fn written(&mut self) {
        self.rest.next();
        match self.rest.peek() {
            Some('(') => {}
            Some('>' | '|') => {
                self.rest.next();
                self.found.push(Piece::Into);
            }
            Some('&') => {
                self.rest.next();
                let is_number = self.rest.peek().is_some_and(|c| c.is_ascii_digit() || c == '-');
                self.found.push(if is_number { Piece::From } else { Piece::Into });
            }
            _ => self.found.push(Piece::Into),
        }
    }

    /// `<`, `<<<`, `<&3`, `<(…)`, and `<<`, whose document is passed over.
    fn read(&mut self) -> Option<()> {
        self.rest.next();
        if !self.eats('<') {
            let _ = self.eats('&') || self.eats('>');
            if self.rest.peek() != Some('(') {
                self.found.push(Piece::From);
            }
            return Some(());
        }
        if self.eats('<') {
            self.found.push(Piece::From);
            return Some(());
        }
        self.document()
    }

    /// What follows `<<`: how the document ends.
    fn document(&mut self) -> Option<()> {
        let without_tabs = self.eats('-');
        while self.rest.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
        let end = self.word()?.told()?;
        self.documents.push((end, without_tabs));
        Some(())
    }

    fn skip_documents(&mut self) {
        for (end, without_tabs) in std::mem::take(&mut self.documents) {
            while self.rest.peek().is_some() {
                let mut line = String::new();
                while let Some(c) = self.rest.next_if(|c| c != '\n') {
                    line.push(c);
                }
                self.rest.next();
                let line = if without_tabs { line.trim_start_matches('\t') } else { &line };
                if line == end {
                    break;
                }
            }
        }
    }

    /// `((…))`, where `>` compares.
    fn skip_arithmetic(&mut self) {
        let mut last = ' ';
        for c in self.rest.0.by_ref() {
            if (last, c) == (')', ')') {
                break;
            }
            last = c;
        }
    }

    /// A word up to where the next piece begins.
    fn word(&mut self) -> Option<Spelled> {
        let mut word = Spelled { letters: Vec::new(), is_told: true };
        while let Some(c) = self.rest.next_if(|c| !" \t\r\n;&|<>()".contains(c)) {
            match c {
                '\\' => match self.rest.next() {
                    Some('\n') | None => {}
                    Some(c) => word.quoted(c),
                },
                '\'' => self.until('\'', |c| word.quoted(c))?,
                '"' => word.is_told &= self.double_quoted(|c| word.quoted(c))?,
                '$' | '`' => {
                    self.expansion(c)?;
                    word.is_told = false;
                }
                '~' if word.letters.is_empty() => word.is_told = false,
                c => word.letters.push(Letter { c, is_quoted: false }),
            }
        }
        Some(word)
    }

    /// Up to a quotation's end.
    fn until(&mut self, end: char, mut each: impl FnMut(char)) -> Option<()> {
        loop {
            match self.rest.next()? {
                c if c == end => return Some(()),
                c => each(c),
            }
        }
    }

    /// Whether it is told what stands there.
    fn double_quoted(&mut self, mut each: impl FnMut(char)) -> Option<bool> {
        let mut is_told = true;
        loop {
            match self.rest.next()? {
                '"' => return Some(is_told),
                '\\' => match self.rest.next()? {
                    '\n' => {}
                    c if "$`\"\\".contains(c) => each(c),
                    c => ['\\', c].into_iter().for_each(&mut each),
                },
                c @ ('$' | '`') => {
                    self.expansion(c)?;
                    is_told = false;
                }
                c => each(c),
            }
        }
    }

    /// Passes over what a shell puts there.
    fn expansion(&mut self, begins: char) -> Option<()> {
        if begins == '`' {
            return self.until('`', |_| {});
        }
        let (open, close) = match self.rest.peek() {
            Some('(') => ('(', ')'),
            Some('{') => ('{', '}'),
            _ => return Some(()),
        };
        // In `$((1 << 2))` no document begins.
        let mut following = self.rest.0.clone();
        let is_command = open == '(' && following.nth(1) != Some('(');
        let mut depth = 0;
        loop {
            match self.rest.next()? {
                '<' if is_command && self.eats('<') && !self.eats('<') => self.document()?,
                '\n' => self.skip_documents(),
                '\'' => self.until('\'', |_| {})?,
                '"' => drop(self.double_quoted(|_| {})?),
                '\\' => drop(self.rest.next()),
                c @ ('$' | '`') => self.expansion(c)?,
                c if c == open => depth += 1,
                c if c == close => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(());
                    }
                }
                _ => {}
            }
        }
    }
}
