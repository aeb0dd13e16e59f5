//! What a pattern means, found out by trying every short path: shares nothing with what is tested.

#![allow(unreachable_pub)]

use jit_core::{Case, Pattern};
use proptest::prelude::*;

/// A part of a glob, as the test knows it.
#[derive(Clone, Debug)]
pub enum Part {
    Char(char),
    One,
    Star,
    Stars,
    Class { negated: bool, from: char, to: char },
    Braces(Vec<Vec<Part>>),
}

pub fn text(parts: &[Part]) -> String {
    let one = |part: &Part| match part {
        Part::Char(c) => c.to_string(),
        Part::One => "?".into(),
        Part::Star => "*".into(),
        Part::Stars => "**".into(),
        Part::Class { negated, from, to } => format!("[{}{from}-{to}]", if *negated { "!" } else { "" }),
        Part::Braces(choices) => {
            let choices: Vec<String> = choices.iter().map(|choice| text(choice)).collect();
            format!("{{{}}}", choices.join(","))
        }
    };
    parts.iter().map(one).collect()
}

/// Each way to choose from its braces.
pub fn written_out(parts: &[Part]) -> Vec<Vec<Part>> {
    let mut ways = vec![vec![]];
    for part in parts {
        let choices = match part {
            Part::Braces(choices) => choices.iter().flat_map(|choice| written_out(choice)).collect(),
            plain => vec![vec![plain.clone()]],
        };
        ways = ways.iter().flat_map(|way| choices.iter().map(|choice| [&way[..], choice].concat())).collect();
    }
    ways
}

pub fn is_star(part: &Part) -> bool {
    matches!(part, Part::Star | Part::Stars)
}

/// Where a glob goes on if a `**` is a whole segment there and stands for no directory. Stars in a
/// row are one `**`.
pub fn past_whole_segment(glob: &[Part], at: usize) -> Option<usize> {
    let is_slash = |part: &Part| matches!(part, Part::Char('/'));
    let run = glob[at..].iter().take_while(|part| is_star(part)).count();
    let across = glob[at..at + run].iter().any(|part| matches!(part, Part::Stars));
    let starts = at == 0 || is_slash(&glob[at - 1]);
    (across && starts && glob.get(at + run).is_some_and(is_slash)).then_some(at + run + 1)
}

/// Whether a glob without braces matches what is left of a path, by trying everything.
pub fn matches(glob: &[Part], at: usize, path: &[char], same: &dyn Fn(&Part, char) -> bool) -> bool {
    let Some(part) = glob.get(at) else { return path.is_empty() };
    if !is_star(part) {
        return path.first().is_some_and(|c| same(part, *c)) && matches(glob, at + 1, &path[1..], same);
    }
    let level = matches!(part, Part::Star);
    past_whole_segment(glob, at).is_some_and(|next| matches(glob, next, path, same))
        || (0..=path.len())
            .take_while(|&many| many == 0 || !level || path[many - 1] != '/')
            .any(|many| matches(glob, at + 1, &path[many..], same))
}

/// Whether one part matches one character: in any of its spellings where case is ignored.
pub fn matches_char(part: &Part, c: char, case: Case) -> bool {
    let spellings = match case {
        Case::Sensitive => vec![c],
        Case::Ignored => vec![c.to_ascii_lowercase(), c.to_ascii_uppercase()],
    };
    spellings.into_iter().any(|c| match part {
        Part::Char(own) => *own == c,
        Part::One => c != '/',
        Part::Class { negated, from, to } => c != '/' && (*from..=*to).contains(&c) != *negated,
        _ => false,
    })
}

/// Every valid path of up to so many of these characters.
pub fn paths(alphabet: &[char], longest: usize) -> Vec<Vec<char>> {
    let mut all: Vec<Vec<char>> = vec![vec![]];
    let mut from = 0;
    for _ in 0..longest {
        let last = all[from..].to_vec();
        from = all.len();
        all.extend(last.iter().flat_map(|path| alphabet.iter().map(|c| [&path[..], &[*c]].concat())));
    }
    let valid =
        |path: &Vec<char>| path.split(|c| *c == '/').all(|name| !matches!(name, [] | ['.'] | ['.', '.']));
    all.retain(valid);
    all
}

/// How many characters a path that it matches may need: what is in it, a name for each level, and
/// what makes a name of a `.`.
fn needs(parts: &[Part]) -> usize {
    let one = |part: &Part| match part {
        Part::Star | Part::Stars => 0,
        Part::Char('/' | '.') => 2,
        Part::Braces(choices) => choices.iter().map(|choice| needs(choice)).max().unwrap_or(0),
        _ => 1,
    };
    parts.iter().map(one).sum()
}

/// Any glob of a few parts over these characters.
pub fn globs(alphabet: &'static [char]) -> impl Strategy<Value = Vec<Part>> {
    let plain = prop_oneof![
        4 => prop::sample::select(alphabet).prop_map(Part::Char),
        2 => Just(Part::Char('/')),
        1 => Just(Part::One),
        2 => Just(Part::Star),
        2 => Just(Part::Stars),
        1 => (any::<bool>(), prop::sample::select(alphabet), prop::sample::select(alphabet))
            .prop_map(|(negated, a, b)| Part::Class { negated, from: a.min(b), to: a.max(b) }),
    ];
    let part = plain.prop_recursive(2, 8, 3, |inner| {
        prop::collection::vec(prop::collection::vec(inner, 0..3), 1..3).prop_map(Part::Braces)
    });
    // Two stars in a row would be read as one part.
    let apart = |parts: &Vec<Part>| no_double_star(parts);
    prop::collection::vec(part, 1..5).prop_filter("stars in a row", apart)
}

/// Which of two patterns are literals.
pub fn literals() -> impl Strategy<Value = (bool, bool)> {
    prop::sample::select(vec![(false, false), (false, false), (true, false), (false, true), (true, true)])
}

pub fn no_double_star(parts: &[Part]) -> bool {
    parts.windows(2).all(|pair| !(is_star(&pair[0]) && is_star(&pair[1])))
        && parts.iter().all(|part| match part {
            Part::Braces(choices) => choices.iter().all(|choice| no_double_star(choice)),
            _ => true,
        })
}

/// A pattern, and how the test finds out by trial whether it means a path.
pub type Judged = (String, Box<dyn Fn(&[char]) -> bool>);

fn judged(parts: &[Part], literal: bool, case: Case) -> Option<Judged> {
    if literal {
        let chars: Vec<char> =
            parts.iter().map(|part| if let Part::Char(c) = part { *c } else { 'a' }).collect();
        let text = format!(":(literal){}", chars.iter().collect::<String>());
        text.parse::<Pattern>().ok().filter(|_| chars != ['.'])?;
        let below = move |path: &[char]| {
            path.len() >= chars.len()
                && chars.iter().zip(path).all(|(a, b)| matches_char(&Part::Char(*a), *b, case))
                && path.get(chars.len()).is_none_or(|c| *c == '/')
        };
        return Some((text, Box::new(below)));
    }
    let text = format!(":(glob){}", text(parts));
    // The root is in the table.
    text.parse::<Pattern>().ok().filter(|_| text != ":(glob).")?;
    let ways = written_out(parts);
    let same = move |part: &Part, c: char| matches_char(part, c, case);
    Some((text, Box::new(move |path| ways.iter().any(|way| matches(way, 0, path, &same)))))
}

/// Both patterns, where every path that tells them apart is short enough to be tried.
pub fn both(
    one: &[Part],
    other: &[Part],
    literal: (bool, bool),
    case: Case,
) -> Result<(Judged, Judged), TestCaseError> {
    // Below a literal, a `/` and a name.
    let needs = |parts: &[Part], literal| if literal { parts.len() + 2 } else { needs(parts) };
    prop_assume!(needs(one, literal.0) + needs(other, literal.1) <= LONGEST);
    match (judged(one, literal.0, case), judged(other, literal.1, case)) {
        (Some(a), Some(b)) => Ok((a, b)),
        _ => Err(TestCaseError::reject("no pattern")),
    }
}

/// The longest path that is tried.
pub const LONGEST: usize = 6;

thread_local! {
    // A character for each kind that the patterns tell apart: `[.-a]` has `0`, `[!.-a]` has `z`.
    pub static DOTTED: Vec<Vec<char>> = paths(&['a', '0', 'z', '/', '.'], LONGEST);
    pub static CASELESS: Vec<Vec<char>> = paths(&['a', 'b', 'z', '/'], LONGEST);
}
