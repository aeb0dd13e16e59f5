//! The policy's file (section 6): what binds every worktree is read as it is meant, and an edit
//! changes nothing else.

#![allow(clippy::unwrap_used)]

mod common;

use common::ttl;
use jit_core::{Policy, PolicyError};

/// What the design fixes: 10 minutes, at most 24 hours, no longest life.
#[test]
fn the_defaults_are_the_designs() {
    let policy = Policy::default();
    assert_eq!((policy.ttl.secs(), policy.max_ttl.secs(), policy.max_lifetime), (600, 86_400, None));
    assert!(!policy.allow_shared_filesystem);
    assert_eq!(Policy::parse("").unwrap(), (policy, vec![]));
}

/// Each key is read into its own field.
#[test]
fn each_key_is_read() {
    type Change = fn(&mut Policy);
    let cases: [(&str, Change); 10] = [
        ("ttl = \"5m\"", |p| p.ttl = ttl(300)),
        ("ttl = 45", |p| p.ttl = ttl(45)),
        ("ttl = \"45\"", |p| p.ttl = ttl(45)),
        ("max_ttl = \"2d\"", |p| p.max_ttl = ttl(172_800)),
        ("max_ttl = \"10m\"", |p| p.max_ttl = ttl(600)),
        // The default gives way to what was written.
        ("max_ttl = \"5m\"", |p| (p.ttl, p.max_ttl) = (ttl(300), ttl(300))),
        ("max_lifetime = \"8h\"", |p| p.max_lifetime = Some(ttl(28_800))),
        ("allow_shared_filesystem = true", |p| p.allow_shared_filesystem = true),
        ("compact_at = 65536", |p| p.compact_at = 65_536),
        ("# ttl = \"1s\"", |_| {}),
    ];
    for (text, change) in cases {
        let mut expected = Policy::default();
        change(&mut expected);
        assert_eq!(Policy::parse(text).unwrap(), (expected, vec![]), "{text}");
    }
}

/// A value that does not fit is an error that names its key; never a default that nobody asked
/// for.
#[test]
fn each_bad_value_names_its_key() {
    let cases = [
        ("ttl = 0", "ttl"),
        ("ttl = -5", "ttl"),
        ("ttl = 1.5", "ttl"),
        ("ttl = true", "ttl"),
        ("ttl = \"soon\"", "ttl"),
        ("ttl = \"1500ms\"", "ttl"),
        ("ttl = [10]", "ttl"),
        ("[ttl]", "ttl"),
        ("ttl = \"25h\"", "ttl"),
        ("ttl = \"11m\"\nmax_ttl = \"10m\"", "ttl"),
        ("max_ttl = 99999999999", "max_ttl"),
        ("max_lifetime = \"\"", "max_lifetime"),
        ("allow_shared_filesystem = \"yes\"", "allow_shared_filesystem"),
        ("allow_shared_filesystem = 1", "allow_shared_filesystem"),
        ("compact_at = 65535", "compact_at"),
        ("compact_at = -1", "compact_at"),
        ("compact_at = \"8M\"", "compact_at"),
    ];
    for (text, named) in cases {
        match Policy::parse(text) {
            Err(PolicyError::Value { key, reason }) => assert!(key == named && !reason.is_empty(), "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

/// Unknown keys have no effect and are told with the nearest known key, if any is near.
#[test]
fn unknown_keys_are_told() {
    let (policy, warnings) = Policy::parse("tll = 5\n[nothing.alike]\nx = 1\n").unwrap();
    assert_eq!(policy, Policy::default());
    let told: Vec<_> = warnings.iter().map(|w| (w.key.as_str(), w.nearest)).collect();
    assert_eq!(told, [("tll", Some("ttl")), ("nothing", None)]);
    assert_eq!(warnings[0].to_string(), "unknown key `tll` (did you mean `ttl`?)");
    assert_eq!(warnings[1].to_string(), "unknown key `nothing`");
}

/// What is no TOML is told with its place.
#[test]
fn no_toml_has_a_place() {
    match Policy::parse("# é\nttl = \"10m\"\nmax_ttl = \"é\" oops\n") {
        Err(PolicyError::Toml { line, column, message }) => {
            assert!((line, column) == (3, 15) && !message.is_empty(), "{line}:{column} {message}");
        }
        other => panic!("{other:?}"),
    }
}

/// Setting a key keeps everything else: comments, the key's own too, order, unknown keys, tables.
#[test]
fn an_edit_keeps_everything_else() {
    let text = "# mine\n\n# why so short\nttl = \"5m\" # short\nfuture = 1\n\n[table]\nx = 1\n";
    let cases = [
        ("ttl", Some("7m"), text.replace("\"5m\"", "\"7m\"")),
        ("ttl", Some("\"7m\""), text.replace("\"5m\"", "\"7m\"")),
        ("ttl", Some("420"), text.replace("\"5m\"", "420")),
        ("max_ttl", Some("1h"), text.replace("future = 1\n", "future = 1\nmax_ttl = \"1h\"\n")),
        ("allow_shared_filesystem", None, text.to_owned()),
    ];
    for (key, value, expected) in cases {
        assert_eq!(Policy::edited(text, key, value).unwrap(), expected, "{key} {value:?}");
    }
    let without = Policy::edited(text, "ttl", None).unwrap();
    assert!(!without.contains("ttl") && without.contains("future = 1\n\n[table]\nx = 1\n"), "{without}");
}

/// What can't be set: values that do not fit alone or together, and what is no key.
#[test]
fn an_edit_that_does_not_fit_is_refused() {
    let value = |key, value| match Policy::edited("ttl = \"5m\"\n", key, value) {
        Err(PolicyError::Value { key, .. }) => key,
        other => panic!("{key} {value:?}: {other:?}"),
    };
    assert_eq!(value("ttl", Some("0")), "ttl");
    assert_eq!(value("ttl", Some("25h")), "ttl");
    assert_eq!(value("ttl", Some("{}")), "ttl");
    assert_eq!(value("max_ttl", Some("1m")), "ttl", "the two do not fit together");
    assert_eq!(value("compact_at", Some("many")), "compact_at");
    match Policy::edited("", "max_lifetme", Some("1h")) {
        Err(PolicyError::Unknown(warning)) => assert_eq!(warning.nearest, Some("max_lifetime")),
        other => panic!("{other:?}"),
    }
    assert!(matches!(Policy::edited("ttl = = 1", "ttl", Some("1m")), Err(PolicyError::Toml { .. })));
}

/// Every key can be shown, and set to what was shown.
#[test]
fn what_is_shown_can_be_set() {
    let policy = Policy { max_lifetime: Some(ttl(5400)), allow_shared_filesystem: true, ..Policy::default() };
    let mut text = String::new();
    for (key, value, help) in policy.entries() {
        assert!(!help.is_empty(), "{key}");
        text = Policy::edited(&text, key, value.map(|value| value.toml()).as_deref()).unwrap();
    }
    assert_eq!(Policy::parse(&text).unwrap(), (policy, vec![]));
    let unset = Policy::default().entries();
    assert_eq!(
        unset.iter().filter(|entry| entry.1.is_none()).map(|e| e.0).collect::<Vec<_>>(),
        ["max_lifetime"]
    );
}
