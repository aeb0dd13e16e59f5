//! Merging the data plane with real Git: branches of several worktrees, with the driver, without
//! it, and where Git can't find it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};

use crate::support::hint::follow;
use crate::support::issue::{file, issue};
use crate::support::repo::{JIT, write};
use crate::support::{Repo, shell};

/// Runs Git as a user does who has `jit` installed.
fn try_git(repo: &Repo, cwd: &Path, arguments: &[&str]) -> Output {
    let mut path = Path::new(JIT).parent().unwrap().as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap());
    repo.hermetic("git").env("PATH", path).args(arguments).current_dir(cwd).output().unwrap()
}

#[track_caller]
fn git(repo: &Repo, cwd: &Path, arguments: &[&str]) -> String {
    let output = try_git(repo, cwd, arguments);
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn commit(repo: &Repo, cwd: &Path, subject: &str) {
    git(repo, cwd, &["add", "-A"]);
    git(repo, cwd, &["commit", "-qm", subject]);
}

fn fields(root: &Path, id: &str) -> Value {
    serde_json::from_slice(&fs::read(file(root, id)).unwrap()).unwrap()
}

/// Every event that a worktree has, by its id.
fn events(root: &Path) -> Vec<String> {
    let files = fs::read_dir(root.join(".jit/events")).unwrap().map(|entry| entry.unwrap().path());
    let lines = files
        .flat_map(|path| fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect::<Vec<_>>());
    let id = |line: String| serde_json::from_str::<Value>(&line).unwrap()["id"].as_str().unwrap().to_owned();
    let mut ids: Vec<String> = lines.map(id).collect();
    ids.sort();
    ids
}

/// A repository with one committed issue, and two more worktrees.
fn three() -> (Repo, String, PathBuf, PathBuf) {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    ann.jit(["init"]).ok();
    let id = issue(&ann, "one", &[]);
    ann.jit(["issue", "update", &id, "--label", "old", "--label", "kept"]).ok();
    commit(&repo, repo.main(), "an issue");
    let (x, y) = (repo.worktree("x"), repo.worktree("y"));
    (repo, id, x, y)
}

/// What each of the three worktrees does to the issue, committed on its branch.
fn edit_everywhere(repo: &Repo, id: &str, x: &Path, y: &Path) {
    let (ann, bob, cleo) = (repo.agent("ann"), repo.agent("bob").at(x), repo.agent("cleo").at(y));
    ann.jit(["issue", "update", id, "--title", "uno", "--label", "ann", "--priority", "high"]).ok();
    bob.jit(["issue", "update", id, "--description", "two\nlines", "--label", "bob", "--no-label", "old"])
        .ok();
    bob.claim(id);
    bob.jit(["claim", "release", id, "--done"]).ok();
    cleo.jit(["issue", "update", id, "--assignee", "cleo", "--label", "cleo", "--priority", "critical"]).ok();
    for (root, subject) in [(repo.main(), "ann's"), (x, "bob's"), (y, "cleo's")] {
        commit(repo, root, subject);
    }
}

#[track_caller]
fn assert_all_edits(root: &Path, id: &str) {
    let merged = fields(root, id);
    let wanted = json!({
        "title": "uno", "description": "two\nlines", "assignee": "cleo", "state": "done",
        "priority": "critical", "labels": ["ann", "bob", "cleo", "kept"],
    });
    for (key, value) in wanted.as_object().unwrap() {
        assert_eq!(merged[key], *value, "{key}");
    }
}

/// Three branches join without a conflict, whichever is merged into which; merging once more
/// changes nothing.
#[test]
fn three_branches_join() {
    let (repo, id, x, y) = three();
    edit_everywhere(&repo, &id, &x, &y);
    git(&repo, repo.main(), &["branch", "-q", "bobs", "x"]);
    for (root, branch) in [(&*x, "y"), (&x, "main"), (repo.main(), "y"), (repo.main(), "bobs")] {
        git(&repo, root, &["merge", "-q", "--no-edit", branch]);
    }
    assert_all_edits(repo.main(), &id);
    assert_eq!(fs::read(file(repo.main(), &id)).unwrap(), fs::read(file(&x, &id)).unwrap());
    assert_eq!(events(repo.main()), events(&x));
    let once: std::collections::BTreeSet<_> = events(&x).into_iter().collect();
    assert_eq!(once.len(), events(&x).len(), "an event is in one file only");
    assert!(once.len() >= 11, "{once:?}");
    git(&repo, &x, &["merge", "-q", "--no-edit", "main"]);
    assert_all_edits(&x, &id);
    assert_eq!(repo.agent("ann").jit(["issue", "show", &id]).ok()["issue"]["state"], "done");
}

/// Rebasing and picking go through the driver like merging.
#[test]
fn rebase_and_cherry_pick() {
    let (repo, id, x, y) = three();
    edit_everywhere(&repo, &id, &x, &y);
    git(&repo, &x, &["rebase", "-q", "main"]);
    git(&repo, &x, &["cherry-pick", "y"]);
    assert_all_edits(&x, &id);
    let ours = events(&x);
    assert!([&*events(repo.main()), &events(&y)].concat().iter().all(|id| ours.contains(id)));
}

/// What no rule decides is left for a person: Git stops, the fields and the file are named, and jit
/// names the line until one side is chosen.
#[test]
fn a_text_that_both_changed_is_a_conflict() {
    let (repo, id, x, _) = three();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob").at(&x));
    ann.jit(["issue", "update", &id, "--title", "ours", "--label", "a"]).ok();
    bob.jit(["issue", "update", &id, "--title", "theirs", "--label", "b"]).ok();
    commit(&repo, repo.main(), "ours");
    commit(&repo, &x, "theirs");
    let stopped = try_git(&repo, repo.main(), &["merge", "-q", "x"]);
    assert_eq!(stopped.status.code(), Some(1), "{stopped:?}");
    let said = String::from_utf8(stopped.stderr).unwrap();
    assert!(
        said.contains(&format!(".jit/issues/{id}.json: each side has a value of its own: title")),
        "{said}"
    );
    let trouble = ann.jit(["issue", "show", &id]).refused(9);
    assert!(trouble.message.contains(&id) && trouble.message.contains("line 4"), "{trouble:?}");
    let hint = trouble.hint.unwrap();
    assert!(hint.starts_with("keep one of each two sides"), "{hint}");
    assert!(ann.say(["doctor"]).stdout.contains(&hint), "what doctor can't mend, it does not offer to");
    let text = fs::read_to_string(file(repo.main(), &id)).unwrap();
    let kept = text.lines().filter(|line| !line.starts_with(['<', '=', '>']) && !line.contains("ours"));
    write(&file(repo.main(), &id), kept.map(|line| format!("{line}\n")).collect::<String>());
    let merged = ann.jit(["issue", "show", &id]).ok();
    assert_eq!(merged["issue"]["title"], "theirs");
    assert_eq!(merged["issue"]["labels"], json!(["a", "b", "kept", "old"]));
    commit(&repo, repo.main(), "chosen");
}

/// What one side deleted and the other changed says so where it is needed, with what ends it.
#[test]
fn what_is_deleted_on_one_side_says_so() {
    for (way, claimed) in [("to keep it: ", 0), ("to let it be deleted: ", 3)] {
        let (repo, id, x, _) = three();
        let (ann, bob) = (repo.agent("ann").at(repo.dir()), repo.agent("bob").at(&x));
        bob.jit(["issue", "update", &id, "--label", "b"]).ok();
        let at_main = |words: &[&str]| ann.say([&["-C", "main"], words].concat());
        assert_eq!(at_main(&["issue", "delete", &id]).status, Some(0));
        commit(&repo, repo.main(), "deleted");
        commit(&repo, &x, "changed");
        assert_eq!(try_git(&repo, repo.main(), &["merge", "-q", "x"]).status.code(), Some(1));
        let doctor = at_main(&["doctor"]);
        assert!(doctor.status == Some(9) && doctor.stdout.contains(way), "{doctor:?}");
        let said = at_main(&["claim", "acquire", &id]).stderr;
        assert_eq!(at_main(&["issue", "show", &id]).stderr.lines().next(), said.lines().next());
        for part in [way, "either way: "] {
            let command = said.split_once(part).unwrap_or_else(|| panic!("{said}")).1;
            let command = command.split([';', '\n']).next().unwrap();
            let done = shell(&ann, command);
            assert_eq!(done.status, Some(0), "{done:?}");
        }
        git(&repo, repo.main(), &["commit", "-qm", "merged"]);
        assert_eq!(at_main(&["doctor"]).status, Some(0));
        let claim = at_main(&["claim", "acquire", &id]);
        assert!(claim.status == Some(claimed) && !claim.stderr.contains("merge"), "{claim:?}");
    }
}

/// Git without the driver, and with one that it can't find, merges by lines: what touches is a
/// conflict that jit names, and our side is never kept silently.
#[test]
fn without_the_driver_nothing_is_lost() {
    for path in ["not configured", "not found"] {
        let (repo, id, x, _) = three();
        let (ann, bob) = (repo.agent("ann"), repo.agent("bob").at(&x));
        ann.jit(["issue", "update", &id, "--label", "a"]).ok();
        bob.jit(["issue", "update", &id, "--label", "b", "--description", "far"]).ok();
        commit(&repo, repo.main(), "ours");
        commit(&repo, &x, "theirs");
        if path == "not configured" {
            repo.git(repo.main(), &["config", "--remove-section", "merge.jit-issue"]);
        }
        // The tests' own search path has no jit.
        let stopped = repo.try_git(repo.main(), &["merge", "-q", "x"]);
        assert_eq!(stopped.status.code(), Some(1), "{path}: {stopped:?}");
        let text = fs::read_to_string(file(repo.main(), &id)).unwrap();
        for part in ["<<<<<<<", "\"a\"", "\"b\"", "\"far\"", ">>>>>>>"] {
            assert!(text.contains(part), "{path}: {part} is not in {text}");
        }
        let said = String::from_utf8(stopped.stderr).unwrap();
        assert!(
            !said.contains("merge-driver") && said.lines().all(|line| line.len() < 150),
            "{path}: {said}"
        );
        assert_eq!(said.contains("jit is not on PATH"), path == "not found", "{said}");
        let shown = ann.jit(["issue", "show", &id]);
        let trouble = shown.refused(9);
        assert!(trouble.message.contains("conflict") && trouble.names(&id), "{path}: {trouble:?}");
        // Events join all the same: each worktree writes a file of its own.
        assert!(events(&x).iter().all(|event| events(repo.main()).contains(event)), "{path}");
        let looked = ann.say(["doctor"]);
        assert!(looked.status == Some(0) && looked.stdout.contains("merged by lines"), "{path}: {looked:?}");
        let mended = follow(&ann, &shown).ok();
        let merged = &ann.jit(["issue", "show", &id]).ok()["issue"];
        assert_eq!(merged["labels"], json!(["a", "b", "kept", "old"]), "{path}");
        assert_eq!(merged["description"], "far", "{path}");
        let finding =
            mended["findings"].as_array().unwrap().iter().find(|f| f["code"] == "unmerged").unwrap();
        assert_eq!(shell(&ann, finding["hint"].as_str().unwrap()).status, Some(0), "{finding}");
        repo.git(repo.main(), &["commit", "-qm", "joined"]);
        assert!(!ann.jit(["doctor"]).ok().to_string().contains("unmerged"));
    }
}

/// Where somebody has to choose, only that is left in conflict; what is chosen by hand stays.
#[test]
fn what_no_rule_decides_is_left_of_a_merge_by_lines() {
    let (repo, id, x, _) = three();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob").at(&x));
    ann.jit(["issue", "update", &id, "--title", "mine", "--label", "a"]).ok();
    bob.jit(["issue", "update", &id, "--title", "yours", "--label", "b"]).ok();
    commit(&repo, repo.main(), "ours");
    commit(&repo, &x, "theirs");
    repo.try_git(repo.main(), &["merge", "-q", "x"]);
    let left = ann.say(["doctor", "--fix"]);
    assert!(left.status == Some(9) && left.stdout.contains("keep one of each two sides"), "{left:?}");
    let text = fs::read_to_string(file(repo.main(), &id)).unwrap();
    let marked: Vec<&str> = text.split("<<<<<<<").collect();
    assert!(marked.len() == 2 && marked[1].contains("mine") && marked[1].contains("yours"), "{text}");
    assert!(text.contains("\"a\",\n    \"b\""), "{text}");
    let chosen = text.replace("\"mine\"", "\"chosen\"");
    write(&file(repo.main(), &id), &chosen);
    assert_eq!(ann.say(["doctor", "--fix"]).status, Some(9));
    assert_eq!(fs::read_to_string(file(repo.main(), &id)).unwrap(), chosen);
}

/// Branches can make a circle that neither had; it is shown, with what takes it apart.
#[test]
fn a_circle_that_a_merge_made_is_shown() {
    let (repo, one, x, y) = three();
    let ann = repo.agent("ann");
    let two = issue(&ann, "two", &[]);
    commit(&repo, repo.main(), "another");
    git(&repo, &x, &["merge", "-q", "main"]);
    git(&repo, &y, &["merge", "-q", "main"]);
    ann.jit(["dep", "add", &one, &two]).ok();
    repo.agent("bob").at(&x).jit(["dep", "add", &two, &one]).ok();
    commit(&repo, repo.main(), "one waits");
    commit(&repo, &x, "two waits");
    git(&repo, repo.main(), &["merge", "-q", "--no-edit", "x"]);
    let blocked = ann.say(["query", "blocked"]);
    assert_eq!(blocked.status, Some(0), "{blocked:?}");
    assert!(blocked.stdout.contains(&one[..8]) && blocked.stdout.contains(&two[..8]), "{blocked:?}");
    assert!(blocked.stderr.contains("wait for each other"), "{blocked:?}");
    assert!(blocked.stderr.contains("jit dep rm"), "{blocked:?}");
    assert_eq!(ann.say(["query", "all"]).stderr, blocked.stderr);
    let found = ann.say(["doctor"]);
    assert!(found.status == Some(9) && found.stdout.contains("wait for each other"), "{found:?}");
    ann.jit(["dep", "rm", &one, &two]).ok();
    repo.healthy();
    assert_eq!(ann.jit(["query", "blocked"]).ok()["issues"].as_array().unwrap().len(), 1);
}

/// The driver alone, in no repository: its exit status, what it leaves, and what it says.
#[test]
fn the_driver_needs_no_repository() {
    let (repo, id, ..) = three();
    let ann = repo.agent("ann").at(repo.dir());
    let base = fs::read_to_string(file(repo.main(), &id)).unwrap();
    let of = |change: (&str, &str)| base.replace(change.0, change.1);
    let (ours, theirs) = (of(("\"one\"", "\"uno\"")), of(("\"normal\"", "\"high\"")));
    let other_id = of((&*id, "00000000-0000-4000-8000-000000000000"));
    let torn = ours[..ours.len() / 2].to_owned();
    let newer = |text: &str| text.replace("\"schema_version\": 1", "\"schema_version\": 2");
    let described = of(("\"description\": \"\"", "\"description\": \"far\""));
    let eins = of(("\"one\"", "\"eins\""));
    let mut said = String::new();
    for (what, texts, status) in [
        ("both", [&base, &ours, &theirs], 0),
        ("no base", [&String::new(), &ours, &theirs], 1),
        ("one text twice", [&base, &ours, &eins], 1),
        ("another id", [&base, &other_id, &base], 1),
        ("another version", [&newer(&base), &newer(&ours), &newer(&described)], 0),
        ("a torn side", [&base, &torn, &eins], 1),
        ("no text", [&base, &"\0".into(), &eins], 1),
    ] {
        let names = ["base", "our side", "theirs"];
        for (name, text) in names.iter().zip(texts) {
            write(&repo.dir().join(name), text);
        }
        let answer = ann.say([&["merge-driver", "issue"][..], &names, &["FILE"]].concat());
        assert_eq!(answer.status, Some(status), "{what}: {answer:?}");
        let left = fs::read_to_string(repo.dir().join("our side")).unwrap();
        assert_eq!(left.contains("<<<<<<< "), status == 1, "{what}: {left}");
        if what == "both" {
            assert_eq!(left, ours.replace("\"normal\"", "\"high\""));
        }
        for part in texts[1].lines().chain(texts[2].lines()).filter(|part| part.contains("title")) {
            assert!(status == 0 || left.contains(part), "{what}: {part} is not in {left}");
        }
        said.push_str(&format!("-- {what}: exit {status}\n{}", answer.stderr.replace(&id, "<id>")));
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("merge_driver", said));
}

/// Lines of others in `.gitattributes` stay, a missing line break too, and ours are added once.
#[test]
fn init_sets_merging_up_once() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    let path = repo.main().join(".gitattributes");
    write(&path, "*.png binary");
    let first = ann.jit(["init"]).ok();
    assert_eq!(first["configured"], json!(["jit-issue"]));
    assert_eq!(first["attributes"].as_array().unwrap().len(), 2);
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text, "*.png binary\n.jit/events/*.jsonl merge=union\n.jit/issues/*.json merge=jit-issue\n");
    let config = fs::read_to_string(repo.main().join(".git/config")).unwrap();
    let second = ann.jit(["init"]).ok();
    assert_eq!(
        (&second["configured"], &second["attributes"], &second["made"]),
        (&json!([]), &json!([]), &json!([]))
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    assert_eq!(fs::read_to_string(repo.main().join(".git/config")).unwrap(), config);
}

/// A clone has the attributes and not the driver: the doctor says so, and sets it up.
#[test]
fn a_driver_that_git_does_not_know_is_found() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    ann.jit(["init"]).ok();
    let found = || ann.jit(["doctor"]).ok().to_string().contains("no_merge_driver");
    assert!(!found());
    git(&repo, repo.main(), &["config", "--remove-section", "merge.jit-issue"]);
    assert!(found());
    ann.jit(["doctor", "--fix"]).ok();
    assert!(!found());
}
