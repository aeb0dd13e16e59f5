//! Which patterns share a possible path (invariant 3.1): a table, and any two small patterns
//! against every short path, matched by a matcher that shares nothing with the one under test.

#![allow(clippy::unwrap_used)]

use jit_core::{Case, Pattern};
use proptest::prelude::*;

fn pattern(text: &str) -> Pattern {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Whether two patterns overlap, which must not depend on which comes first.
fn overlap(one: &str, other: &str, case: Case) -> bool {
    let (a, b) = (pattern(one), pattern(other));
    let answer = a.overlaps(&b, case);
    assert_eq!(b.overlaps(&a, case), answer, "{other} and {one} the other way round");
    answer
}

const OVERLAP: &[(&str, &str)] = &[
    // Files and directories.
    ("src", "src"),
    ("src", "src/a.rs"),
    (".", "src/a.rs"),
    (".", "."),
    (".", "*"),
    (":(glob)src", "src"),
    (":(glob)src/a.rs", "src"),
    (":(glob).", "."),
    (":(literal)app/[id]", "app/\\[id\\]/page.tsx"),
    // Globs and what they match.
    ("vendor", "vendor/*_test.go"),
    ("src/*/a.rs", "src/b/*"),
    ("src/*.rs", ":(glob)src/.rs"),
    ("*.rs", "a*"),
    ("*/b", "a/*"),
    ("src", "sr?"),
    ("src/a", "src/*"),
    ("a/**/b", ":(glob)a/b"),
    ("**/x", ":(glob)x"),
    ("**/x", ":(glob)a/b/x"),
    ("a/**", ":(glob)a/b/c"),
    ("a/**", "a"),
    ("a**b", ":(glob)ax/yb"),
    ("a**b", ":(glob)ab"),
    ("a/**/**/b", ":(glob)a/b"),
    ("***/b", ":(glob)b"),
    ("[a-c]x", "[c-e]x"),
    ("[!a]", "[^b]"),
    ("{a,b}/c", "{b,d}/c"),
    ("{a,{b,c}d}", ":(glob)cd"),
    ("{,a}/b", "a/b"),
    ("{a/b,c}/d", "a/*/d"),
    ("a{,b}", ":(glob)a"),
    ("{**,a}/b", ":(glob)b"),
    ("**{/b,c}", ":(glob)b"),
    ("**{*,c}/b", ":(glob)b"),
    ("*\\ab", ":(glob)xab"),
    ("{x/,}**/b", ":(glob)x/b"),
    ("\\*", ":(glob)\\*"),
    ("[\\]]", ":(glob)]"),
    ("[a-]", ":(glob)-"),
    ("}", "}"),
    ("..?", ":(glob)..."),
    ("[^/]", "?"),
    ("ü*", "?x"),
];

const APART: &[(&str, &str)] = &[
    ("src", "srcs"),
    ("src/a", "src/b"),
    (":(glob)src", "src/a.rs"),
    (":(glob).", "a"),
    (":(glob).", "*"),
    (":(glob).", "**"),
    (":(literal)a*", ":(glob)ab"),
    // The one that says what a directory is not.
    ("a/*.rs", "a/*.md"),
    ("*", ":(glob)a/b"),
    ("src/a/b.rs", "src/*"),
    ("?", ":(glob)a/b"),
    ("src/*/a.rs", "src/*/b.rs"),
    ("src/?.rs", ":(glob)src/ab.rs"),
    ("a/**", ":(glob)a"),
    ("a**/b", ":(glob)ab"),
    ("**/x", ":(glob)ax"),
    ("[a-c]x", "[d-e]x"),
    ("[!a]", ":(glob)a"),
    ("a[!b]c", ":(glob)a/c"),
    ("a[+-9]c", ":(glob)a/c"),
    ("{a,b}/c", "{d,e}/c"),
    ("\\*", ":(glob)a"),
    ("*a", "*b"),
    ("*a*", "b"),
    ("a?", "??b"),
    ("*a*a[x]", "*b*b[y]"),
    // What would match only what is no path.
    ("{,a}/b", ":(glob)b"),
    ("?", "[.]"),
    ("[.]?", "?[.]"),
    ("{,.}", "**"),
    ("[/]", "**"),
    ("{/,}{/,}", "."),
    ("a/{.,..}/b", "."),
    ("**{/b,c}", ":(glob)ab"),
];

#[test]
fn patterns_that_share_a_path_overlap() {
    for (one, other) in OVERLAP {
        assert!(overlap(one, other, Case::Sensitive), "{one} and {other}");
        assert!(overlap(one, other, Case::Ignored), "{one} and {other} ignoring case");
    }
    for (one, other) in APART {
        assert!(!overlap(one, other, Case::Sensitive), "{one} and {other}");
    }
}

#[test]
fn case_is_ignored_where_it_is() {
    for (one, other) in [
        ("SRC", "src/a.rs"),
        ("*.RS", "a.rs"),
        ("[A-C]", ":(glob)b"),
        ("[a-c]", "[B]"),
        ("[!a]", ":(glob)a"),
        ("Ü?", ":(glob)üx"),
        ("[Α-Ω]", ":(glob)σ"),
        ("ς", "Σ"),
        ("{A,B}/x", "b/X"),
    ] {
        assert!(overlap(one, other, Case::Ignored), "{one} and {other}");
        assert!(!overlap(one, other, Case::Sensitive), "{one} and {other}");
    }
    assert!(!overlap("[A-C]", ":(glob)d", Case::Ignored));
    assert!(!overlap("[!aA]", ":(glob)a", Case::Ignored));
}

/// The longest patterns that there are, made so that a walk meets as many places as it can.
#[test]
fn what_would_take_long_to_decide_overlaps() {
    let many = |part: &str| part.repeat(Pattern::MAX / part.len() - 2);
    let hard = [many("*a") + "[x]", many("*b") + "[y]", many("**/") + "x", many("{a,*}") + "d", many("?")];
    for one in &hard {
        for other in &hard {
            overlap(one, other, Case::Ignored);
        }
    }
    assert!(overlap(&hard[0], &hard[1], Case::Sensitive));
    let long = Pattern::exact("a".repeat(200_000).parse().unwrap());
    assert!(pattern(&many("?")).overlaps(&long, Case::Sensitive));
}

/// A part of a glob, as the test knows it.
#[derive(Clone, Debug)]
enum Part {
    Char(char),
    One,
    Star,
    Stars,
    Class { negated: bool, from: char, to: char },
    Braces(Vec<Vec<Part>>),
}

fn text(parts: &[Part]) -> String {
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
fn written_out(parts: &[Part]) -> Vec<Vec<Part>> {
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

fn is_star(part: &Part) -> bool {
    matches!(part, Part::Star | Part::Stars)
}

/// Where a glob goes on if a `**` is a whole segment there and stands for no directory. Stars in a
/// row are one `**`.
fn past_whole_segment(glob: &[Part], at: usize) -> Option<usize> {
    let is_slash = |part: &Part| matches!(part, Part::Char('/'));
    let run = glob[at..].iter().take_while(|part| is_star(part)).count();
    let across = glob[at..at + run].iter().any(|part| matches!(part, Part::Stars));
    let starts = at == 0 || is_slash(&glob[at - 1]);
    (across && starts && glob.get(at + run).is_some_and(is_slash)).then_some(at + run + 1)
}

/// Whether a glob without braces matches what is left of a path, by trying everything.
fn matches(glob: &[Part], at: usize, path: &[char], same: &dyn Fn(&Part, char) -> bool) -> bool {
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
fn matches_char(part: &Part, c: char, case: Case) -> bool {
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
fn paths(alphabet: &[char], longest: usize) -> Vec<Vec<char>> {
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
fn globs(alphabet: &'static [char]) -> impl Strategy<Value = Vec<Part>> {
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
fn literals() -> impl Strategy<Value = (bool, bool)> {
    prop::sample::select(vec![(false, false), (false, false), (true, false), (false, true), (true, true)])
}

fn no_double_star(parts: &[Part]) -> bool {
    parts.windows(2).all(|pair| !(is_star(&pair[0]) && is_star(&pair[1])))
        && parts.iter().all(|part| match part {
            Part::Braces(choices) => choices.iter().all(|choice| no_double_star(choice)),
            _ => true,
        })
}

/// A pattern, and how the test finds out by trial whether it means a path.
type Judged = (String, Box<dyn Fn(&[char]) -> bool>);

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

/// The longest path that is tried.
const LONGEST: usize = 6;

fn compare(
    one: &[Part],
    other: &[Part],
    literal: (bool, bool),
    paths: &[Vec<char>],
    case: Case,
) -> Result<(), TestCaseError> {
    // Below a literal, a `/` and a name.
    let needs = |parts: &[Part], literal| if literal { parts.len() + 2 } else { needs(parts) };
    prop_assume!(needs(one, literal.0) + needs(other, literal.1) <= LONGEST);
    let (Some(a), Some(b)) = (judged(one, literal.0, case), judged(other, literal.1, case)) else {
        return Err(TestCaseError::reject("no pattern"));
    };
    let witness = paths.iter().find(|path| a.1(path) && b.1(path)).map(String::from_iter);
    prop_assert_eq!(overlap(&a.0, &b.0, case), witness.is_some(), "{} and {}: {:?}", a.0, b.0, witness);
    Ok(())
}

thread_local! {
    // A character for each kind that the patterns tell apart: `[.-a]` has `0`, `[!.-a]` has `z`.
    static DOTTED: Vec<Vec<char>> = paths(&['a', '0', 'z', '/', '.'], LONGEST);
    static CASELESS: Vec<Vec<char>> = paths(&['a', 'b', 'z', '/'], LONGEST);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, max_global_rejects: 100_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn overlap_is_what_trying_every_path_finds(
        one in globs(&['a', '.']), other in globs(&['a', '.']), literal in literals(),
    ) {
        DOTTED.with(|paths| compare(&one, &other, literal, paths, Case::Sensitive))?;
    }

    #[test]
    fn so_it_is_when_case_is_ignored(
        one in globs(&['a', 'A', 'b']), other in globs(&['a', 'A', 'b']), literal in literals(),
    ) {
        CASELESS.with(|paths| compare(&one, &other, literal, paths, Case::Ignored))?;
    }
}
