//! Which pattern has all that another means: a table, and any two small patterns against every short
//! path. What is said to be contained must be; of literals and single paths nothing is left unsaid.

#![allow(clippy::unwrap_used)]

mod oracle;

use jit_core::{Case, Mode, Pattern, Scope};
use oracle::{CASELESS, DOTTED, Part, both, globs, literals};
use proptest::prelude::*;

fn contains(own: &str, other: &str, case: Case) -> bool {
    own.parse::<Pattern>().unwrap().contains(&other.parse().unwrap(), case)
}

const CONTAINS: &[(&str, &str)] = &[
    ("src", "src"),
    ("src", "src/a"),
    (".", "."),
    (".", "src"),
    (".", "*"),
    ("src", "src/*.rs"),
    ("src", "src/**"),
    ("src", ":(glob)src"),
    ("src", ":(glob)src/a"),
    (":(literal)app/[id]", "app/\\[id\\]/*"),
    ("*.rs", ":(glob)a.rs"),
    ("*.rs", "*.rs"),
    ("src/**", "src/**"),
    ("src/**", "src/a"),
    ("src/**", "src/a/*.rs"),
    ("src/**", "src/*"),
    ("**", "src"),
    ("**", "*/a"),
    // The root itself is no path that anybody has.
    ("**", "."),
];

const NOT: &[(&str, &str)] = &[
    ("src/a", "src"),
    ("src/a", "."),
    ("src", "sr"),
    ("sr", "src"),
    ("src/a", "src/*"),
    ("src/a", "src/a*"),
    ("src/*", "src"),
    ("src/*", "src/a"),
    ("*.rs", "a.rs"),
    ("*.rs", ":(glob)a/b.rs"),
    ("src/**", "src"),
    ("src/**", "srcs/a"),
    ("src/**", "s*/a"),
    ("src**", "src/a"),
    ("*/**", "a"),
    ("**", ":(glob)."),
];

#[test]
fn what_a_pattern_contains() {
    for (own, other) in CONTAINS {
        assert!(contains(own, other, Case::Sensitive), "{own} has {other}");
        assert!(contains(own, other, Case::Ignored), "{own} has {other} ignoring case");
    }
    for (own, other) in NOT {
        assert!(!contains(own, other, Case::Sensitive), "{own} has not {other}");
    }
    for (own, other) in [("SRC", "src/a"), ("src/**", "SRC/a"), ("*.RS", ":(glob)a.rs")] {
        assert!(contains(own, other, Case::Ignored) && !contains(own, other, Case::Sensitive), "{own}");
    }
}

#[test]
fn a_scope_contains_what_one_of_its_patterns_does() {
    let patterns = ["src", "doc/a"].map(|text| text.parse().unwrap()).to_vec();
    let scope = Scope::new(patterns, Mode::Shared, Case::Sensitive).unwrap();
    for (text, is_contained) in [("src/x", true), ("doc/a", true), ("doc", false), ("lib", false)] {
        assert_eq!(scope.contains(&text.parse().unwrap()), is_contained, "{text}");
    }
    assert!(!Scope::none().contains(&".".parse().unwrap()));
}

fn compare(
    own: &[Part],
    other: &[Part],
    literal: (bool, bool),
    paths: &[Vec<char>],
    case: Case,
) -> Result<(), TestCaseError> {
    // Of what is contained, a longer path is too.
    let (a, b) = both(own, other, literal, case)?;
    let outside = paths.iter().find(|path| b.1(path) && !a.1(path)).map(String::from_iter);
    let is_contained = contains(&a.0, &b.0, case);
    prop_assert!(!is_contained || outside.is_none(), "{} has not {}: {:?}", a.0, b.0, outside);
    let is_one_path = other.iter().all(|part| matches!(part, Part::Char(_)));
    if is_one_path && (!literal.1 || literal.0) {
        prop_assert_eq!(is_contained, outside.is_none(), "{} and {}: {:?}", a.0, b.0, outside);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, max_global_rejects: 100_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_contained_is_so_for_every_path(
        own in globs(&['a', '.']), other in globs(&['a', '.']), literal in literals(),
    ) {
        DOTTED.with(|paths| compare(&own, &other, literal, paths, Case::Sensitive))?;
    }

    #[test]
    fn so_it_is_when_case_is_ignored(
        own in globs(&['a', 'A', 'b']), other in globs(&['a', 'A', 'b']), literal in literals(),
    ) {
        CASELESS.with(|paths| compare(&own, &other, literal, paths, Case::Ignored))?;
    }
}
