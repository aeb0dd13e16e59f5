//! What an agent is told to begin with.

use crate::support::issue::issue;
use crate::support::{Agent, Repo};

#[test]
fn an_agent_learns_what_it_needs_in_under_sixty_lines() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    let empty = ann.say(["prime"]).stdout;
    assert!(empty.contains("You are agent:ann in ") && empty.contains(", on branch main."), "{empty}");
    assert!(empty.contains("You hold nothing.") && empty.contains("No issue can be claimed now."), "{empty}");
    assert!(!repo.control().exists(), "looking makes nothing");
    for n in 0..7 {
        issue(&ann, &format!("issue {n}"), &[]);
    }
    let issues = ann.jit(["query", "available"]).ok()["issues"].clone();
    let first = issues[0]["id"].as_str().unwrap().to_owned();
    ann.jit(["claim", "acquire", &first, "--path", "src"]).lease();
    for n in 0..30 {
        ann.jit(["claim", "acquire", &format!("name:n{n}")]).lease();
    }
    let lost = ann.claim("name:lost").lease_id;
    repo.agent("bob").jit(["claim", "force-evict", "name:lost", "--reason", "stuck"]).ok();
    let said = ann.say(["prime"]).stdout;
    assert!(said.lines().count() < 60, "{said}");
    for part in [&first[..8], "src", " left", "and 21 more", &lost, "stuck", "(5 of 6)", "issue 1", "issue 5"]
    {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    assert!(!said.contains("issue 6"), "{said}");
    let told = ann.jit(["prime"]).ok();
    assert_eq!(told["agent"], "agent:ann");
    assert_eq!(told["available_count"], 6);
    assert_eq!(told["available"].as_array().unwrap().len(), 5);
    assert_eq!(
        (told["leases"].as_array().unwrap().len(), told["lost"][0]["lease_id"].as_str()),
        (31, Some(&*lost))
    );
    // What is let go of is not told again.
    ann.jit(["claim", "abandon"]).ok();
    assert!(!ann.say(["prime"]).stdout.contains(&lost));
    assert_eq!(ann.jit(["claim", "status"]).ok()["lost"], serde_json::json!([]));
}

/// The commands work as they are printed.
#[test]
fn the_commands_are_ones() {
    let repo = Repo::new();
    let ann: Agent<'_> = repo.agent("x").nameless();
    let id = issue(&repo.agent("ann"), "one", &[]);
    let said = ann.say(["--agent", "agent:ann", "prime"]).stdout;
    let commands: Vec<&str> = said
        .lines()
        .filter_map(|line| line.strip_prefix("  jit "))
        .map(|line| line.split("  ").next().unwrap())
        .collect();
    assert_eq!(commands.len(), 5, "{said}");
    for command in commands {
        let command = command.replace("ISSUE", &id).replace("PATH", "src");
        if command.contains("acquire") {
            ann.jit(["--agent", "agent:ann", "claim", "release", &id]).ok();
        }
        assert_eq!(ann.say(command.split(' ')).status, Some(0), "{command}");
    }
}

#[test]
fn what_agents_read_to_begin_with() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    let ids: Vec<String> = ["one", "two", "three"].map(|title| issue(&ann, title, &[])).into();
    ann.jit(["claim", "acquire", &ids[0], "--path", "src", "--path", "doc/*.md", "--task", "the parser"])
        .lease();
    let lost = ann.claim("name:x").lease_id;
    repo.agent("bob").jit(["claim", "force-evict", "name:x", "--reason", "stuck"]).ok();
    let mut said =
        ann.say(["prime"]).stdout.replace(repo.dir().to_str().unwrap(), "<dir>").replace(&lost, "<lease>");
    for (n, id) in ids.iter().enumerate() {
        said = said.replace(&id[..8], &format!("<issue{n}>"));
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "<time>");
    settings.add_filter(r"\d+m \d+s left", "<left>");
    settings.bind(|| insta::assert_snapshot!("prime", said));
}
