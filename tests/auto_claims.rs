//! `auto_claim`: an agent's hook claims what the agent is about to change.

use crate::support::repo::write;
use crate::support::told::{Told, printed};
use crate::support::{Agent, Repo};

/// What an agent is told that is about to write this file, or to run a command.
#[track_caller]
fn told(agent: &Agent<'_>, tool: &str, input: &str) -> Told {
    Told::read("claude", &said(agent, tool, input))
}

fn said(agent: &Agent<'_>, tool: &str, input: &str) -> String {
    let key = if tool == "Bash" { "command" } else { "file_path" };
    let call = serde_json::json!({ "hook_event_name": "PreToolUse", "tool_name": tool, "tool_input": { key: input } });
    printed(agent, "claude", &call.to_string())
}

fn paths(agent: &Agent<'_>) -> Vec<String> {
    let leases = agent.jit(["claim", "status"]).ok()["leases"].clone();
    let paths = leases
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|lease| lease["scope"]["paths"].as_array().unwrap().clone());
    paths.map(|path| path.as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_an_agent_is_about_to_change_is_claimed_for_it() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob").at(repo.worktree("there")));
    write(&repo.main().join("src/a"), "x");
    told(&ann, "Write", "src/a").silent();
    assert!(paths(&ann).is_empty());
    ann.jit(["config", "set", "auto_claim", "true"]).ok();
    // By a lease of its own, which then grows.
    told(&ann, "Write", "src/a").noted(&[
        "jit claimed src/a for you",
        "jit claim renew",
        "jit claim release",
    ]);
    told(&ann, "Write", "src/a").silent();
    // That lease is more than this: it is not to be given up for it.
    let grown = said(&ann, "Bash", "echo > src/b; cat src/c");
    assert!(grown.contains("src/b") && grown.contains("jit claim renew"), "{grown}");
    assert!(!grown.contains("claim release"), "{grown}");
    assert_eq!(paths(&ann), ["src/a", "src/b"]);
    told(&ann, "Bash", "ls").silent();
    assert_eq!(ann.jit(["claim", "status"]).leases().len(), 1);
    // Others' stays others', and nothing is taken with it.
    told(&bob, "Bash", "rm src/a src/z").denied(&["src/a", "agent:ann"]);
    assert!(paths(&bob).is_empty());
    // The lease of an issue covers the paths that are changed for it.
    bob.jit(["claim", "acquire", "name:x"]).lease();
    told(&bob, "Write", "doc/a [1].md").noted(&["doc/a [1].md"]);
    assert_eq!(
        bob.jit(["claim", "status", "name:x"]).ok()["lease"]["scope"]["paths"][0],
        ":(literal)doc/a [1].md"
    );
    // With several, nobody can tell which is meant.
    bob.jit(["claim", "acquire", "name:y"]).lease();
    told(&bob, "Write", "doc/b").noted(&["doc/b"]);
    assert_eq!(bob.jit(["claim", "status"]).leases().len(), 3);
    repo.healthy();
}

/// What is shared is no place for what one is alone to change.
#[test]
fn a_lease_of_shared_paths_does_not_grow() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["config", "set", "auto_claim", "true"]).ok();
    let shared = ann.jit(["claim", "acquire", "--shared", "--path", "doc"]).lease().lease_id;
    told(&ann, "Write", "src/a").noted(&["jit claimed src/a for you"]);
    assert_eq!(paths(&ann), ["doc", "src/a"]);
    let grown = ann.jit(["claim", "status", &shared]).ok();
    assert_eq!(grown["lease"]["scope"]["paths"], serde_json::json!(["doc"]));
    // The other one does.
    ann.jit(["claim", "release", &shared]).ok();
    told(&ann, "Write", "src/b").noted(&["jit claimed src/b for you"]);
    assert_eq!(ann.jit(["claim", "status"]).leases().len(), 1);
}
