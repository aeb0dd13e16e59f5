//! What a refusal says can be followed as it stands: who and where the holder is, and commands that
//! work as printed.

use std::path::Path;

use crate::support::repo::JIT;
use crate::support::{Agent, Repo, follow, shell};

/// The command that a refusal hints at asks for the same again, with the caller's own words, and
/// works from where the refused one was given.
#[test]
fn the_hint_of_a_refusal_works_as_printed() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    ann.claim("name:a");
    let dir = repo.worktree("it's a place");
    let outside = repo.agent("x").at(repo.dir());
    let task = "it's $(HOME) `jit claim list` *";
    let mut asked = vec!["-C", dir.to_str().unwrap(), "claim", "acquire", "name:b", "name:a"];
    asked.extend(["--agent", "agent:bob", "--ttl", "1h 30m", "--task", task]);
    let refused = outside.jit(&asked);
    refused.refused(5);
    ann.jit(["claim", "release", "name:a"]).ok();
    let lease = follow(&outside, &refused).ok()["lease"].clone();
    assert_eq!(lease["agent"], "agent:bob");
    assert_eq!(lease["task"], task);
    assert_eq!(lease["ttl_secs"], 5_400);
    assert_eq!(lease["issues"], serde_json::json!(["name:a", "name:b"]));
}

/// The hint of `next` asks for the same again, and that of `distribute` claims nothing.
#[test]
fn the_hint_of_next_keeps_what_was_asked_for() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    let mut asked = vec!["claim", "next", "--label", "front end", "--label", "b", "--priority", "high"];
    asked.extend(["--count", "2", "--task", "it's mine", "--ttl", "5m", "--all-or-nothing"]);
    let hint = ann.jit(asked).refused(4).hint.unwrap();
    let again = r"jit claim next --label 'front end' --label b --priority high --count 2 --task 'it'\''s mine' --ttl 5m --all-or-nothing --wait 10m";
    assert!(hint.ends_with(&format!(": {again}")), "{hint}");
    let shared = ann.jit(["claim", "distribute", "--agents", "agent:a"]);
    assert!(!shared.refused(4).hint.unwrap().contains("claim next"), "{shared:?}");
    follow(&ann, &shared).ok();
}

/// A refusal, the list and a status say where the holder works, for as long as that is there.
#[test]
fn a_holder_can_be_found() {
    let repo = Repo::new();
    let there = repo.worktree("ä place");
    repo.agent("ann").at(&there).claim("name:a");
    let bob = repo.agent("bob");
    let paths = || {
        let refused = bob.jit(["claim", "acquire", "name:a"]).refused(5);
        let listed = bob.jit(["claim", "list"]).ok();
        let status = bob.jit(["claim", "status", "name:a"]).ok();
        [
            refused.find("lease").unwrap().get("worktree_path").cloned(),
            listed["leases"][0].get("worktree_path").cloned(),
            status["lease"].get("worktree_path").cloned(),
        ]
    };
    assert_eq!(paths(), [(); 3].map(|()| Some(there.to_str().unwrap().into())));
    std::fs::remove_dir_all(&there).unwrap();
    assert_eq!(
        paths(),
        [(); 3].map(|()| Some(serde_json::Value::Null)),
        "it is gone, though Git knows of it still"
    );
}

/// What the doctor says that is not as it should be: the message and the hint.
#[track_caller]
fn told(agent: &Agent<'_>, status: i32, code: &str) -> (String, String) {
    let answer = agent.jit(["doctor"]);
    assert_eq!(answer.status, Some(status), "{answer:?}");
    let document: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    let findings = document["data"]["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["code"] == code);
    let text = |key: &str| found.unwrap_or_else(|| panic!("{answer:?}"))[key].as_str().unwrap().to_owned();
    (text("message"), text("hint"))
}

/// A worktree that was moved behind Git's back, one whose identity is damaged, and one that lost
/// it: each is named, and what is hinted at helps.
#[test]
fn a_worktree_that_is_not_what_it_was() {
    let repo = Repo::new();
    let (there, moved) = (repo.worktree("there"), repo.dir().join("moved"));
    let ann = repo.agent("ann");
    let lease = ann.clone().at(&there).claim("name:a");
    std::fs::rename(&there, &moved).unwrap();
    let (message, hint) = told(&ann, 0, "worktree_gone");
    assert!(message.starts_with(there.to_str().unwrap()) && message.contains(&lease.lease_id), "{message}");
    assert!(hint.ends_with(": git worktree repair"), "{hint}");
    repo.git(&moved, &["worktree", "repair"]);
    repo.healthy();

    let identity = repo.main().join(".git/worktrees/there/jit/worktree.json");
    std::fs::write(&identity, "{").unwrap();
    let listed = ann.say(["worktree", "list"]);
    let warned = format!("warning: {} is damaged", identity.display());
    assert!(listed.status == Some(0) && listed.stderr.starts_with(&warned), "{listed:?}");
    let (message, hint) = told(&ann, 9, "not_readable");
    assert!(message.starts_with(identity.to_str().unwrap()), "{message}");
    let refused = ann.clone().at(&moved).jit(["claim", "renew", "name:a"]);
    assert_eq!(refused.refused(9).hint.as_deref(), Some(&*hint));
    let (_, command) = hint.rsplit_once(": ").unwrap();
    ann.clone().program("sh").say(["-c", command]);
    assert_eq!(ann.say(["worktree", "list"]).stderr, "");

    let (message, hint) = told(&ann, 0, "worktree_gone");
    assert!(message.contains(&lease.lease_id) && message.contains("worktree.json"), "{message}");
    let path = format!("{}:{}", Path::new(JIT).parent().unwrap().display(), std::env::var("PATH").unwrap());
    ann.clone().program("sh").env("PATH", path).say(["-c", &hint]);
    ann.at(&moved).claim("name:a");
    repo.healthy();
}

/// One's own lease is said to be one's own, and its token is not asked for.
#[test]
fn the_own_lease_is_told_from_anothers() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let lease = ann.claim("name:a");
    let refused = ann.jit(["claim", "acquire", "name:a", "name:b"]);
    let trouble = refused.refused(5);
    assert!(trouble.message.contains(&format!("you hold name:a already, as lease {}", lease.lease_id)));
    assert_eq!(trouble.find("yours"), Some(&true.into()));
    let hint = trouble.hint.unwrap();
    assert!(hint.contains("jit claim renew name:a") && !hint.contains("--resume"), "{hint}");
    follow(&ann, &refused).ok();
    let there = repo.worktree("there");
    let elsewhere = ann.clone().at(there).jit(["claim", "acquire", "name:a"]).refused(5);
    assert_eq!(elsewhere.find("yours"), Some(&false.into()), "another worktree is another holder");
}

/// `-C` to where nothing is: bad usage, and it says what was named.
#[test]
fn a_directory_that_is_none() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    for dir in ["/no/such/place", "file"] {
        let trouble = ann.jit(["-C", dir, "claim", "list"]).refused(2);
        assert!(trouble.message.contains(dir), "{trouble:?}");
    }
    use std::os::unix::ffi::OsStrExt;
    let odd = std::ffi::OsStr::from_bytes(b"odd \xff");
    std::fs::create_dir(repo.main().join(odd)).unwrap();
    let answer = ann.jit([std::ffi::OsStr::new("-C"), odd, "claim".as_ref(), "list".as_ref()]);
    answer.ok();
}

/// Bad usage hints at the help of the very command.
#[test]
fn bad_usage_leads_to_that_commands_help() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    for (asked, help) in [
        (&["claim", "acquire"][..], "jit claim acquire --help"),
        (&["claim", "acquire", "name:a", "--nope"], "jit claim acquire --help"),
        (&["claim", "acquire", "name:a", "--ttl", "soon"], "jit claim acquire --help"),
        (&["--agent", "agent:x", "claim", "renew"], "jit claim renew --help"),
        (&["claim", "history", "--limit", "0"], "jit claim history --help"),
        (&["claim"], "jit claim --help"),
        (&["doctor", "--nope"], "jit doctor --help"),
        (&["clam"], "jit --help"),
    ] {
        let refused = ann.jit(asked);
        let hint = refused.refused(2).hint.unwrap();
        assert!(hint.ends_with(help), "{asked:?}: {hint}");
        let words: Vec<&str> = help.split(' ').skip(1).collect();
        assert_eq!(ann.say(words).status, Some(0), "{help}");
    }
}

/// The history of a reference is of that reference alone.
#[test]
fn history_of_one_reference() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    ann.jit(["claim", "acquire", "name:a", "name:b"]).lease();
    ann.jit(["claim", "release", "name:b"]).ok();
    ann.claim("name:c");
    let operations = |name: &str| {
        let records = ann.jit(["claim", "history", name]).ok()["records"].clone();
        let operations = records.as_array().unwrap().iter();
        operations.map(|record| record["op"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(operations("name:a"), ["acquire"]);
    assert_eq!(operations("name:b"), ["release", "acquire"]);
}

/// What a bare repository has checked out is nothing, and compacting counts what stands.
#[test]
fn lists_say_what_is_there() {
    let repo = Repo::new();
    repo.git(repo.dir(), &["clone", "--quiet", "--bare", "main", "bare.git"]);
    let bare = repo.agent("ann").at(repo.dir().join("bare.git"));
    assert!(bare.say(["worktree", "list"]).stdout.contains("  (bare)"));
    assert_eq!(bare.jit(["worktree", "list"]).ok()["worktrees"][0]["branch"], serde_json::json!(null));
    bare.claim("name:a");
    bare.claim("name:b");
    bare.jit(["claim", "force-evict", "name:b", "--reason", "r"]).ok();
    let said = bare.say(["compact"]).stdout;
    assert!(said.contains("; leases that stand: 1"), "{said}");
}

/// A lease belongs to a worktree. From another, its own agent is told where it is and how to act
/// from there, with the command that it tried.
#[test]
fn the_own_lease_of_another_worktree_is_found() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    let granted = ann.jit(["claim", "acquire", "name:a"]);
    let (lease, token) = (granted.lease(), granted.ok()["token"].as_str().unwrap().to_owned());
    let there = repo.worktree("it's there");
    let away = repo.agent("x").at(&there);
    for asked in [
        &["claim", "acquire", "name:a", "--resume", &token][..],
        &["claim", "renew", "name:a"],
        &["claim", "release", &lease.lease_id],
    ] {
        let refused = away.jit([&["--agent", "agent:ann"][..], asked].concat());
        let trouble = refused.refused(6);
        assert!(trouble.message.contains("in another worktree"), "{trouble:?}");
        let said = away.say([&["--agent", "agent:ann"][..], asked].concat()).stderr;
        assert!(said.contains(&format!("you are in {}", there.display())), "{said}");
        // The same command, there.
        let done = follow(&away, &refused).ok().to_string();
        assert!(
            done.contains(&lease.lease_id) && done.contains("released") == (asked[1] == "release"),
            "{done}"
        );
    }
}

/// Who lost two leases' worth and has one again is sent after the other alone.
#[test]
fn nobody_is_told_to_wait_for_itself() {
    let repo = Repo::new();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    ann.jit(["claim", "acquire", "name:a", "name:b"]).lease();
    bob.jit(["claim", "force-evict", "name:a", "--reason", "r"]).ok();
    bob.claim("name:a");
    let beat = ann.jit(["claim", "heartbeat"]);
    assert_eq!(follow(&ann, &beat).ok()["lease"]["issues"], serde_json::json!(["name:b"]));
    ann.jit(["claim", "release", "name:b"]).ok();
    bob.jit(["claim", "release", "name:a"]).ok();

    ann.jit(["claim", "acquire", "name:c", "name:d"]).lease();
    bob.jit(["claim", "force-evict", "name:c", "--reason", "r"]).ok();
    ann.claim("name:c");
    let lost = ann.jit(["claim", "renew", "name:d"]);
    lost.refused(6);
    assert_eq!(follow(&ann, &lost).ok()["lease"]["issues"], serde_json::json!(["name:d"]));
}

/// A command that was nearly right is given back corrected: with the receiver that was named, with
/// the longest TTL, with the name that was meant. None of them takes what nobody asked for.
#[test]
fn what_was_nearly_right_is_given_back_corrected() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["claim", "acquire", "name:p", "name:q"]).lease();
    let partial = ann.jit(["claim", "transfer", "name:p", "--to", "agent:bob"]);
    partial.refused(2);
    assert_eq!(follow(&ann, &partial).ok()["lease"]["agent"], "agent:bob");

    let long = ann.jit(["--agent", "agent:cleo", "claim", "acquire", "name:l", "--ttl", "25h"]);
    long.refused(2);
    let lease = follow(&ann, &long).ok()["lease"].clone();
    assert_eq!((&lease["agent"], &lease["ttl_secs"]), (&"agent:cleo".into(), &86_400.into()));

    let held = ann.jit(["claim", "list"]).leases().len();
    let bad = ann.jit(["claim", "acquire", "name:no space"]).refused(2);
    assert_eq!(bad.hint.as_deref(), Some("jit claim acquire --help"));
    let nobody = ann.say(["claim", "acquire", "name:x", "--agent", "zoe"]);
    assert!(nobody.stderr.contains("hint: write --agent agent:zoe\n"), "{nobody:?}");
    assert_eq!(ann.jit(["claim", "list"]).leases().len(), held);
}

/// `-C` follows `-C`, as Git's does.
#[test]
fn several_directories_follow_each_other() {
    let repo = Repo::new();
    let ann = repo.agent("ann").at(repo.dir());
    std::fs::create_dir(repo.main().join("sub")).unwrap();
    let info = ann.jit(["-C", "main", "-C", "sub", "worktree", "info"]).ok();
    assert_eq!(info["path"], repo.main().to_str().unwrap());
}

/// What a directory is called can't command the terminal, nor begin a line of its own.
#[test]
fn a_directorys_name_is_printable() {
    let repo = Repo::new();
    let there = repo.dir().join("a\u{1b}[31m\nb");
    repo.git(repo.main(), &["worktree", "add", "--quiet", "-b", "odd", there.to_str().unwrap()]);
    let ann = repo.agent("ann").at(&there);
    ann.claim("name:a");
    for asked in [
        &["claim", "list"][..],
        &["claim", "status", "name:a"],
        &["claim", "acquire", "name:a"],
        &["worktree", "list"],
        &["worktree", "info"],
        &["doctor"],
    ] {
        let said = repo.agent("bob").at(&there).say(asked);
        let said = said.stdout + &said.stderr;
        assert!(!said.contains('\u{1b}') && !said.lines().any(|line| line.starts_with('b')), "{said}");
    }
}

/// Many conflicts don't push what matters off the screen; programs get them all.
#[test]
fn many_conflicts_are_summed_up() {
    let repo = Repo::warm();
    let names: Vec<String> = (0..40).map(|i| format!("name:n{i}")).collect();
    let all = || ["claim", "acquire"].into_iter().chain(names.iter().map(String::as_str));
    repo.agent("ann").jit(all()).lease();
    let said = repo.agent("bob").say(all()).stderr;
    assert!(said.contains("… and 30 more") && said.lines().count() == 13, "{said}");
    let told = repo.agent("bob").jit(all()).refused(5);
    assert_eq!(told.find("conflicts").unwrap().as_array().unwrap().len(), 40);
}

/// What the holder of a path can do for whoever is refused works as printed, run by the holder.
#[test]
fn what_is_handed_over_is_where_it_was_wanted() {
    let repo = Repo::new();
    let (ann, bob) = (repo.agent("ann"), repo.agent("x").at(repo.worktree("there")));
    let check = ["--agent", "agent:bob", "claim", "check", ":/src", "file"];
    let theirs = || {
        let hint = bob.jit(check).refused(5).hint.unwrap();
        assert!(
            hint.contains("wait: jit --agent agent:bob claim acquire --path :/file --wait 10m;"),
            "{hint}"
        );
        let (_, command) = hint.rsplit_once('(').unwrap();
        command.strip_suffix(')').unwrap().to_owned()
    };
    ann.jit(["claim", "acquire", "--path", "file"]).lease();
    // Nothing can be given to a worktree that has no identity yet.
    shell(&ann, &format!("{} --json", theirs())).ok();
    bob.jit(check).ok();
    ann.jit(["claim", "acquire", "--path", "file"]).lease();
    bob.jit(["--agent", "agent:bob", "claim", "acquire", "name:z"]).lease();
    shell(&ann, &format!("{} --json", theirs())).ok();
    bob.jit(check).ok();
    assert_eq!(ann.jit(["claim", "check", "file"]).refused(5).code, "held");
}

/// One's own lease of another worktree is no other's to hand over.
#[test]
fn ones_own_path_in_another_worktree_is_gone_to() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    ann.jit(["claim", "acquire", "--path", "file"]).lease();
    let hint =
        ann.clone().at(repo.worktree("there")).jit(["claim", "check", "file"]).refused(5).hint.unwrap();
    let place = format!("cd '{}'", repo.main().display());
    assert_eq!(hint, format!("you hold it in another worktree; act from there: {place}"));
}

/// Whose lease of paths alone is another's, or was lost, is told how to take these paths.
#[test]
fn the_hint_about_a_lease_of_paths_names_them() {
    let repo = Repo::new();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let take = ["claim", "acquire", "--path", "file", "--path", "a b"];
    let lease = ann.jit(take).lease().lease_id;
    let not_his = bob.jit(["claim", "renew", &lease]);
    not_his.refused(6);
    ann.jit(["claim", "release", &lease]).ok();
    let his = follow(&bob, &not_his).ok()["lease"].clone();
    assert_eq!(his["scope"]["paths"], serde_json::json!(["a b", "file"]));

    let his = his["lease_id"].as_str().unwrap();
    ann.jit(["claim", "force-evict", his, "--reason", "r"]).ok();
    let lost = bob.jit(["claim", "renew", his]);
    assert!(lost.refused(6).hint.unwrap().starts_with("nobody has it now"), "{lost:?}");
    follow(&bob, &lost).ok();
    let hint = bob.jit(["claim", "renew", his]).refused(6).hint.unwrap();
    assert!(hint.starts_with("you have it again"), "{hint}");
}
