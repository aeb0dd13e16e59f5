//! Leases on paths (invariant 1; section 5, "Paths"), as they are named and checked.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::answer::Answer;
use crate::support::hint::{follow, shell};
use crate::support::repo::{mkdir, write};
use crate::support::{Agent, Repo};

/// Takes these paths.
fn take(agent: &Agent<'_>, paths: &[&str]) -> Answer {
    let options = paths.iter().flat_map(|path| ["--path", path]);
    agent.jit(["claim", "acquire"].into_iter().chain(options))
}

/// The paths of the lease that was granted, as they are kept.
fn kept(answer: &Answer) -> Value {
    answer.ok()["lease"]["scope"]["paths"].clone()
}

fn paths(agent: &Agent<'_>, named: &[&str]) -> Value {
    let answer = take(agent, named);
    let kept = kept(&answer);
    let id = answer.lease().lease_id;
    agent.jit(["claim", "release", &id]).ok();
    kept
}

#[test]
fn paths_are_named_from_here_and_kept_from_the_root() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    write(&repo.main().join("app/[id]/page.tsx"), "");
    write(&repo.main().join("src/p/a.rs"), "");
    mkdir(&repo.main().join("ü b"));
    let app = ann.clone().at(repo.main().join("app"));
    let odd = ann.clone().at(repo.main().join("app/[id]"));
    assert_eq!(paths(&ann, &["src/", "file", "src//p/../p/a.rs"]), json!(["file", "src", "src/p/a.rs"]));
    assert_eq!(paths(&ann, &["not/there.rs", "."]), json!([".", "not/there.rs"]));
    assert_eq!(paths(&app, &["../src/*.rs", "*.md"]), json!(["app/*.md", "src/*.rs"]));
    // It exists, so it is that file; what does not exist is a glob.
    assert_eq!(paths(&app, &["[id]/page.tsx"]), json!([":(literal)app/[id]/page.tsx"]));
    assert_eq!(paths(&app, &["[ab]/page.tsx"]), json!(["app/[ab]/page.tsx"]));
    assert_eq!(
        paths(&app, &[":(glob)[id]/page.tsx", ":(literal)*.x"]),
        json!([":(literal)app/*.x", "app/[id]/page.tsx"])
    );
    // A directory whose name reads like a glob is itself.
    assert_eq!(paths(&odd, &["*.md"]), json!([r"app/\[id\]/*.md"]));
    assert_eq!(paths(&app, &[":/file", ":/src/*"]), json!(["file", "src/*"]));
    assert_eq!(paths(&ann, &["ü b"]), json!(["ü b"]));
    let absolute = repo.main().join("src");
    assert_eq!(paths(&app, &[absolute.to_str().unwrap()]), json!(["src"]));
    // What is tracked is literal although it is gone.
    write(&repo.main().join("x[1].c"), "");
    repo.git(repo.main(), &["add", "x[1].c"]);
    fs::remove_file(repo.main().join("x[1].c")).unwrap();
    assert_eq!(paths(&ann, &["x[1].c"]), json!([":(literal)x[1].c"]));
}

#[test]
fn through_a_symlink_to_a_directory_one_means_what_is_there() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    write(&repo.main().join("src/a.rs"), "");
    symlink("src", repo.main().join("link")).unwrap();
    assert_eq!(paths(&ann, &["link/a.rs", "link/new.rs"]), json!(["src/a.rs", "src/new.rs"]));
    assert_eq!(paths(&ann, &["link/*.rs", ":(glob)link/../link/?"]), json!(["src/*.rs", "src/?"]));
    // The link itself is a file of its own.
    assert_eq!(paths(&ann, &["link"]), json!(["link"]));
    symlink(repo.dir(), repo.main().join("out")).unwrap();
    take(&ann, &["out/x"]).refused(2);
    take(&ann, &["out/*"]).refused(2);
}

#[test]
fn what_can_be_no_path_is_bad_usage_and_says_why() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let long = "x".repeat(1025);
    for (path, said) in [
        ("../x", "outside of this worktree"),
        ("/etc/passwd", "outside of this worktree"),
        ("../*.rs", "outside of this worktree"),
        ("[a", "`]` is missing"),
        ("{a,b", "`}` is missing"),
        (":(icase)a", "unknown word"),
        (":!a", "`:(top,literal)`"),
        (":^a", "unknown word"),
        ("", "an empty path names nothing"),
        (":(literal)", "an empty path names nothing"),
        (".git", "Git's own"),
        ("src/../.git/config", "Git's own"),
        (&long, "1024"),
    ] {
        let refused = take(&ann, &[path]).refused(2);
        assert!(refused.message.contains(said), "{path}: {}", refused.message);
    }
    ann.jit(["claim", "check", ""]).refused(2);
    assert_eq!(paths(&ann, &[":/"]), json!(["."]));
    let many: Vec<String> = (0..1_001).map(|n| format!("d{n}")).collect();
    write(&repo.main().join("list"), many.join("\n"));
    let refused = ann.jit(["claim", "acquire", "--paths-from", "list"]).refused(2);
    assert!(refused.message.contains("directory"), "{}", refused.message);
    ann.jit(["claim", "acquire", "name:x", "--shared"]).refused(2);
    ann.jit(["claim", "extend", "name:x"]).refused(2);
}

#[test]
fn paths_come_from_a_file_or_from_standard_input() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    write(&repo.main().join("list"), "src/a.rs\n\ndoc/\n");
    let first = ann.jit(["claim", "acquire", "--paths-from", "list"]);
    assert_eq!(kept(&first), json!(["doc", "src/a.rs"]));
    let second = shell(&ann, "printf 'lib/*\\n' | jit claim acquire --paths-from - --path x --json");
    assert_eq!(kept(&second), json!(["lib/*", "x"]));
}

/// The whole of it in two worktrees: the paths are the same in each.
#[test]
fn who_holds_a_path_keeps_it_in_every_worktree() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob").at(repo.worktree("other")));
    let lease = take(&ann, &["src/"]).lease();
    let refused = take(&bob, &["src/*/a.rs", "doc"]);
    let trouble = refused.refused(5);
    assert_eq!(trouble.code, "held");
    assert!(trouble.names("src/*/a.rs") && trouble.names("src") && trouble.names("agent:ann"));
    assert!(trouble.hint.unwrap().contains("--wait"));
    // All or nothing: doc is still free.
    let waiting = bob.start(["claim", "acquire", "name:t", "--path", "src/x", "--wait", "20s"]);
    take(&repo.agent("eve"), &["doc"]).lease();
    ann.jit(["claim", "release", &lease.lease_id]).ok();
    let granted = waiting.within(Duration::from_secs(10));
    let said = ann.say(["claim", "history"]).stdout;
    assert!(said.lines().any(|line| line.contains("release") && line.ends_with("src")), "{said}");
    assert_eq!(kept(&granted), json!(["src/x"]));
    repo.healthy();
}

#[test]
fn shared_paths_are_for_all_who_share_them() {
    let repo = Repo::warm();
    let share = |name: &str| repo.agent(name).jit(["claim", "acquire", "--path", "docs", "--shared"]);
    share("ann").lease();
    share("bob").lease();
    let refused = take(&repo.agent("eve"), &["docs/a.md"]).refused(5);
    assert!(refused.names("agent:ann") && refused.names("agent:bob"));
}

#[test]
fn check_says_who_is_in_the_way_and_what_is_free() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob").at(repo.worktree("other")));
    assert_eq!(bob.jit(["claim", "check", "src/a.rs"]).ok()["free"], json!(["src/a.rs"]));
    let lease = take(&ann, &["src/"]).lease();
    let refused = bob.jit(["claim", "check", "src/a.rs", "doc/b.md"]);
    let trouble = refused.refused(5);
    assert_eq!(trouble.context["free"], json!(["doc/b.md"]));
    assert_eq!(trouble.context["conflicts"][0]["path"], "src/a.rs");
    assert_eq!(trouble.context["conflicts"][0]["held_as"], "src");
    assert!(trouble.names(&lease.lease_id));
    // The holder is in nobody's way but others'; and is told what it does not cover.
    let own = ann.jit(["claim", "check", "src/a.rs", "doc/b.md"]).ok();
    assert_eq!((&own["conflicts"], &own["outside"]), (&json!([]), &json!(["doc/b.md"])));
    // Nothing was taken, and nothing written.
    take(&repo.agent("eve"), &["doc/b.md"]).lease();
}

/// Like `check`, of a whole request.
#[test]
fn a_dry_run_says_what_is_free_and_what_else_can_be_done() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob").at(repo.worktree("other")));
    let lease = take(&ann, &["src"]).lease().lease_id;
    let refused = bob.jit(["claim", "acquire", "--dry-run", "name:x", "--path", "src/a", "--path", "b"]);
    let refused = refused.refused(5);
    assert_eq!(refused.context["free"], json!(["b"]));
    let hint = refused.hint.as_deref().unwrap();
    for part in ["name:x --path", "--wait 2m", "what is free", &format!("claim release {lease}")] {
        assert!(hint.contains(part), "{part}: {hint}");
    }
    let free = bob.say(["claim", "acquire", "--dry-run", "--path", "src/a", "--path", "b"]).stderr;
    assert!(free.contains("free: b\n"), "{free}");
    let told = bob.jit(["claim", "acquire", "--dry-run", "--shared", "--path", "b"]).ok();
    assert_eq!(told["scope"], json!({ "paths": ["b"], "mode": "shared" }));
    // It holds nothing of what was asked for besides.
    ann.claim("name:x");
    let hint = bob.jit(["claim", "acquire", "--dry-run", "name:x", "--path", "b"]).refused(5).hint.unwrap();
    assert!(hint.contains("--wait 2m") && !hint.contains("transfer"), "{hint}");
}

/// A file of it is not the directory, and of a file there is nothing below.
#[test]
fn check_asks_whether_all_of_a_path_is_covered() {
    let repo = Repo::warm();
    let there = repo.worktree("other");
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob").at(&there));
    for name in ["a.rs", "a.md", "[x]"] {
        write(&repo.main().join("src").join(name), "");
    }
    ann.jit(["claim", "acquire", "--shared", "--path", "src/*.rs", "--path", "src/a.md"]).lease();
    let outside = |path: &str| ann.jit(["claim", "check", path]).ok()["outside"].clone();
    for path in ["src/a.rs", "src/a.md", "src/*.rs"] {
        assert_eq!(outside(path), json!([]), "{path}");
    }
    for (path, told) in [("src", "src"), (".", "."), ("src/*", "src/*"), ("src/[x]", ":(literal)src/[x]")] {
        assert_eq!(outside(path), json!([told]));
    }
    // Ann shares nothing of what bob has of it.
    bob.jit(["claim", "acquire", "--shared", "--path", "src/[x]"]).lease();
    assert_eq!(ann.jit(["claim", "check", "src"]).refused(5).context["conflicts"][0]["path"], "src");
    assert_eq!(outside("src/a.rs"), json!([]));
}

/// As the agents' hook: in the worktree that it lies in, and where a symlink leads.
#[test]
fn check_judges_a_path_where_it_really_is() {
    let repo = Repo::warm();
    write(&repo.main().join("src/a"), "");
    repo.git(repo.main(), &["add", "src"]);
    repo.git(repo.main(), &["commit", "--quiet", "-m", "src"]);
    let inside = repo.main().join(".worktrees/ny");
    repo.git(repo.main(), &["worktree", "add", "--quiet", inside.to_str().unwrap(), "-b", "ny"]);
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let lease = take(&ann.clone().at(&inside), &["src"]).lease().lease_id;
    for path in [".worktrees/ny/src/a", "../main/.worktrees/ny/src/new"] {
        let refused = bob.jit(["claim", "check", path]).refused(5);
        assert_eq!(refused.context["conflicts"][0]["held_as"], "src", "{path}");
        let hint = refused.hint.unwrap();
        let again = format!("jit -C '{}' claim acquire --path :/src/", inside.display());
        assert!(hint.contains(&again), "{hint}");
    }
    // Whoever holds it there does not hold it here.
    ann.jit(["claim", "check", ".worktrees/ny/src/a"]).ok();
    let refused = ann.jit(["claim", "check", "src/a", ".worktrees/ny/src/a", "free"]).refused(5);
    assert_eq!(refused.context["conflicts"].as_array().unwrap().len(), 1);
    assert_eq!(refused.context["free"], json!(["free", "src/a"]));
    bob.clone().at(&inside).jit(["claim", "check", "../../src/a"]).refused(5);
    bob.jit(["claim", "check", ".worktrees/ny/other", ".worktrees/ny"]).refused(5);
    ann.clone().at(&inside).jit(["claim", "release", &lease]).ok();

    let there_dir = repo.worktree("other");
    let there = bob.clone().at(&there_dir);
    take(&ann, &["src/a"]).lease();
    symlink("src/a", repo.dir().join("other/f")).unwrap();
    symlink("src", repo.dir().join("other/d")).unwrap();
    symlink("/etc/hosts", repo.dir().join("other/h")).unwrap();
    for path in ["f", "d/a", ":(literal)src/a"] {
        assert_eq!(there.jit(["claim", "check", path]).refused(5).context["conflicts"][0]["path"], "src/a");
    }
    for path in ["d", "h"] {
        assert_eq!(there.jit(["claim", "check", path]).ok()["free"], json!([path]));
    }
    // Through a symlink into another worktree, that one's leases count.
    symlink(repo.main().join("src/a"), repo.dir().join("other/far")).unwrap();
    symlink(repo.main().join("src/new"), repo.dir().join("other/none")).unwrap();
    assert_eq!(there.jit(["claim", "check", "far"]).refused(5).context["conflicts"][0]["path"], "src/a");
    there.jit(["claim", "check", "none"]).ok();
    take(&ann, &["src/new"]).lease();
    there.jit(["claim", "check", "none"]).refused(5);
    // Who looks has it there.
    ann.clone().at(&there_dir).jit(["claim", "check", "far"]).ok();
}

/// In the submodule itself too.
#[test]
fn check_judges_what_is_in_a_submodule_for_the_superproject() {
    let repo = Repo::warm();
    let (ann, library) = (repo.agent("ann"), repo.dir().join("library"));
    repo.init(&library, &[]);
    repo.commit(&library);
    repo.git(repo.main(), &["submodule", "--quiet", "add", library.to_str().unwrap(), "lib"]);
    let bob = repo.agent("bob").at(repo.main().join("lib"));
    bob.jit(["claim", "check", "f"]).ok();
    take(&ann, &["lib"]).lease();
    assert_eq!(bob.jit(["claim", "check", "f"]).refused(5).context["conflicts"][0]["path"], "lib/f");
    bob.jit(["claim", "check", "../src"]).ok();
}

#[test]
fn check_looks_at_what_is_staged() {
    let repo = Repo::warm();
    let other = repo.worktree("other");
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob").at(&other));
    bob.jit(["claim", "check", "--staged"]).ok();
    take(&ann, &["file"]).lease();
    // A renaming touches both paths.
    repo.git(&other, &["mv", "file", "file2"]);
    let refused = bob.jit(["claim", "check"]).refused(5);
    assert_eq!(refused.context["conflicts"][0]["path"], "file");
    assert_eq!(refused.context["free"], json!(["file2"]));
    assert_eq!(ann.jit(["claim", "check", "--staged"]).ok()["free"], json!([]));
}

#[test]
fn check_against_one_lease_asks_about_that_one_alone() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    ann.jit(["claim", "acquire", "name:one", "--path", "src/", "--shared"]).lease();
    ann.jit(["claim", "acquire", "name:two", "--path", "lib/"]).lease();
    bob.jit(["claim", "acquire", "name:mine", "--path", "src/x", "--shared"]).lease();
    bob.jit(["claim", "check", "--against", "name:two"]).ok();
    bob.jit(["claim", "check", "--against", "name:two", "src/x"]).ok();
    bob.jit(["claim", "check", "--against", "name:two", "lib/y"]).refused(5);
    bob.jit(["claim", "check", "--against", "name:nothing"]).refused(6);
}

#[test]
fn a_lease_grows_with_a_new_fence() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let first = ann.claim("name:work");
    take(&bob, &["doc"]).lease();
    let refused = ann.jit(["claim", "extend", "name:work", "--path", "doc/a.md", "--path", "src"]);
    refused.refused(5);
    // The hint says what is free.
    assert_eq!(follow(&ann, &refused).refused(5).context["free"], json!(["src"]));
    let grown = ann.jit(["claim", "extend", "name:work", "--path", "src"]);
    assert_eq!(kept(&grown), json!(["src"]));
    assert!(grown.lease().fence > first.fence);
    take(&bob, &["src/a"]).refused(5);
    // What is shared is another lease, and one of paths alone goes by its id.
    let refused = ann.jit(["claim", "extend", "name:work", "--path", "lib", "--shared"]);
    assert_eq!(follow(&ann, &refused).ok()["lease"]["scope"], json!({ "paths": ["lib"], "mode": "shared" }));
    let refused = ann.jit(["claim", "extend", "lib", "--path", "x"]);
    refused.refused(3);
    assert_eq!(kept(&follow(&ann, &refused)), json!(["lib"]));
    bob.jit(["claim", "extend", &first.lease_id, "--path", "x"]).refused(6);
    repo.healthy();
}

#[test]
fn a_lapsed_lease_of_paths_is_superseded_and_its_holder_told() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let lost = ann.jit(["claim", "acquire", "--path", "src", "--ttl", "1s"]).lease();
    let next = bob.jit(["claim", "acquire", "--path", "src/a.rs", "--wait", "10s"]);
    assert_eq!(next.ok()["lease"]["supersedes"], json!([lost.lease_id]));
    let told = ann.jit(["claim", "renew", &lost.lease_id]).refused(6);
    assert!(told.names("agent:bob") && told.names("src/a.rs"), "{told:?}");
    assert_eq!(ann.jit(["claim", "abandon"]).ok()["abandoned"][0]["lease_id"], json!(lost.lease_id));
    assert_eq!(ann.jit(["claim", "abandon"]).ok()["abandoned"], json!([]));
}

#[test]
fn next_takes_an_issue_with_paths_or_nothing() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    for title in ["one", "two"] {
        ann.jit(["issue", "create", "--title", title]).ok();
    }
    let first = ann.jit(["claim", "next", "--path", "src/"]);
    assert_eq!((kept(&first), first.lease().issues.len()), (json!(["src"]), 1));
    let refused = bob.jit(["claim", "next", "--path", "src/a.rs"]).refused(5);
    assert!(refused.names("agent:ann"));
    bob.jit(["claim", "next", "--path", "doc", "--count", "2"]).refused(2);
    assert_eq!(bob.jit(["claim", "next", "--path", "doc"]).lease().issues.len(), 1);
}

/// In a repository whose file system ignores case, so do scopes.
#[test]
fn case_is_ignored_where_the_repository_ignores_it() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    take(&ann, &["Src/A.rs"]).lease();
    take(&bob, &["src/a.rs"]).lease();
    repo.git(repo.main(), &["config", "core.ignoreCase", "true"]);
    take(&bob, &["SRC/a.RS"]).refused(5);
    bob.jit(["claim", "check", "sRc"]).refused(5);
}
