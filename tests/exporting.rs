//! Issues, gates and events as one stream, out and in again.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use crate::gates::seen;
use crate::support::issue::{commit, file, issue, later, text};
use crate::support::repo::{mkdir, write};
#[cfg(target_os = "linux")]
use crate::support::strace::{Syscall, traced};
use crate::support::{Repo, skip};
use crate::unrecorded::killed;

/// What is exported in one repository is the same when it was imported in another; importing it
/// once more writes nothing; what was changed later there stays.
#[test]
fn what_goes_out_comes_in_once() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    let made = ann.jit(["issue", "create", "--title", "one", "--description", "far\nand wide"]).ok();
    let id = made["issue"]["id"].as_str().unwrap().to_owned();
    ann.jit(["issue", "update", &id, "--label", "a"]).ok();
    ann.jit(["gate", "define", "review", "--manual"]).ok();
    ann.jit(["export", "dump.jsonl"]).ok();
    let dump = fs::read_to_string(repo.main().join("dump.jsonl")).unwrap();
    assert_eq!(ann.say(["export"]).stdout, dump);
    assert_eq!(dump.lines().count(), 4);

    let other = repo.dir().join("other");
    mkdir(&other);
    repo.git(&other, &["init", "-q"]);
    let bob = repo.agent("bob").at(&other);
    write(&other.join("dump.jsonl"), &dump);
    let first = bob.jit(["import", "dump.jsonl"]).ok();
    assert_eq!(first["issues"], json!({ "written": 1, "here": 0, "kept": [] }));
    assert_eq!(first["events"], json!({ "written": 2, "here": 0 }));
    assert_eq!(bob.jit(["issue", "show", &id]).ok()["issue"]["description"], "far\nand wide");
    assert_eq!(bob.say(["export", "-"]).stdout, dump, "what came with its events has no others");
    let again = bob.jit(["import", "dump.jsonl"]).ok();
    assert_eq!(again["issues"], json!({ "written": 0, "here": 1, "kept": [] }));
    assert_eq!((&again["gates"]["here"], &again["events"]), (&json!(1), &json!({ "written": 0, "here": 2 })));

    bob.jit(["issue", "update", &id, "--title", "uno"]).ok();
    let kept = bob.say(["import", "dump.jsonl"]);
    assert!(kept.status == Some(0) && kept.stdout.contains("1 kept"), "{kept:?}");
    assert_eq!(bob.jit(["issue", "show", &id]).ok()["issue"]["title"], "uno");
    let shown = kept.stdout.replace(&id, "<id>");
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("import", shown));
}

/// One bad line, one issue that somebody else holds, or one that would be done without its lease:
/// nothing is imported.
#[test]
fn all_of_a_stream_or_nothing() {
    let repo = Repo::new();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let id = ann.jit(["issue", "create", "--title", "one"]).ok()["issue"]["id"].as_str().unwrap().to_owned();
    let dump = ann.say(["export"]).stdout;
    let entry: Value = serde_json::from_str(dump.lines().next().unwrap()).unwrap();
    let with = |n: u8, state: &str, title: &str| {
        let mut entry = entry.clone();
        if n > 0 {
            entry["issue"]["id"] = json!(format!("0000000{n}-0000-4000-8000-000000000000"));
        }
        entry["issue"]["state"] = json!(state);
        entry["issue"]["title"] = json!(title);
        entry["issue"]["updated_at"] = later(&entry["issue"]["updated_at"], 9);
        format!("{entry}\n")
    };
    let path = repo.main().join("dump.jsonl");
    let import = |stream: String| {
        write(&path, stream);
        bob.jit(["import", "dump.jsonl"])
    };
    let bad = import(with(1, "ready", "new") + "\n" + &with(2, "redy", "new")).refused(2);
    assert!(bad.message.contains("dump.jsonl, line 3") && bad.message.contains("redy"), "{bad:?}");
    let done = import(with(1, "ready", "new") + &with(0, "done", "one")).refused(7);
    assert!(done.code == "needs_lease" && done.names(&id), "{done:?}");
    ann.claim(&id);
    assert!(import(with(1, "ready", "new") + &with(0, "ready", "mine")).refused(6).names("agent:ann"));
    assert_eq!(ann.jit(["query", "all"]).ok()["issues"].as_array().unwrap().len(), 1);
    ann.jit(["claim", "release", &id]).ok();
    import(with(1, "done", "new") + &with(0, "ready", "bob's")).ok();
    assert_eq!(ann.jit(["issue", "show", &id]).ok()["issue"]["title"], "bob's");
    write(&path, b"\xff");
    assert!(bob.jit(["import", "dump.jsonl"]).refused(2).message.contains("line 1"));
    let file = repo.main().join(format!(".jit/issues/{id}.json"));
    write(&file, "{");
    assert!(bob.jit(["export"]).refused(9).names(file.to_str().unwrap()));
}

/// A stream can bring issues that wait for each other; whoever imports it is told.
#[test]
fn a_circle_that_is_imported_is_told() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    let new = |title: &str| {
        ann.jit(["issue", "create", "--title", title]).ok()["issue"]["id"].as_str().unwrap().to_owned()
    };
    let (one, two) = (new("one"), new("two"));
    ann.jit(["dep", "add", &two, &one]).ok();
    let dump = ann.say(["export"]).stdout;
    let stream = |on: &[&str]| {
        let line = dump.lines().find(|line| line.contains(&format!("\"id\":\"{one}\",\"title\""))).unwrap();
        let mut entry: Value = serde_json::from_str(line).unwrap();
        entry["issue"]["dependencies"] = json!(on);
        entry["issue"]["updated_at"] = later(&entry["issue"]["updated_at"], 9 + on.len() as u64);
        write(&repo.main().join("dump.jsonl"), format!("{entry}\n"));
        ann.jit(["import", "dump.jsonl"]).warned()
    };
    assert!(stream(&[]).is_empty());
    let warned = stream(&[&two]);
    assert!(warned.len() == 1 && warned[0].contains("wait for each other"), "{warned:?}");
}

/// An export goes where there is a directory: none is made of a typing error.
#[test]
fn an_export_makes_no_directory() {
    let repo = Repo::new();
    let refused = repo.agent("ann").jit(["export", "typo/dump.jsonl"]).refused(2);
    assert!(refused.message.contains("there is no directory"), "{refused:?}");
    assert!(!repo.main().join("typo").exists());
}

/// What a branch makes a symlink is neither read nor written through.
#[test]
fn a_symlink_of_a_branch_leads_nowhere() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    let outside = repo.dir().join("outside");
    mkdir(&outside);
    for (at, link) in [("linked", ".jit"), ("deeper", ".jit/issues")] {
        let root = repo.worktree(at);
        mkdir(root.join(link).parent().unwrap());
        std::os::unix::fs::symlink(&outside, root.join(link)).unwrap();
        let there = ann.clone().at(&root);
        let refused = there.jit(["issue", "create", "--title", "one"]).refused(9);
        assert!(
            refused.code == "not_readable" && refused.hint.unwrap().contains("ls -ld"),
            "{}",
            refused.message
        );
        if link == ".jit" {
            there.jit(["init"]).refused(9);
            there.jit(["gate", "define", "tests", "--manual"]).refused(9);
        }
    }
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
}

/// An import that is killed anywhere leaves what the same import completes, and no file that is half
/// a file.
#[test]
fn an_import_that_was_killed_is_completed() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    ann.jit(["issue", "create", "--title", "one", "--label", "old"]).ok();
    let dump = ann.say(["export"]).stdout;
    let mut entry: Value = serde_json::from_str(dump.lines().next().unwrap()).unwrap();
    let made = std::mem::replace(&mut entry["issue"]["updated_at"], json!("LATER"));
    let mut line = |n: usize, title: &str| {
        entry["issue"]["id"] = json!(format!("{n:08}-0000-4000-8000-000000000000"));
        entry["issue"]["title"] = json!(title);
        format!("{entry}\n")
    };
    for round in 0..6 {
        let stream: String = (0..300).map(|n| line(n, &format!("of round {round}"))).collect();
        let at = later(&made, 1 + round);
        write(&repo.main().join("dump.jsonl"), stream.replace("LATER", at.as_str().unwrap()));
        let running = ann.start(["import", "dump.jsonl"]);
        std::thread::sleep(Duration::from_millis(30 + 40 * round));
        running.kill();
        let listed = ann.say(["query", "all"]);
        assert!(listed.status == Some(0) && !listed.stdout.contains("BROKEN"), "{}", listed.stderr);
        let again = ann.jit(["import", "dump.jsonl"]).ok()["issues"].clone();
        assert_eq!(again["written"].as_u64().unwrap() + again["here"].as_u64().unwrap(), 300, "{again}");
        let now = ann.say(["query", "all"]).stdout;
        assert_eq!(now.matches(&format!("of round {round}")).count(), 300);
    }
    ann.jit(["doctor", "--fix"]).ok();
    let names =
        fs::read_dir(repo.main().join(".jit/issues")).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.filter(|name| name.to_string_lossy().ends_with(".draft")).count(), 0);
}

/// Many issues are written before the first is waited for: the directory is flushed once.
#[cfg(target_os = "linux")]
#[test]
fn an_import_flushes_once() {
    if !skip::has("an_import_flushes_once", "strace") {
        return;
    }
    let repo = Repo::new();
    let ann = repo.agent("ann");
    (0..5).for_each(|n| drop(ann.jit(["issue", "create", "--title", &n.to_string()]).ok()));
    write(&repo.dir().join("dump.jsonl"), ann.say(["export"]).stdout);
    let other = repo.dir().join("other");
    mkdir(&other);
    repo.git(&other, &["init", "-q"]);
    let (_, calls) = traced(&ann.at(&other), &["import", "../dump.jsonl"]);
    let at = |name: &str, part: &str| {
        let fits = |call: &&Syscall| call.name == name && call.line.contains(part);
        calls.iter().filter(fits).count()
    };
    assert_eq!((at("fsync", ".draft>"), at("fsync", ".jit/issues>"), at("fsync", ".jsonl>")), (5, 1, 1));
    let order: Vec<&str> = calls
        .iter()
        .filter(|call| call.line.contains(".draft"))
        .map(|call| call.name.as_str())
        .filter(|name| ["write", "fsync"].contains(name))
        .collect();
    assert_eq!(order, [["write"; 5], ["fsync"; 5]].concat());
}

/// What ended here is not opened by an import, which says so, and how.
#[test]
fn what_ended_is_imported_and_stays_ended() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = ann.jit(["issue", "create", "--title", "one"]).ok()["issue"]["id"].as_str().unwrap().to_owned();
    ann.jit(["export", "dump.jsonl"]).ok();
    ann.jit(["issue", "delete", &id]).warned();
    let said = ann.say(["import", "dump.jsonl"]);
    let hint = format!("jit issue reopen {id}");
    assert!(said.status == Some(0) && said.stderr.contains(&hint), "{said:?}");
    ann.jit(["claim", "acquire", &id]).refused(7);
    assert_eq!(ann.jit(["issue", "reopen", &id]).status, Some(0));
    ann.claim(&id);
}

/// A stream that says other things of an issue than its file does, as one that was written later.
fn forged(repo: &Repo, id: &str, change: impl FnOnce(&mut Value)) -> String {
    let text = fs::read_to_string(repo.main().join(format!(".jit/issues/{id}.json"))).unwrap();
    let mut issue: Value = serde_json::from_str(&text).unwrap();
    change(&mut issue);
    issue["updated_at"] = later(&issue["updated_at"], 9);
    let stream = repo.dir().join("forged.jsonl");
    write(&stream, json!({ "schema_version": 1, "issue": issue }).to_string());
    stream.to_str().unwrap().to_owned()
}

fn pass_ci(issue: &mut Value) {
    issue["gates"]["ci"] = json!({ "passed": { "by": "human:boss", "at": "2026-01-01T00:00:00.000Z" } });
}

/// An agent's import passes no gate that the agent could not pass by hand: neither by saying that the
/// work is done, nor one by one.
#[test]
fn an_import_passes_no_gate() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["gate", "define", "ci", "--command", "false"]).ok();
    ann.jit(["gate", "define", "review", "--manual"]).ok();
    let id = issue(&ann, "work", &["--gate", "ci"]);
    let early = issue(&ann, "more", &["--gate", "ci", "--gate", "review"]);
    ann.claim(&id);
    ann.jit(["claim", "release", &id, "--done"]).ok();
    let done = |issue: &mut Value| {
        pass_ci(issue);
        issue["state"] = json!("done");
    };
    let refused = ann.jit(["import", &forged(&repo, &id, done)]).refused(7);
    assert!(refused.code == "gate_open" && refused.names(&id), "{refused:?}");
    for id in [&id, &early] {
        let refused = ann.jit(["import", &forged(&repo, id, pass_ci)]).refused(7);
        assert!(refused.code == "gate_open" && refused.message.contains("gate ci"), "{refused:?}");
        assert_eq!(seen(&ann, id)["gates"]["ci"], "open");
    }
    assert_eq!(seen(&ann, &id)["state"], "gated");
    let review = |issue: &mut Value| {
        issue["gates"]["review"] =
            json!({ "passed": { "by": "human:boss", "at": "2026-01-01T00:00:00.000Z" } });
    };
    ann.jit(["import", &forged(&repo, &early, review)]).ok();
    // A person is warned, and what is done by it is done for all.
    let two = ann.clone().at(repo.worktree("two"));
    let said = ann.say(["--agent", "human:boss", "import", &forged(&repo, &id, done)]);
    assert!(said.status == Some(0) && said.stderr.contains("gates are open"), "{said:?}");
    assert_eq!(seen(&two, &id)["state"], "done");
}

/// What ends by an import is not handed out elsewhere before a merge.
#[test]
fn an_imported_end_comes_to_the_log() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "work", &[]);
    commit(&repo, repo.main(), "issues");
    let two = ann.clone().at(repo.worktree("two"));
    let stream = forged(&repo, &id, |issue| issue["state"] = json!("rejected"));
    ann.jit(["import", &stream]).ok();
    two.jit(["claim", "next"]).refused(4);
    assert_eq!(seen(&two, &id)["state"], "rejected");
    assert_eq!(ann.jit(["import", &stream]).ok()["issues"]["here"], 1);
}

/// An import that is killed between the files and the log is said again: the end that it brought is
/// every worktree's then.
#[test]
fn an_import_that_died_before_the_log_is_said_again() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "work", &[]);
    commit(&repo, repo.main(), "issues");
    let two = repo.agent("bob").at(repo.worktree("two"));
    let stream = forged(&repo, &id, |issue| issue["state"] = json!("rejected"));
    let there = file(&repo.dir().join("two"), &id);
    let is_written = || fs::read_to_string(&there).is_ok_and(|text| text.contains("rejected"));
    killed(&repo, &two, &["import", &stream], is_written);
    assert_eq!(seen(&ann, &id)["state"], "ready");
    assert_eq!(two.jit(["import", &stream]).ok()["issues"]["here"], 1);
    assert_eq!(seen(&ann, &id)["state"], "rejected");
    ann.jit(["claim", "next"]).refused(4);
}

/// What the log knows to be done is not refused as an end without a lease, whatever the file here says.
#[test]
fn what_the_log_knows_is_not_refused() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "work", &[]);
    commit(&repo, repo.main(), "issues");
    let two = repo.agent("bob").at(repo.worktree("two"));
    two.claim(&id);
    two.jit(["claim", "release", &id, "--done"]).ok();
    let stream = repo.dir().join("dump.jsonl");
    write(&stream, two.say(["export", "-"]).stdout);
    write(&file(repo.main(), &id), text(&repo, &id).replace("\"ready\"", "\"rejected\""));
    ann.jit(["import", stream.to_str().unwrap()]).warned();
    assert!(text(&repo, &id).contains("\"rejected\""));
}

/// An end that only the log knows reaches a clone that has the issue as it was. What only the file
/// elsewhere knows of gates is warned of, with the way to it.
#[test]
fn an_end_goes_with_an_export() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["gate", "define", "review", "--manual"]).ok();
    let [plain, gated] = [issue(&ann, "plain", &[]), issue(&ann, "gated", &["--gate", "review"])];
    commit(&repo, repo.main(), "issues");
    let clone = repo.dir().join("clone");
    repo.git(repo.dir(), &["clone", "-q", repo.main().to_str().unwrap(), "clone"]);
    let root = repo.worktree("two");
    let two = repo.agent("bob").at(&root);
    two.claim(&plain);
    two.jit(["claim", "release", &plain, "--done"]).ok();
    ann.jit(["export", "../dump.jsonl"]).ok();
    let there = repo.agent("cat").at(&clone);
    let import = ["import", "../dump.jsonl", "--agent", "human:boss"];
    assert_eq!(there.say(import).status, Some(0));
    assert_eq!(seen(&there, &plain)["state"], "done");
    assert_eq!(seen(&there, &gated)["state"], "ready");

    two.claim(&gated);
    two.jit(["gate", "pass", &gated, "review"]).ok();
    two.jit(["claim", "release", &gated, "--done"]).ok();
    commit(&repo, &root, "done");
    let warned = ann.jit(["export", "../dump.jsonl"]).warned();
    assert!(warned.len() == 1 && warned[0].contains(&gated) && warned[0].contains("merge"), "{warned:?}");
    repo.git(repo.main(), &["merge", "-q", "two"]);
    ann.jit(["export", "../dump.jsonl"]).ok();
    assert_eq!(there.say(import).status, Some(0));
    assert_eq!(seen(&there, &gated)["state"], "done");
}

/// Work that was done elsewhere in the repository comes with a merge, not with a stream; what was noted
/// of it here stays.
#[test]
fn an_import_brings_no_work() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let (id, waiting) = (issue(&ann, "work", &[]), issue(&ann, "more", &[]));
    ann.jit(["dep", "add", &waiting, &id]).ok();
    commit(&repo, repo.main(), "issues");
    let bob = repo.agent("bob").at(repo.worktree("two"));
    bob.claim(&id);
    bob.jit(["claim", "release", &id, "--done"]).ok();
    let exported = repo.dir().join("all.jsonl");
    fs::write(&exported, bob.say(["export"]).stdout).unwrap();
    ann.jit(["issue", "update", &id, "--label", "note"]).ok();
    let said = ann.jit(["import", exported.to_str().unwrap()]).warned();
    assert!(said.iter().any(|one| one.contains("not in your files")), "{said:?}");
    let text = text(&repo, &id);
    assert!(text.contains("\"note\"") && text.contains("\"ready\""), "{text}");
    ann.jit(["claim", "acquire", &waiting]).refused(7);
}

/// What is nowhere any more comes back from a stream, whatever the log knows of it.
#[test]
fn an_import_brings_back_what_was_lost() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "work", &[]);
    commit(&repo, repo.main(), "issue");
    ann.claim(&id);
    ann.jit(["claim", "release", &id, "--done"]).ok();
    let backup = repo.dir().join("backup.jsonl");
    write(&backup, ann.say(["export"]).stdout);
    repo.git(repo.main(), &["checkout", "-q", "--", ".jit/issues"]);
    ann.jit(["import", backup.to_str().unwrap()]).ok();
    assert!(text(&repo, &id).contains("\"done\""));
    repo.git(repo.main(), &["rm", "-q", "--cached", "-r", ".jit/issues"]);
    repo.git(repo.main(), &["commit", "-q", "-m", "lost"]);
    fs::remove_file(file(repo.main(), &id)).unwrap();
    ann.jit(["import", backup.to_str().unwrap()]).ok();
    assert!(text(&repo, &id).contains("\"done\""));
}
