//! Patterns and scopes as they are written and read (section 5), and when two scopes may be held
//! side by side (invariant 3.1).

#![allow(clippy::unwrap_used)]

use jit_core::{Case, Mode, Pattern, PatternError, RepoPath, Scope, ScopeError};

fn pattern(text: &str) -> Pattern {
    text.parse().unwrap()
}

fn path(text: &str) -> RepoPath {
    text.parse().unwrap()
}

fn scope(paths: &str, mode: Mode) -> Scope {
    Scope::new(paths.split_whitespace().map(pattern).collect(), mode, Case::Sensitive).unwrap()
}

#[test]
fn a_pattern_has_one_written_form() {
    for text in [
        ".",
        "src/a.rs",
        "a b/ü",
        "a]b},-",
        "src/*.rs",
        "a\\[b",
        ":(literal)app/[id]/page.tsx",
        ":(literal)a\\b",
        ":(literal):(glob)x",
        ":(glob)src/a.rs",
        ":(glob):(x)*",
        ":(glob).",
    ] {
        assert_eq!(pattern(text).to_string(), text);
        assert_eq!(pattern(&pattern(text).to_string()), pattern(text));
    }
    for (text, written) in [(":(literal)a", "a"), (":(literal).", "."), (":(glob)*", "*")] {
        assert_eq!(pattern(text).to_string(), written);
    }
    assert_ne!(pattern(":(glob)a"), pattern("a"));
    let json = serde_json::to_string(&pattern(":(literal)a*")).unwrap();
    assert_eq!(json, r#"":(literal)a*""#);
    assert_eq!(serde_json::from_str::<Pattern>(&json).unwrap(), pattern(":(literal)a*"));
}

#[test]
fn an_exact_path_is_the_glob_of_its_characters() {
    for text in ["src/a.rs", "app/[id]/{a,b}\\*?", ":(x", "."] {
        let exact = Pattern::exact(path(text));
        assert_eq!(pattern(&exact.to_string()), exact, "{exact}");
        let own = Pattern::literal(path(text)).unwrap();
        assert!(exact.overlaps(&own, Case::Sensitive) && exact.overlaps(&exact, Case::Sensitive), "{exact}");
        let below = Pattern::exact(path("x").join(&format!("../{text}/below")).unwrap());
        assert!(own.overlaps(&below, Case::Sensitive) && !exact.overlaps(&below, Case::Sensitive), "{exact}");
    }
    let long = "x/".repeat(5_000) + "x";
    assert!(!Pattern::exact(path(&long)).overlaps(&pattern("x/*"), Case::Sensitive));
    assert!(Pattern::exact(path(&long)).overlaps(&pattern("x/**"), Case::Sensitive));
    assert!(matches!(Pattern::literal(path(&long)), Err(PatternError::Long { length: 10_001, .. })));
    assert!(matches!(Pattern::glob(&"?".repeat(1_025)), Err(PatternError::Long { .. })));
    assert!(Pattern::glob(&"?".repeat(1_024)).is_ok());
    let nested = "{".repeat(512) + &"}".repeat(512);
    assert!(!Pattern::glob(&nested).unwrap().overlaps(&pattern("*"), Case::Sensitive));
}

/// What is wrong, and what to write for a file of this name.
#[test]
fn what_is_malformed_is_told() {
    let texts = [
        "a[b",
        "a[",
        "[b-",
        "[]",
        "[]a]",
        "[!]",
        "[[:alpha:]]",
        "[z-a]",
        "a{b",
        "{a,{b}",
        "a*\\",
        "[\\",
        "a/*/",
        "/*",
        "*//a",
        "../*",
        "*/./b",
        "\\.",
        ":(glob)",
        ":(glob)a/",
        "*\0",
        ":(top)a",
        ":(",
        "",
        "/a",
        "a/../b",
        ":(literal)",
        ":(literal)/a",
    ];
    let told = texts.map(|text| format!("{text:?}: {}", text.parse::<Pattern>().unwrap_err()));
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn an_anchor_is_what_every_path_is_below() {
    for (text, anchor) in [
        (".", vec![]),
        ("src/a.rs", vec!["src", "a.rs"]),
        (":(literal)app/[id]", vec!["app", "[id]"]),
        (":(glob)src/a.rs", vec!["src"]),
        (":(glob)a.rs", vec![]),
        (":(glob).", vec![]),
        ("src/b/*.rs", vec!["src", "b"]),
        ("src/b*/c", vec!["src"]),
        ("a/\\[id\\]/x*", vec!["a", "[id]"]),
        ("a\\/b/\\**", vec!["a", "b"]),
        ("{a/b,c}/d", vec![]),
        ("**/a", vec![]),
    ] {
        assert_eq!(pattern(text).anchor(), anchor, "{text}");
    }
}

#[test]
fn scopes_conflict_unless_both_are_shared() {
    let told = |pairs: Vec<(&Pattern, &Pattern)>| {
        pairs.iter().map(|(a, b)| format!("{a}~{b}")).collect::<Vec<_>>().join(" ")
    };
    let (ours, theirs) = ("src/a.rs docs/*.md b", "src docs/x.* c");
    let overlaps = "docs/*.md~docs/x.* src/a.rs~src";
    for (a, b) in
        [(Mode::Exclusive, Mode::Exclusive), (Mode::Exclusive, Mode::Shared), (Mode::Shared, Mode::Exclusive)]
    {
        assert_eq!(told(scope(ours, a).conflicts(&scope(theirs, b))), overlaps);
    }
    let (a, b) = (scope(ours, Mode::Shared), scope(theirs, Mode::Shared));
    assert_eq!(told(a.conflicts(&b)), "");
    assert_eq!(told(a.overlaps(&b)), overlaps);
    assert_eq!(a.overlaps(&Scope::none()), []);
}

#[test]
fn case_is_ignored_when_either_ignores_it() {
    let upper = Scope::new(vec![pattern("SRC")], Mode::Exclusive, Case::Ignored).unwrap();
    let lower = scope("src/a.rs", Mode::Exclusive);
    assert_eq!((upper.overlaps(&lower).len(), lower.overlaps(&upper).len()), (1, 1));
    assert!(upper.contains(&pattern("src/a")) && !lower.contains(&pattern("SRC/a.rs")));
    assert_eq!(lower.with(&upper).unwrap().case(), Case::Ignored);
}

#[test]
fn a_scope_grows_and_keeps_its_mode() {
    let grown = scope("b a", Mode::Shared).with(&scope("c a", Mode::Exclusive)).unwrap();
    assert_eq!(grown, scope("a b c", Mode::Shared));
    assert_eq!(Scope::none().with(&grown).unwrap(), grown);
    assert_eq!(grown.with(&Scope::none()).unwrap(), grown);
    assert_eq!(Scope::new(vec![], Mode::Shared, Case::Ignored).unwrap(), Scope::none());
}

#[test]
fn a_scope_has_its_limits() {
    let names = |many: usize, long: usize| -> Vec<Pattern> {
        (0..many).map(|n| pattern(&format!("{n:0long$}"))).collect()
    };
    let new = |patterns| Scope::new(patterns, Mode::Exclusive, Case::Sensitive);
    let twice: Vec<Pattern> = names(1_000, 4).into_iter().chain(names(1_000, 4)).collect();
    assert_eq!(new(twice).unwrap().patterns().len(), 1_000);
    assert_eq!(new(names(1_001, 4)), Err(ScopeError::Patterns(1_001)));
    assert!(new(names(64, 1_024)).is_ok());
    let error = new(names(65, 1_024)).unwrap_err();
    assert_eq!(error, ScopeError::Bytes(65 * 1_024));
    let limits = [Scope::MAX_PATTERNS, Scope::MAX_BYTES, Pattern::MAX].map(|n| n.to_string());
    assert!(ScopeError::Patterns(0).to_string().contains(&limits[0]));
    assert!(error.to_string().contains(&limits[1]));
    assert!(Pattern::glob(&"?".repeat(1_025)).unwrap_err().to_string().contains(&limits[2]));
}

#[test]
fn a_scope_is_written_as_the_log_has_it() {
    for (json, scope) in [
        (r#"{"paths":["b/*","a"],"mode":"shared"}"#, scope("b/* a", Mode::Shared)),
        (
            r#"{"paths":["a"],"mode":"exclusive","ignore_case":true}"#,
            Scope::new(vec![pattern("a")], Mode::Exclusive, Case::Ignored).unwrap(),
        ),
        (r#"{"paths":[],"mode":"exclusive"}"#, Scope::none()),
    ] {
        assert_eq!(serde_json::from_str::<Scope>(json).unwrap(), scope);
        let written = serde_json::to_string(&scope).unwrap();
        assert_eq!(serde_json::from_str::<Scope>(&written).unwrap(), scope);
        assert_eq!(written, json.replace(r#""b/*","a""#, r#""a","b/*""#));
    }
    let later = r#"{"paths":["a"],"mode":"exclusive","ignore_case":false,"colour":"red"}"#;
    assert_eq!(serde_json::from_str::<Scope>(later).unwrap(), scope("a", Mode::Exclusive));
    for bad in [r#"{"paths":["a["]}"#, r#"{"paths":["/a"]}"#, r#"{"mode":"mine"}"#] {
        assert!(serde_json::from_str::<Scope>(bad).is_err(), "{bad}");
    }
}
