//! Which patterns share a possible path (invariant 3.1): a table, and any two small patterns
//! against every short path, matched by a matcher that shares nothing with the one under test.

#![allow(clippy::unwrap_used)]

mod oracle;

use jit_core::{Case, Pattern};
use oracle::{CASELESS, DOTTED, Part, both, globs, literals};
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

fn compare(
    one: &[Part],
    other: &[Part],
    literal: (bool, bool),
    paths: &[Vec<char>],
    case: Case,
) -> Result<(), TestCaseError> {
    let (a, b) = both(one, other, literal, case)?;
    let witness = paths.iter().find(|path| a.1(path) && b.1(path)).map(String::from_iter);
    prop_assert_eq!(overlap(&a.0, &b.0, case), witness.is_some(), "{} and {}: {:?}", a.0, b.0, witness);
    Ok(())
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
