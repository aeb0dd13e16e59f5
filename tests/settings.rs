//! The lease policy: its settings, those that nobody knows, and what it cuts.

use crate::support::Repo;
use crate::support::answer::Answer;

/// What the policy's file says that nobody knows is told with every answer, failures too, and is
/// the error itself where somebody looks at settings.
#[test]
fn unknown_settings_are_told_with_failures_too() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.claim("name:a");
    std::fs::write(repo.control().join("config.toml"), "ttl = \"5m\"\nmax_tll = \"1h\"\n").unwrap();
    let document = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let warnings = |answer: &Answer| {
        let text = if answer.status == Some(0) { &answer.stdout } else { &answer.stderr };
        document(text)["warnings"].clone()
    };
    let path = repo.control().join("config.toml");
    let told = format!("{}, line 2: unknown key `max_tll` (did you mean `max_ttl`?)", path.display());
    let message = told.clone();
    let told = serde_json::json!([told]);
    assert_eq!(warnings(&ann.jit(["claim", "acquire", "name:b"])), told);
    let bob = repo.agent("bob");
    assert_eq!(warnings(&bob.jit(["claim", "acquire", "name:a"])), told);
    let said = bob.say(["claim", "acquire", "name:a"]);
    assert!(said.stderr.starts_with(&format!("warning: {message}\n")), "{said:?}");
    // The list is there all the same.
    let listed = ann.jit(["config", "list"]);
    assert_eq!(listed.status, Some(9), "{listed:?}");
    let shown = document(&listed.stdout);
    assert_eq!(
        (&shown["data"]["settings"][0]["value"], &shown["warnings"]),
        (&"5m".into(), &Vec::<String>::new().into())
    );
    let wrong = document(&listed.stderr)["error"].clone();
    assert_eq!((&wrong["code"], &wrong["message"]), (&"bad_policy".into(), &message.clone().into()));
    assert_eq!(wrong["context"]["unknown"][0]["nearest"], "max_ttl");
    let listed = ann.say(["config", "list"]);
    assert!(listed.status == Some(9) && listed.stdout.starts_with("ttl "), "{listed:?}");
    assert!(listed.stderr.starts_with(&format!("error: {message}\nhint: jit ")), "{listed:?}");
    assert_eq!(ann.jit(["config", "get", "ttl"]).refused(9).message, message);
    ann.jit(["config", "set", "max_tll", "1h"]).refused(3);
    // The hint, word for word.
    let hint = wrong["hint"].as_str().unwrap().strip_prefix("jit ").unwrap();
    let done = ann.jit(hint.split(' '));
    assert_eq!(
        (done.ok()["setting"]["value"].clone(), warnings(&done)),
        (serde_json::json!(null), serde_json::json!([]))
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "ttl = \"5m\"\n");
    ann.jit(["config", "list"]).ok();
    ann.jit(["config", "unset", "max_tll"]).refused(3);
}

/// A TTL that the policy cuts is cut aloud.
#[test]
fn a_ttl_that_is_cut_is_warned_of() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["config", "set", "max_lifetime", "1h"]).ok();
    let said = ann.say(["claim", "acquire", "name:a", "--ttl", "2h"]);
    let over = ", and no renewal adds to that: max_lifetime is 1h\n";
    assert_eq!(said.stderr, format!("warning: name:a: 1h left{over}"));
    for again in [
        &["claim", "renew", "name:a", "--ttl", "3h"][..],
        &["claim", "renew", "name:a"],
        &["claim", "heartbeat"],
    ] {
        let said = ann.say(again);
        assert!(said.stderr.starts_with("warning: name:a: 59m ") && said.stderr.ends_with(over), "{said:?}");
    }
    let quiet = ann.say(["claim", "acquire", "name:short", "--ttl", "30m"]);
    assert_eq!(quiet.stderr, "");
    ann.jit(["claim", "release", "name:short"]).ok();
    ann.jit(["config", "unset", "max_lifetime"]).ok();
    ann.claim("name:b");
    ann.jit(["config", "set", "ttl", "1m"]).ok();
    ann.jit(["config", "set", "max_ttl", "1m"]).ok();
    for again in [&["claim", "renew", "name:b"][..], &["claim", "heartbeat"]] {
        let said = ann.say(again);
        assert!(said.stderr.ends_with(", and max_ttl is 1m now\n"), "{said:?}");
        assert_eq!(said.stderr.lines().count(), 1, "{said:?}");
        assert_eq!(ann.say(again).stderr, "", "once is enough");
    }
    ann.jit(["config", "unset", "max_ttl"]).ok();
    let quiet = ann.say(["claim", "acquire", "name:c", "--ttl", "1h"]);
    assert_eq!(quiet.stderr, "");
}

/// One setting for scripts: the value alone; typed in JSON.
#[test]
fn a_setting_is_its_value() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    for (key, text, value) in [
        ("ttl", "10m", serde_json::json!("10m")),
        ("max_lifetime", "", serde_json::json!(null)),
        ("compact_at", "8388608", serde_json::json!(8_388_608)),
        ("allow_shared_filesystem", "false", serde_json::json!(false)),
    ] {
        assert_eq!(ann.say(["config", "get", key]).stdout, format!("{text}\n"));
        assert_eq!(ann.jit(["config", "get", key]).ok()["setting"]["value"], value);
    }
    ann.jit(["config", "set", "ttl", ann.say(["config", "get", "ttl"]).stdout.trim()]).ok();
}
