//! What coding agents are told before they act, by the real program, from what each program sends.
//! Cursor's are written from its documented format, the others are as the programs sent them, but for
//! ids and paths. `later` is a field that nobody knows.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::repo::{JIT, write};
use crate::support::told::{Told, printed};
use crate::support::{Agent, Repo};

/// The recorded inputs that write `src/a`, by the program that sends them.
const EDITS: [(&str, &str); 7] = [
    ("claude", include_str!("recorded/claude-edit.json")),
    ("claude", include_str!("recorded/claude-notebook.json")),
    ("claude", include_str!("recorded/claude-sub-agent.json")),
    ("codex", include_str!("recorded/codex-patch.json")),
    ("gemini", include_str!("recorded/gemini-write.json")),
    ("gemini", include_str!("recorded/gemini-replace.json")),
    ("cursor", include_str!("recorded/cursor-write.json")),
];

/// Those that run a command.
const SHELLS: [(&str, &str); 5] = [
    ("claude", include_str!("recorded/claude-bash.json")),
    ("codex", include_str!("recorded/codex-bash.json")),
    ("gemini", include_str!("recorded/gemini-shell.json")),
    ("cursor", include_str!("recorded/cursor-shell.json")),
    ("cursor", include_str!("recorded/cursor-before-shell.json")),
];

/// A repository with files, ann in its main worktree and somebody's session in another.
struct Two {
    repo: Repo,
    there: PathBuf,
}

impl Two {
    fn new() -> Self {
        let repo = Repo::new();
        for file in ["src/a", "src/b", "doc/a"] {
            write(&repo.main().join(file), "one\n");
        }
        repo.git(repo.main(), &["add", "-A"]);
        repo.git(repo.main(), &["commit", "-qm", "two"]);
        let there = repo.worktree("there");
        Self { repo, there }
    }

    fn ann(&self) -> Agent<'_> {
        self.repo.agent("ann")
    }

    /// A session of a program, as what its shells call themselves.
    fn session(&self, program: &str) -> Agent<'_> {
        self.repo.agent(&format!("{program}-5e55")).at(&self.there)
    }

    fn input(&self, recorded: &str, command: &str) -> String {
        let escaped = json!(command).to_string();
        let place = self.there.to_str().unwrap();
        recorded.replace("/PLACE", place).replace("COMMAND", escaped.trim_matches('"'))
    }

    #[track_caller]
    fn told(&self, program: &str, recorded: &str, command: &str) -> Told {
        let nameless = self.session(program).nameless();
        Told::read(program, &printed(&nameless, program, &self.input(recorded, command)))
    }

    /// What a shell command of Claude Code's comes to.
    #[track_caller]
    fn shell(&self, command: &str) -> Told {
        self.told("claude", SHELLS[0].1, command)
    }
}

#[test]
fn an_edit_over_anothers_paths_is_denied_in_each_programs_own_form() {
    let two = Two::new();
    for (program, recorded) in EDITS {
        two.told(program, recorded, "").silent();
    }
    assert!(!two.repo.control().exists(), "asking makes nothing");
    let lease = two.ann().jit(["claim", "acquire", "--path", "src", "--task", "the parser"]).lease().lease_id;
    let mut forms = String::new();
    for (program, recorded) in EDITS {
        let who = match recorded.contains("sub/7") {
            true => format!("agent:{program}-5e55/sub-7"),
            false => format!("agent:{program}-5e55"),
        };
        let options = if program == "codex" { String::new() } else { format!("--agent {who} ") };
        let hint = format!("jit {options}claim acquire --path :/src/a --wait 10m");
        two.told(program, recorded, "").denied(&["src/a", "agent:ann", "the parser", " left", &hint]);
        let form = printed(&two.session(program).nameless(), program, &two.input(recorded, ""));
        forms.push_str(&format!("-- {program}\n{form}"));
    }
    let forms = forms.replace(two.repo.dir().to_str().unwrap(), "<dir>").replace(&lease, "<lease>");
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "<time>");
    settings.add_filter(r"\d+m \d+s left", "<left>");
    settings.bind(|| insta::assert_snapshot!("agent_hooks", forms));
    // What it does to others does not count, and what does not edit is not asked about.
    two.told("claude", include_str!("recorded/claude-read.json"), "").silent();
    two.ann().jit(["claim", "release", &lease]).ok();
    for (program, recorded) in EDITS {
        two.told(program, recorded, "").silent();
        let form = printed(&two.session(program).nameless(), program, &two.input(recorded, ""));
        let allowed = match program {
            "gemini" => "{}\n",
            "cursor" => "{\"permission\":\"allow\"}\n",
            _ => "",
        };
        assert_eq!(form, allowed);
    }
}

/// What Git ignores is nobody's work: it lies outside of no lease, and is in somebody's way only where
/// that lease covers it by its path.
#[test]
fn what_git_ignores_is_judged_for_others_alone() {
    let two = Two::new();
    write(&two.there.join(".gitignore"), "out/\n*.log\n");
    write(&two.there.join("out/kept"), "x");
    two.repo.git(&two.there, &["add", "-f", "out/kept"]);
    two.session("claude").jit(["claim", "acquire", "--path", "doc"]).lease();
    write(&two.there.join("tmp/out/x"), "x");
    for command in ["make > build.log 2>&1", "echo > out/new", "rm -rf tmp/out", "tee doc/a ':x.log'"] {
        two.shell(command).silent();
    }
    for (command, path) in [("rm -rf out", "out"), ("echo > out/kept", "out/kept"), ("rm -rf tmp", "tmp")] {
        two.shell(command).denied(&["do not cover", path]);
    }
    two.shell("echo > a.log > src/a").denied(&["do not cover src/a\n"]);
    let lease = two.ann().jit(["claim", "acquire", "--path", "*.log"]).lease().lease_id;
    two.shell("make > build.log").denied(&["agent:ann"]);
    two.ann().jit(["claim", "release", &lease]).ok();
    // Nor is it claimed for anybody.
    two.ann().jit(["config", "set", "auto_claim", "true"]).ok();
    two.shell("make > build.log").silent();
    two.shell("make > build.log > src/a").noted(&["jit claimed src/a for you"]);
}

#[test]
fn a_command_that_changes_anothers_paths_is_denied() {
    let two = Two::new();
    two.ann().jit(["claim", "acquire", "--path", "src"]).lease();
    for (program, recorded) in SHELLS {
        for command in
            ["echo a >> src/a", "cd doc && sed -i s/a/b/ ../src/b", "rm -rf src", "rm -rf .", "cp doc/a src/"]
        {
            two.told(program, recorded, command).denied(&["held by somebody", "agent:ann"]);
        }
        for command in
            ["cat src/a > doc/b 2>&1", "cp src/a doc/", "echo > ../src", "rm $x; tee $x/*", "echo > .git"]
        {
            two.told(program, recorded, command).silent();
        }
    }
    // A patch that is a command.
    for patch in [
        "apply_patch <<'EOF'\n*** Begin Patch\n*** Delete File: src/a",
        "cd src && apply_patch <<'EOF'\n*** Begin Patch\n*** Delete File: a",
    ] {
        let patch = format!("{patch}\n*** End Patch\nEOF");
        two.told("codex", SHELLS[1].1, &patch).denied(&["src/a"]);
    }
}

/// Of what is there.
#[test]
fn a_pattern_is_judged_by_what_it_matches() {
    let two = Two::new();
    let lease = two.ann().jit(["claim", "acquire", "--path", "src"]).lease().lease_id;
    for command in [
        "rm src/*",
        "rm -rf doc/../*",
        "rm {src,doc}/a",
        "git checkout src/a",
        "git checkout HEAD src",
        "pushd src && rm a",
    ] {
        two.shell(command).denied(&["held by somebody", "agent:ann"]);
    }
    for command in ["rm doc/* src/*.md", "git checkout there", "git checkout -b src", "popd; rm src/*"] {
        two.shell(command).silent();
    }
    // Of many, not each is named.
    for n in 10..30 {
        write(&two.there.join(format!("src/{n}")), "");
    }
    let wait = format!("wait: jit --agent agent:claude-5e55 claim wait {lease} --timeout 10m; or");
    two.shell("rm src/*").denied(&["src/18, src/19 and 12 more are held", &wait]);
    two.ann().jit(["claim", "release", &lease]).ok();
    two.session("claude").jit(["claim", "acquire", "--path", "doc"]).lease();
    two.shell("rm doc/*").silent();
    two.shell("rm {src,doc}/[ab]").denied(&["do not cover src/a, src/b\n"]);
}

/// Strict: denied; warn: said; off: nothing.
#[test]
fn one_keeps_to_ones_own_paths() {
    let two = Two::new();
    let lease = two.session("claude").jit(["claim", "acquire", "--path", "doc"]).lease().lease_id;
    let told = || two.told("claude", EDITS[0].1, "");
    let hint = format!("jit --agent agent:claude-5e55 claim extend {lease} --path :/src/a");
    let words = &["do not cover src/a", &hint];
    told().denied(words);
    two.ann().jit(["config", "set", "enforce_agents", "warn"]).ok();
    told().noted(words);
    two.ann().jit(["config", "set", "enforce_agents", "off"]).ok();
    told().silent();
    two.ann().jit(["config", "unset", "enforce_agents"]).ok();
    // The hint works as printed, and its session knows itself.
    let jit = two.session("claude").nameless();
    let words: Vec<&str> = hint.split(' ').skip(1).collect();
    jit.jit(words).lease();
    told().silent();
    let shell = two.session("claude").nameless().env("CLAUDE_CODE_SESSION_ID", "5e55");
    assert_eq!(shell.jit(["claim", "status"]).leases().len(), 1);
}

/// What takes a directory away takes more than the file of it that one holds.
#[test]
fn a_file_of_a_directory_is_not_the_directory() {
    let two = Two::new();
    two.session("claude").jit(["claim", "acquire", "--path", "src/a"]).lease();
    two.shell("rm src/a").silent();
    for (command, outside) in [("rm -rf src", "src"), ("rm -rf .", "."), ("mv src lib", "lib, src")] {
        two.shell(command).denied(&[&format!("do not cover {outside}")]);
    }
    two.session("claude").jit(["claim", "acquire", "--path", "lib/**"]).lease();
    write(&two.there.join("lib/deep/a"), "");
    two.shell("rm -rf lib/deep").silent();
}

/// Strict: denied; warn: said; and where nobody uses jit, nothing.
#[test]
fn what_can_t_be_read_is_denied_or_said() {
    let two = Two::new();
    let broken = ["", "{", "[]", "{\"tool_name\":7}", "\u{0}", "{\"tool_name\":\"Edit\",\"tool_input\":{}}"];
    let unread = |program: &str, input: &str| {
        Told::read(program, &printed(&two.session(program).nameless(), program, input))
    };
    unread("claude", "{").silent();
    two.ann().claim("name:x");
    for program in ["claude", "codex", "gemini", "cursor"] {
        for input in &broken[..5] {
            unread(program, input).denied(&["can't tell whether this may be done", program, "can't be read"]);
        }
    }
    unread("claude", broken[5]).denied(&["it has no `file_path`"]);
    // Neither can the leases.
    let log = fs::read(two.repo.log()).unwrap();
    let damaged = [b"{\"schema_version\":99,\"seq\":1}\n".as_slice(), &log].concat();
    fs::write(two.repo.log(), &damaged).unwrap();
    two.told("claude", EDITS[0].1, "").denied(&["can't tell whether this may be done"]);
    fs::write(two.repo.log(), &log).unwrap();
    let nobody = two.session("claude").nameless().env("JIT_AGENT_ID", "who");
    let input = two.input(EDITS[0].1, "");
    Told::read("claude", &printed(&nobody, "claude", &input)).denied(&["JIT_AGENT_ID"]);

    // Nor what repository something is in, here or elsewhere.
    write(&two.there.join("odd/.git"), "odd");
    let elsewhere = EDITS[0].1.replace("/PLACE/src/a", "/PLACE/odd/a");
    let here = SHELLS[0].1.replace("/PLACE", "/PLACE/odd");
    let words = &["can't tell whether this may be done", "odd/.git"][..];
    two.told("claude", &elsewhere, "").denied(words);
    two.told("claude", &here, "ls").denied(words);

    two.ann().jit(["config", "set", "enforce_agents", "warn"]).ok();
    two.told("claude", &elsewhere, "").noted(words);
    for program in ["claude", "codex", "gemini", "cursor"] {
        for input in &broken[..5] {
            unread(program, input).noted(&["can't tell whether this may be done"]);
        }
    }
    fs::write(two.repo.log(), damaged).unwrap();
    two.told("claude", EDITS[0].1, "").noted(&["can't tell whether this may be done"]);
}

/// Of one that lapsed or was evicted whatever it does, of one that another took over where it has to do
/// with it, until it took the paths again or let go of them.
#[test]
fn who_lost_a_lease_is_told_at_its_next_action() {
    let two = Two::new();
    let session = two.session("claude");
    let lapsing =
        |ttl| session.jit(["claim", "acquire", "name:x", "--path", "src", "--ttl", ttl]).lease().lease_id;
    let lease = lapsing("1s");
    std::thread::sleep(Duration::from_millis(1_100));
    let again = "jit --agent agent:claude-5e55 claim acquire name:x --path :/src";
    two.shell("ls").noted(&[&lease, "lapsed", again]);
    let lease = lapsing("10m");
    two.shell("git status").silent();
    two.ann().jit(["claim", "force-evict", &lease, "--reason", "stuck"]).ok();
    for command in ["echo > src/a", "git commit -m x", "ls", "echo > doc/a"] {
        two.shell(command).noted(&[&lease, "evicted by agent:ann: stuck", again, "claim abandon"]);
    }
    let taken = two.ann().jit(["claim", "acquire", "--path", "src"]).lease().lease_id;
    let words = &["agent:ann took over", &taken, "claim abandon"][..];
    for command in ["git push", "jit prime", "bash -c 'git commit -m x'"] {
        two.shell(command).noted(words);
    }
    for command in ["ls", "cargo test", "echo > doc/a"] {
        two.shell(command).silent();
    }
    // What somebody else works on is denied where others are warned.
    two.ann().jit(["config", "set", "enforce_agents", "warn"]).ok();
    two.told("claude", EDITS[0].1, "").denied(words);
    session.jit(["claim", "abandon"]).ok();
    two.shell("git status").silent();
}

/// One without paths is about whatever is changed, unless something else is done meanwhile.
#[test]
fn who_lost_a_lease_without_paths_is_told_at_a_change() {
    let two = Two::new();
    let lease = two.session("claude").claim("name:x").lease_id;
    two.ann().jit(["claim", "force-evict", &lease, "--reason", "stuck"]).ok();
    two.ann().claim("name:x");
    two.shell("echo > doc/a").noted(&[&lease, "evicted"]);
    two.shell("ls").silent();
    two.session("claude").claim("name:y");
    two.shell("echo > doc/a").silent();
    two.shell("git commit -m x").noted(&[&lease, "evicted"]);
}

/// Hook and command agree on who acts.
#[test]
fn commands_that_call_jit_know_who_they_are() {
    let two = Two::new();
    let path = format!("{}:{}", Path::new(JIT).parent().unwrap().display(), std::env::var("PATH").unwrap());
    for (at, (program, recorded)) in SHELLS.into_iter().enumerate() {
        two.told(program, recorded, "ls").silent();
        let claim = format!("jit claim acquire name:n{at}");
        let told = two.told(program, recorded, &claim);
        two.told(program, recorded, &format!("jit --agent agent:z claim acquire name:n{at}")).silent();
        if recorded.contains("beforeShellExecution") {
            // It can't change anything.
            told.silent();
            continue;
        }
        let who = match program {
            "codex" => "agent:codex-5e55/7th".to_owned(),
            program => format!("agent:{program}-5e55"),
        };
        let mut whole: Value = serde_json::from_str(&two.input(recorded, &claim)).unwrap();
        let input = told.input.unwrap();
        let command = input["command"].as_str().unwrap();
        // Behind the subcommand: users let commands through by how these begin.
        assert_eq!(command, format!("jit claim acquire --agent {who} name:n{at}"));
        whole["tool_input"]["command"] = command.into();
        assert_eq!(whole["tool_input"], input, "the rest stays");
        two.session("x").nameless().program("sh").env("PATH", &path).say(["-c", command]);
        assert_eq!(two.ann().holder_of(&format!("name:n{at}")).as_ref(), Some(&who));
        two.told(program, recorded, &format!("JIT_AGENT_ID=agent:z {claim}")).silent();
        let timed = format!("timeout 9 {claim}");
        let input = two.told(program, recorded, &timed).input.unwrap();
        assert_eq!(input["command"], format!("export JIT_AGENT_ID={who}; {timed}"));
    }
    // Who knows itself is left alone.
    let input = two.input(SHELLS[0].1, "jit claim list");
    let known = two.session("x").nameless().env("CLAUDE_CODE_SESSION_ID", "5e55");
    assert_eq!(printed(&known, "claude", &input), "");
    assert_eq!(printed(&two.session("x"), "claude", &input), "");
}

/// Sub-agents are told apart, and act for their agent.
#[test]
fn sub_agents_keep_out_of_each_others_paths() {
    let two = Two::new();
    let sub = |name: &str| two.repo.agent(&format!("claude-5e55/{name}")).at(&two.there);
    let lease = sub("other").jit(["claim", "acquire", "--path", "src"]).lease().lease_id;
    two.told("claude", EDITS[2].1, "").denied(&["agent:claude-5e55/other"]);
    two.told("claude", EDITS[0].1, "").silent();
    sub("other").jit(["claim", "release", &lease]).ok();
    sub("sub-7").jit(["claim", "acquire", "--path", "src"]).lease();
    two.told("claude", EDITS[2].1, "").silent();
    let named = two.repo.agent("bob").at(&two.there);
    let input = two.input(EDITS[2].1, "");
    Told::read("claude", &printed(&named, "claude", &input))
        .denied(&["agent:claude-5e55/sub-7", "agent:bob"]);
}

/// As `jit claim check` has it there.
#[test]
fn the_files_of_a_submodule_are_the_superprojects_too() {
    let two = Two::new();
    let library = two.repo.dir().join("library");
    two.repo.init(&library, &[]);
    two.repo.commit(&library);
    two.repo.git(&two.there, &["submodule", "--quiet", "add", library.to_str().unwrap(), "lib"]);
    let edit = || two.told("claude", &EDITS[0].1.replace("src/a", "lib/a"), "");
    edit().silent();
    let lease = two.ann().jit(["claim", "acquire", "--path", "lib"]).lease().lease_id;
    edit().denied(&["lib/a", "agent:ann"]);
    for command in ["echo > lib/new", "cd lib && rm file", "rm -rf lib/*"] {
        two.shell(command).denied(&["agent:ann", "held as lib"]);
    }
    two.session("claude").jit(["claim", "check", "lib/a"]).refused(5);
    two.ann().jit(["claim", "release", &lease]).ok();
    edit().silent();
    two.session("claude").jit(["claim", "acquire", "--path", "src"]).lease();
    edit().denied(&["do not cover lib/a"]);
    two.session("claude").jit(["claim", "acquire", "--path", "lib"]).lease();
    edit().silent();
    // What Git ignores is still told there.
    write(&two.there.join(".gitignore"), "*.log\n");
    two.shell("echo > x.log > lib/new").silent();
    // One that is not made out is not let through.
    let head = two.there.join("lib/.git");
    fs::write(head, "gitdir: nowhere\n").unwrap();
    edit().denied(&["can't tell whether this may be done"]);
}

/// A path counts where it really is, whatever leads there.
#[test]
fn paths_are_those_of_the_worktree_that_they_are_in() {
    let two = Two::new();
    let at = |path: &str| EDITS[0].1.replace("/PLACE/src/a", path);
    let told = |path: &str| two.told("claude", &at(path), "");
    two.ann().jit(["claim", "acquire", "--path", "src"]).lease();
    std::os::unix::fs::symlink("src/a", two.there.join("link")).unwrap();
    std::os::unix::fs::symlink(two.there.join("src"), two.repo.dir().join("way in")).unwrap();
    for path in ["src/new/deep", "/PLACE/doc/../src/a", "/PLACE/link", "../way in/a", "/PLACE/src/a[1]*.rs"] {
        told(path).denied(&["agent:ann"]);
    }
    // What writes a file writes through a symlink, and what puts a file in its place does not.
    for command in ["echo > link", "tee link", "cp doc/a link", "echo | tee li*"] {
        two.shell(command).denied(&["agent:ann", "src/a"]);
    }
    for command in ["rm link", "mv doc/b link", "sed -i s/a/b/ link"] {
        two.shell(command).silent();
    }
    let here = two.repo.main().display().to_string();
    for path in
        ["/etc/nothing", "../src/a", "/PLACE/.git", "/PLACE/.jit/events/x.jsonl", &format!("{here}/.git/x")]
    {
        told(path).silent();
    }
    // In the main worktree a session holds nothing of what it has in its own.
    two.session("claude").jit(["claim", "acquire", "--path", "doc"]).lease();
    told("doc/a").silent();
    let reason = told(&format!("{here}/doc/a")).denied(&["agent:claude-5e55"]);
    assert!(reason.contains("in another worktree") && reason.contains("doc/a"), "{reason}");
    two.repo.agent("claude-5e55").jit(["claim", "acquire", "--path", "lib"]).lease();
    let options = format!("jit -C '{here}' --agent agent:claude-5e55 claim extend");
    told(&format!("{here}/other")).denied(&["do not cover other", &options]);
    let lone = two.repo.dir().join("lone");
    two.repo.init(&lone, &[]);
    told(lone.join("src/a").to_str().unwrap()).silent();
}
