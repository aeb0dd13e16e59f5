//! The file of gates.

use jit_core::{ControlPlaneId, Ttl};
use jit_tracker::GateName;
use jit_tracker::gates::{Check, Gate, Repository, defined, parse};

const FILE: &str = "\
# What has to be passed.

[gates.review] # by a person
kind = \"manual\"
description = \"Somebody else has read it.\"

[gates.tests]
# Slow.
kind = \"command\"
command = \"cargo test\" # all of them
timeout = \"15m\"
";

fn name(text: &str) -> GateName {
    text.parse().unwrap()
}

fn command(text: &str, secs: u64) -> Gate {
    Gate {
        check: Check::Command { command: text.parse().unwrap(), timeout: Ttl::from_secs(secs).unwrap() },
        description: None,
    }
}

#[test]
fn gates_are_read() {
    let gates = parse(FILE).unwrap();
    assert_eq!(gates[&name("review")].check, Check::Manual);
    assert_eq!(gates[&name("tests")], command("cargo test", 900));
    assert!(parse("").unwrap().is_empty());
    let bare = parse("[gates.a]\nkind = \"command\"\ncommand = \"true\"\n").unwrap();
    assert_eq!(bare[&name("a")], command("true", 600));
}

#[test]
fn edits_keep_what_else_is_there() {
    let edited = defined(FILE, &name("tests"), &command("cargo nextest", 60)).unwrap();
    let edited = defined(&edited, &name("lint"), &command("cargo clippy", 60)).unwrap();
    insta::assert_snapshot!(edited);
    assert_eq!(parse(&edited).unwrap().len(), 3);
    assert_eq!(parse(&edited).unwrap()[&name("tests")], command("cargo nextest", 60));
    // What is defined as it is stays as it is written.
    for (known, gate) in parse(FILE).unwrap() {
        assert_eq!(defined(FILE, &known, &gate).unwrap(), FILE);
    }
    let manual = Gate { check: Check::Manual, description: None };
    let turned = defined(FILE, &name("tests"), &manual).unwrap();
    assert_eq!(parse(&turned).unwrap()[&name("tests")], manual);
    let first = defined("", &name("a.b"), &manual).unwrap();
    assert_eq!(first, "[gates.\"a.b\"]\nkind = \"manual\"\n");
    assert_eq!(parse(&first).unwrap()[&name("a.b")], manual);
    assert_eq!(parse(&defined("gates = {}\n", &name("a"), &manual).unwrap()).unwrap()[&name("a")], manual);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let said: String = [
        "gates = 1",
        "[gates.a\n",
        "[gate.a]\nkind = \"manual\"",
        "[gates.a]\nkin = \"manual\"",
        "[gates.a]\n",
        "[gates.a]\nkind = \"auto\"",
        "[gates.a]\nkind = \"command\"",
        "[gates.a]\nkind = \"manual\"\ncommand = \"true\"",
        "[gates.a]\nkind = \"command\"\ncommand = [\"true\"]",
        "[gates.a]\nkind = \"command\"\ncommand = \"true\"\ntimeout = \"5M\"",
        "[gates.a]\nkind = \"command\"\ncommand = \"true\"\ntimeout = 0",
        "[gates.\"a b\"]\nkind = \"manual\"",
        "[gates]\na = 1",
        "[gates.a]\n<<<<<<< ours\nkind = \"manual\"",
    ]
    .iter()
    .map(|text| format!("{text:?}\n  {}\n", parse(text).unwrap_err()))
    .collect();
    insta::assert_snapshot!(said);
    assert!(defined("[gates.a]\n", &name("b"), &command("true", 1)).is_err());
}

#[test]
fn an_approval_is_of_one_command_as_one_gate_in_one_repository() {
    let plane = |n| ControlPlaneId::new(uuid::Uuid::from_u128(n));
    let here = Repository { control_plane: plane(1), path: b"/r/.git" };
    let within = |place, gate: &str, text: &str| command(text, 60).fingerprint(&name(gate), &place);
    let of = |gate: &str, text: &str| within(here, gate, text).unwrap();
    assert_eq!(of("a", "true"), command("true", 5).fingerprint(&name("a"), &here).unwrap());
    assert_ne!(Some(of("a", "true")), within(Repository { path: b"/s/.git", ..here }, "a", "true"));
    assert_ne!(Some(of("a", "true")), within(Repository { control_plane: plane(2), ..here }, "a", "true"));
    assert_ne!(of("a", "true"), of("a", "true "));
    assert_ne!(of("a", "true"), of("b", "true"));
    assert_ne!(of("ab", "c"), of("a", "bc"));
    assert_eq!(of("a", "true").to_string().len(), 64);
    assert_eq!(Gate { check: Check::Manual, description: None }.fingerprint(&name("a"), &here), None);
}
