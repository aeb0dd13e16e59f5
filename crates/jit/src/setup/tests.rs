//! What is set up is taken out again to the byte, whatever it was put into.

use std::path::PathBuf;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde::de::IgnoredAny;

use super::{Wrong, hooks, sandbox};
use crate::agents::Program;

const PROGRAMS: [(Program, usize); 4] =
    [(Program::Claude, 1), (Program::Codex, 1), (Program::Gemini, 1), (Program::Cursor, 2)];

/// Whitespace as people have it, and comments that look like more.
fn space() -> impl Strategy<Value = &'static str> {
    let plain = select(vec!["", "", "", " ", "  ", "\n", "\r\n\t", "\n\n    "]);
    prop_oneof![6 => plain, 1 => select(vec![" /* , ] */", "/*/*/ ", " // }\n", "\n  // \", #\r\n"])]
}

fn within(
    open: &'static str,
    items: impl Strategy<Value = String>,
    close: &'static str,
) -> impl Strategy<Value = String> {
    let items = vec((space(), items, space()), 0..4);
    (items, space(), any::<bool>()).prop_map(move |(items, last, trailing)| {
        let items: Vec<String> = items.iter().map(|(a, item, b)| format!("{a}{item}{b}")).collect();
        let trailing = if trailing && !items.is_empty() { "," } else { "" };
        format!("{open}{}{trailing}{last}{close}", items.join(","))
    })
}

fn member(
    name: impl Strategy<Value = &'static str>,
    value: impl Strategy<Value = String>,
) -> impl Strategy<Value = String> {
    (name, space(), space(), value).prop_map(|(name, a, b, value)| format!("\"{name}\"{a}:{b}{value}"))
}

fn value() -> impl Strategy<Value = String> {
    let plain =
        select(vec!["1.10", "-0", "12345678901234567890123", "1e400", "null", "\"\\u00e9\\/\"", "\"é,]\""]);
    plain.prop_map(str::to_owned).prop_recursive(2, 8, 3, |value| {
        let names = select(vec!["a", "command", "h\\u006foks", ""]);
        prop_oneof![within("[", value.clone(), "]"), within("{", member(names, value), "}")]
    })
}

/// A file of settings in which there may be hooks already.
fn settings() -> impl Strategy<Value = String> {
    let hook = || within("{", member(select(vec!["command", "x"]), value()), "}");
    let in_group = member(select(vec!["hooks"]), within("[", hook(), "]"));
    let group = within("{", prop_oneof![in_group, member(select(vec!["matcher"]), value())], "}");
    let events = select(vec!["PreToolUse", "BeforeTool", "preToolUse", "beforeShellExecution", "Stop"]);
    let list = within("[", prop_oneof![hook(), group], "]");
    let hooks = member(select(vec!["hooks"]), within("{", member(events, list), "}"));
    let version = member(select(vec!["version"]), select(vec!["1", "2"]).prop_map(str::to_owned));
    let others = member(select(vec!["a", "b"]), value());
    let file = within("{", prop_oneof![3 => hooks, 1 => version, 2 => others], "}");
    let blank = select(vec!["", " ", "\n", "\r\n\r\n"]).prop_map(str::to_owned);
    prop_oneof![9 => (space(), file, space()).prop_map(|(a, file, b)| format!("{a}{file}{b}")), 1 => blank]
}

/// Codex's settings, with the table in each way to write one.
fn toml() -> impl Strategy<Value = String> {
    let roots = || {
        let all = [
            "[]",
            "[ ]",
            "[\n]",
            "[\"/a\"]",
            "[ \"/a\", '/b' ]",
            "[\n  \"/a\", # \", ]\n  \"/b\",\n]",
            "[ # x\n]",
        ];
        select(all.to_vec())
    };
    let key = || {
        let with = roots().prop_map(|roots| format!("writable_roots={roots}  # mine\n"));
        prop_oneof![Just(String::new()), with]
    };
    let network = || select(vec!["", "network_access = true # \n"]);
    let table = (network(), key(), network()).prop_map(|(a, key, b)| {
        let b = if a.is_empty() { b } else { "" };
        format!("[ sandbox_workspace_write ] # head\n{a}{key}{b}")
    });
    let inline = prop_oneof![
        select(vec!["{}", "{ }", "{ network_access = true }", "{x.y = [1,2]}"]).prop_map(str::to_owned),
        select(vec!["[]", "[ \"/a\" ]"])
            .prop_map(|roots| format!("{{ x = [1, 2], writable_roots = {roots}, y = 1 }}")),
    ];
    let inline = inline.prop_map(|table| format!("sandbox_workspace_write = {table}\n"));
    let dotted = roots().prop_map(|roots| format!("sandbox_workspace_write.writable_roots = {roots}\n"));
    let dotted = prop_oneof![dotted, Just("sandbox_workspace_write.x = \"\"\"\na\"\"\" # x\n".to_owned())];
    let below = Just("[sandbox_workspace_write.x]\ny = 1\n".to_owned());
    let head = select(vec!["", "\n", "# é\n", "model = \"m\"\n\n"]);
    let tail = select(vec!["", "\n", "\n[x]\ny = 1\n\n", "# end\n"]);
    let body = prop_oneof![Just(String::new()), table, inline, dotted, below];
    (head, body, tail, any::<bool>(), any::<bool>()).prop_map(|(head, body, tail, cut, carriage)| {
        let text = format!("{head}{body}{tail}");
        let text = if cut { text.strip_suffix('\n').unwrap_or(&text) } else { &text };
        if carriage { text.replace('\n', "\r\n") } else { text.to_owned() }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn hooks_go_in_and_out_to_the_byte(text in settings()) {
        let is_strict = |text: &str| serde_json::from_str::<IgnoredAny>(text).is_ok();
        for (program, events) in PROGRAMS {
            let with = match hooks::add(program, Some(&text)) {
                Ok(with) => with,
                // Nothing but comments, or hooks that are something else.
                Err(Wrong::Unlike(_)) => continue,
                Err(wrong) => panic!("{wrong:?} in {text:?}"),
            };
            let command = format!("\"jit hook {}\"", program.name());
            prop_assert_eq!(with.matches(&command).count(), events);
            prop_assert_eq!(is_strict(&with), is_strict(&text) || text.trim().is_empty(), "{}", with);
            prop_assert_eq!(&hooks::add(program, Some(&with)).unwrap(), &with);
            prop_assert_eq!(hooks::remove(program, &with).unwrap(), Some(text.clone()), "{}", with);
        }
    }

    #[test]
    fn roots_go_in_and_out_to_the_byte(text in toml()) {
        let dirs = ["/src/.git/jit", "/src/.git/worktrees/\"w\"/jit"].map(PathBuf::from);
        let is_ours = |root: &str| dirs.iter().any(|dir| dir.to_str() == Some(root));
        let with = sandbox::add(Some(&text), &dirs).unwrap();
        let table: toml_edit::DocumentMut = with.parse().unwrap();
        let roots = table["sandbox_workspace_write"]["writable_roots"].as_array().unwrap();
        prop_assert_eq!(roots.iter().filter(|root| root.as_str().is_some_and(is_ours)).count(), 2);
        prop_assert_eq!(&sandbox::add(Some(&with), &dirs).unwrap(), &with);
        prop_assert!(!text.contains('\r') || with.matches('\n').count() == with.matches("\r\n").count());
        prop_assert_eq!(sandbox::remove(&with, &is_ours).unwrap(), Some(text), "{}", with);
    }
}

#[test]
fn what_was_made_whole_goes_whole() {
    for (program, _) in PROGRAMS {
        let made = hooks::add(program, None).unwrap();
        assert_eq!(hooks::remove(program, &made).unwrap(), None);
        let grown = made.replacen('{', "{\n  \"mine\": 1, ", 1);
        assert_eq!(hooks::remove(program, &grown).unwrap().as_deref(), Some("{\n  \"mine\": 1\n}\n"));
    }
    let dirs = [PathBuf::from("/r")];
    let made = sandbox::add(None, &dirs).unwrap();
    assert_eq!(sandbox::remove(&made, &|root| root == "/r").unwrap(), None);
    let grown = made + "network_access = true\n";
    let left = sandbox::remove(&grown, &|root| root == "/r").unwrap().unwrap();
    assert_eq!(left, "[sandbox_workspace_write] # jit setup\nnetwork_access = true\n");
}

#[test]
fn it_is_written_as_the_rest_is() {
    let text = "{\r\n\t\"hooks\": 1,\r\n\t\"hooks\": {\r\n\t\t\"Stop\": []\r\n\t}\r\n}\r\n";
    let with = hooks::add(Program::Gemini, Some(text)).unwrap();
    // Of two of one name, the last is what counts.
    let ours = ["\"hooks\": 1,", "\t\"hooks\": {", "\t\t\"BeforeTool\": [", "\t\t\t{"].join("\r\n");
    assert!(with.contains(&ours), "{with}");
    assert_eq!(with.matches('\n').count(), with.matches("\r\n").count());
    assert!(
        hooks::add(Program::Gemini, Some("{\n    \"a\": 1\n}")).unwrap().contains("\n        \"BeforeTool\"")
    );
    let left = "sandbox_workspace_write = {}";
    let with = sandbox::add(Some(left), &[PathBuf::from("/r")]).unwrap();
    assert_eq!(with, "sandbox_workspace_write = {writable_roots = [ \"/r\" ]}");
}

/// What a user put around ours, or moved, stays.
#[test]
fn what_came_after_setup_stays() {
    let remove = |text: &str| hooks::remove(Program::Claude, text).unwrap().unwrap();
    let ours = r#"{ "hooks": [ {"command": "jit hook claude"} ] }"#;
    for (text, left) in [
        (format!("{{\"hooks\": {{\"PreToolUse\": [ 1 // a, b\n , {ours}]}}}}"), "{\"hooks\": {\"PreToolUse\": [ 1 // a, b\n  ]}}"),
        (format!("{{\"hooks\": {{\"PreToolUse\": [ // a\n {ours}]}}}}"), "{\"hooks\": {\"PreToolUse\": [ // a\n ]}}"),
        (format!("{{\"hooks\": {{\"PreToolUse\": [ 1, {ours} /* , */ , 2]}}}}"), "{\"hooks\": {\"PreToolUse\": [ 1, /* , */  2]}}"),
        (format!("// mine\n{{ \"hooks\": {{ \"PreToolUse\": [ {ours} ] }} }}\n"), "// mine\n{}\n"),
        (
            r#"{"hooks": {"PreToolUse": [{"hooks": [{"command": "jit hook claude"}, {"command": "mine"}]}]}}"#.to_owned(),
            r#"{"hooks": {"PreToolUse": [{"hooks": [ {"command": "mine"}]}]}}"#,
        ),
    ] {
        assert_eq!(remove(&text), left, "{text}");
        let roots = sandbox::remove("sandbox_workspace_write.writable_roots = [ '/a' # b, c\n, '/r']\n", &|root| root == "/r");
    assert_eq!(roots.unwrap().unwrap(), "sandbox_workspace_write.writable_roots = [ '/a' # b, c\n ]\n");
}
}

/// A user's own way to ask jit is enough, and stays.
#[test]
fn another_way_to_ask_jit_is_the_users() {
    for (command, asks) in [
        ("/opt/jit hook claude", true),
        ("'/my dir/jit' hook claude || true", true),
        ("git jit hook claude", true),
        ("/opt/notjit hook claude", false),
        ("jit hook cursor", false),
    ] {
        let text = format!(r#"{{"hooks":{{"PreToolUse":[{{"hooks":[{{"command":"{command}"}}]}}]}}}}"#);
        let with = hooks::add(Program::Claude, Some(&text)).unwrap();
        assert_eq!(with == text, asks, "{command}");
        assert_eq!(hooks::asks(Program::Claude, &text), asks);
        assert_eq!(hooks::remove(Program::Claude, &with).unwrap().unwrap(), text);
    }
}
