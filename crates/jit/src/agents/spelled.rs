//! A word of a shell command as it is spelled, and what that stands for: one text or several, or
//! the files that match.

/// A word of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// This text.
    Told(String),
    /// The files that are there and match: a glob as jit reads it, a name at a time.
    Pattern(String),
    /// Only a shell can tell.
    Untold,
}

impl Word {
    /// Its text, if it has one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Told(text) => Some(text),
            Self::Pattern(_) | Self::Untold => None,
        }
    }
}

/// A character of a word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Letter {
    pub(super) c: char,
    /// Whether it stands for itself.
    pub(super) is_quoted: bool,
}

impl Letter {
    fn is(self, c: char) -> bool {
        self.c == c && !self.is_quoted
    }
}

/// A word, before a shell reads it.
#[derive(Clone, Debug)]
pub(super) struct Spelled {
    pub(super) letters: Vec<Letter>,
    /// Whether all of it is there: nothing that a shell puts in.
    pub(super) is_told: bool,
}

/// The most words that braces make of one.
const MOST: usize = 64;

impl Spelled {
    pub(super) fn quoted(&mut self, c: char) {
        self.letters.push(Letter { c, is_quoted: true });
    }

    /// Its text, if nothing of it is for a shell to read.
    pub(super) fn told(&self) -> Option<String> {
        match &self.words()[..] {
            [Word::Told(text)] => Some(text.clone()),
            _ => None,
        }
    }

    /// The words that it stands for.
    pub(super) fn words(&self) -> Vec<Word> {
        let mut all = Vec::new();
        match self.is_told.then(|| expanded(self.letters.clone(), &mut all)).flatten() {
            Some(()) => all.iter().map(|letters| word(letters)).collect(),
            None => vec![Word::Untold],
        }
    }
}

/// What `a{b,c}` stands for: `ab` and `ac`. None where that is too much, or counted (`{1..9}`).
fn expanded(letters: Vec<Letter>, all: &mut Vec<Vec<Letter>>) -> Option<()> {
    for (open, _) in letters.iter().enumerate().filter(|(_, letter)| letter.is('{')) {
        let Some((choices, close)) = choices(&letters, open) else { continue };
        if let [only] = &choices[..] {
            let text: String = only.iter().map(|letter| letter.c).collect();
            if text.contains("..") {
                return None;
            }
            continue;
        }
        for choice in choices {
            let parts = [&letters[..open], choice, &letters[close + 1..]];
            expanded(parts.concat(), all)?;
        }
        return Some(());
    }
    all.push(letters);
    (all.len() <= MOST).then_some(())
}

/// What stands between a brace and its end, comma by comma, and where that end is.
fn choices(letters: &[Letter], open: usize) -> Option<(Vec<&[Letter]>, usize)> {
    let (mut choices, mut start, mut depth) = (Vec::new(), open + 1, 0);
    for (at, letter) in letters.iter().enumerate().skip(open + 1) {
        match letter.c {
            _ if letter.is_quoted => {}
            '{' => depth += 1,
            ',' if depth == 0 => {
                choices.push(&letters[start..at]);
                start = at + 1;
            }
            '}' if depth == 0 => {
                choices.push(&letters[start..at]);
                return Some((choices, at));
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The word that is spelled so, without braces.
fn word(letters: &[Letter]) -> Word {
    let is_class = |at: usize| letters[at + 1..].iter().any(|letter| letter.is(']'));
    let is_special = |(at, letter): (usize, &Letter)| match letter.c {
        '*' | '?' => !letter.is_quoted,
        '[' => !letter.is_quoted && is_class(at),
        _ => false,
    };
    if !letters.iter().enumerate().any(is_special) {
        return Word::Told(letters.iter().map(|letter| letter.c).collect());
    }
    // `[[:alpha:]]`
    if letters.windows(2).any(|pair| pair[0].is('[') && pair[1].is(':')) {
        return Word::Untold;
    }
    let mut glob = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let stands_for_itself = match letter.c {
            '[' => letter.is_quoted || !is_class(at),
            '{' | '}' | ',' | '\\' => true,
            '/' => false,
            c => letter.is_quoted && c.is_ascii_punctuation(),
        };
        glob.extend(stands_for_itself.then_some('\\'));
        glob.push(letter.c);
    }
    Word::Pattern(glob)
}

/// A text as a glob that it alone matches.
pub(super) fn escaped(text: &str) -> String {
    let special = |c: char| c != '/' && c.is_ascii_punctuation();
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}
