//! What `jit setup` puts into other programs' files, and takes out again.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::support::Repo;
use crate::support::repo::{JIT, write};

/// Each program, its file, and one that somebody has there already.
const FILES: [(&str, &str, &str); 4] = [
    (
        "claude",
        ".claude/settings.json",
        "{\n  \"zeta\": 1.10, \"n\": 12345678901234567890123,\n  \"hooks\": {\n    \"Stop\": [],\n    \"PreToolUse\": [\n      {\"matcher\": \"Bash\", \"hooks\": [{\"type\": \"command\", \"command\": \"mine\"}]}\n    ]\n  },\n  \"alpha\": \"\\u00e9\\/ \\u0007\", \"big\": 1e400\n}\n",
    ),
    ("codex", ".codex/hooks.json", "{\r\n\t\"hooks\": {\r\n\t\t\"Stop\": null\r\n\t},\r\n\t\"a\": {}\r\n}"),
    (
        "gemini",
        ".gemini/settings.json",
        "\u{feff}{\n    // my theme\n    \"z\": -1, /* , */\n    \"a\": [true, 1,],\n}\n",
    ),
    (
        "cursor",
        ".cursor/hooks.json",
        "{\"version\":1,\"hooks\":{\"preToolUse\":[{\"command\":\"mine\",\"x\":1}]}}",
    ),
];

#[test]
fn what_is_there_stays_and_comes_back() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    let more = [
        ("claude", ".claude/settings.json", "{}\n"),
        ("claude", ".claude/settings.json", ""),
        ("cursor", ".cursor/hooks.json", "{}"),
        ("codex", ".codex/config.toml", "[sandbox_workspace_write]\r\nwritable_roots = []\r\n"),
        ("codex", ".codex/config.toml", "sandbox_workspace_write = { network_access = true }"),
        ("codex", ".codex/config.toml", ""),
        ("agents-md", "AGENTS.md", "# A\r\n\r\n"),
        ("agents-md", "AGENTS.md", "a"),
        ("agents-md", "AGENTS.md", ""),
    ];
    for (tool, file, before) in FILES.into_iter().chain(more) {
        let path = repo.main().join(file);
        write(&path, before);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        ann.jit(["setup", tool]).ok();
        let with = fs::read_to_string(&path).unwrap();
        assert!(with.len() > before.len(), "{with}");
        // Whatever stood there stands there in its order.
        let mut rest = &*with;
        for part in before.split([',', '[', ']', '{', '\n']).map(str::trim) {
            let at = rest.find(part).unwrap_or_else(|| panic!("{part} in {with}"));
            rest = &rest[at + part.len()..];
        }
        let again = ann.jit(["setup", tool]).ok();
        assert!(again["files"].as_array().unwrap().iter().all(|file| file["did"] == "unchanged"), "{again}");
        assert_eq!(fs::read_to_string(&path).unwrap(), with);
        for _ in 0..2 {
            ann.jit(["setup", tool, "--remove"]).ok();
            assert_eq!(fs::read_to_string(&path).unwrap(), before);
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o640);
        }
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn what_was_made_goes_again() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    let all = ["claude", "codex", "gemini", "cursor", "agents-md"];
    ann.jit([&["setup"], &all[..]].concat()).ok();
    for (tool, file, _) in FILES {
        let text = fs::read_to_string(repo.main().join(file)).unwrap();
        serde_json::from_str::<Value>(&text).unwrap();
        assert!(text.contains(&format!("\"jit hook {tool}\"")), "{text}");
    }
    assert!(fs::read_to_string(repo.main().join("AGENTS.md")).unwrap().contains("jit prime"));
    ann.jit([&["setup", "--remove"], &all[..]].concat()).ok();
    let left = repo.git(repo.main(), &["status", "--porcelain", "--untracked-files=all"]);
    assert_eq!(left, "");
    for (_, file, _) in FILES {
        assert!(!repo.main().join(file).parent().unwrap().exists(), "{file}");
    }
    // Another's file in the same place is no reason to stay.
    ann.jit(["setup", "claude"]).ok();
    write(&repo.main().join(".claude/mine"), "x");
    ann.jit(["setup", "claude", "--remove"]).ok();
    assert!(repo.main().join(".claude/mine").exists() && !repo.main().join(".claude/settings.json").exists());
}

/// It stops its own tool, and no other.
#[test]
fn a_file_that_cant_be_read_stays_as_it_is() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    let agents = repo.main().join("AGENTS.md");
    for (tool, file, text, line, column) in [
        ("claude", ".claude/settings.json", "{\n  \"a\": 1\n  \"b\": 2\n}\n", 2, 9),
        ("gemini", ".gemini/settings.json", "{\n  'a': 1 }", 2, 3),
        ("codex", ".codex/config.toml", "a = 1\nb = \n", 2, 5),
    ] {
        let path = repo.main().join(file);
        write(&path, text);
        for (options, is_there) in [(&[][..], true), (&["--remove"], false)] {
            let refused = ann.jit([&["setup", tool, "agents-md"], options].concat()).refused(9);
            assert_eq!(refused.find("line"), Some(&line.into()), "{refused:?}");
            assert_eq!(refused.find("column"), Some(&column.into()), "{refused:?}");
            assert!(refused.message.contains(file), "{refused:?}");
            assert_eq!(refused.find("files").unwrap()[0]["path"], agents.to_str().unwrap());
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            assert_eq!(agents.exists(), is_there);
            assert!(!repo.main().join(".codex/hooks.json").exists());
        }
    }
    let said = ann.say(["setup", "claude", "codex", "cursor"]);
    assert!(
        said.stderr.contains(".codex/config.toml, line 2") && said.stderr.contains("made  "),
        "{}",
        said.stderr
    );
    for (tool, file, text) in [
        ("claude", ".claude/settings.json", "{\"hooks\":[]}"),
        ("claude", ".claude/settings.json", "// nothing\n"),
        ("cursor", ".cursor/hooks.json", "{\"hooks\":{\"preToolUse\":{}}}"),
        ("codex", ".codex/config.toml", "sandbox_workspace_write = 1\n"),
        ("codex", ".codex/config.toml", "sandbox_workspace_write.writable_roots = 1\n"),
    ] {
        let path = repo.main().join(file);
        write(&path, text);
        ann.jit(["setup", tool]).refused(9);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    ann.jit(["setup", "emacs"]).refused(2);
}

/// There is nowhere to put a file.
#[test]
fn nothing_is_set_up_in_a_bare_repository() {
    let repo = Repo::new();
    let bare = repo.dir().join("bare.git");
    repo.git(repo.dir(), &["init", "--quiet", "--bare", bare.to_str().unwrap()]);
    let refused = repo.agent("ann").at(&bare).jit(["setup", "claude"]).refused(2);
    assert!(refused.message.contains("bare repository") && !refused.message.contains("issue"), "{refused:?}");
    assert!(!bare.join("jit").exists());
}

/// A user's own hook that asks jit is enough; it is not jit's to take out.
#[test]
fn a_hook_of_ones_own_stays() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    let path = repo.main().join(".cursor/hooks.json");
    let own = r#"[{"command":"/opt/jit hook cursor"}]"#;
    write(&path, format!(r#"{{"hooks":{{"preToolUse":{own},"beforeShellExecution":{own}}}}}"#));
    assert_eq!(ann.jit(["setup", "cursor"]).ok()["files"][0]["did"], "unchanged");
    let removed = ann.jit(["setup", "cursor", "--remove"]).ok();
    assert_eq!(removed["files"][0]["did"], "unchanged");
    assert!(removed["notes"][0].as_str().unwrap().contains("your own"), "{removed}");
}

/// What stands in the files is a command that is there and answers.
#[test]
fn the_hook_that_is_set_up_answers() {
    let repo = Repo::new();
    let there = repo.worktree("there");
    write(&there.join("src/a"), "x");
    repo.agent("ann").jit(["claim", "acquire", "--path", "src"]).lease();
    let bob = repo.agent("bob").at(&there);
    let path = format!("{}:{}", Path::new(JIT).parent().unwrap().display(), std::env::var("PATH").unwrap());
    for (tool, file, recorded) in [
        ("claude", FILES[0].1, include_str!("recorded/claude-edit.json")),
        ("codex", FILES[1].1, include_str!("recorded/codex-patch.json")),
        ("gemini", FILES[2].1, include_str!("recorded/gemini-write.json")),
        ("cursor", FILES[3].1, include_str!("recorded/cursor-write.json")),
    ] {
        bob.jit(["setup", tool]).ok();
        let text = fs::read_to_string(there.join(file)).unwrap();
        let line = text.lines().find_map(|line| line.trim().strip_prefix("\"command\": ")).unwrap();
        let hook: String = serde_json::from_str(line.trim_end_matches(',')).unwrap();
        let mut command = bob.clone().program("sh").env("PATH", &path).command(["-c", &hook]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = recorded.replace("/PLACE", there.to_str().unwrap());
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let said = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
        assert!(said.contains("\"deny\"") && said.contains("agent:ann"), "{tool}: {said}");
    }
}

/// Codex's sandbox keeps the Git directory read-only; the others are told of where they can't be
/// seen to.
#[test]
fn codexs_sandbox_lets_the_control_plane_be_written() {
    let repo = Repo::new();
    let there = repo.worktree("there");
    let bob = repo.agent("bob").at(&there);
    let config = there.join(".codex/config.toml");
    let before = "# mine\nmodel = \"m\" # keep\n\n[sandbox_workspace_write]\nwritable_roots = [\"/mine\"]\n";
    write(&config, before);
    bob.jit(["setup", "codex"]).ok();
    let text = fs::read_to_string(&config).unwrap();
    for dir in [repo.control(), repo.main().join(".git/worktrees/there/jit")] {
        assert!(dir.is_dir() && text.contains(&format!("{:?}", dir.display().to_string())), "{text}");
    }
    assert!(text.starts_with("# mine\nmodel = \"m\" # keep\n") && text.contains("\"/mine\""));
    bob.jit(["setup", "codex"]).ok();
    assert_eq!(fs::read_to_string(&config).unwrap(), text);
    bob.jit(["setup", "codex", "--remove"]).ok();
    assert_eq!(fs::read_to_string(&config).unwrap(), before);
    // Whichever worktree it was made in, it is taken out in any.
    let here = repo.main().join(".codex/config.toml");
    bob.jit(["setup", "codex"]).ok();
    write(&here, fs::read_to_string(&config).unwrap());
    repo.agent("ann").jit(["setup", "codex", "--remove"]).ok();
    assert_eq!(fs::read_to_string(&here).unwrap(), before);
    let notes = |tool: &str| bob.jit(["setup", tool]).ok()["notes"].to_string();
    assert!(notes("gemini").contains(repo.control().to_str().unwrap()));
    assert_eq!(repo.agent("ann").jit(["setup", "gemini"]).ok()["notes"], serde_json::json!([]));
}

/// Codex takes the hooks of a linked worktree from the main one.
#[test]
fn codex_is_set_up_in_the_main_worktree_too() {
    let repo = Repo::new();
    let bob = repo.agent("bob").at(repo.worktree("there"));
    let notes = || bob.jit(["setup", "codex"]).ok()["notes"].to_string();
    let main = repo.main().to_str().unwrap();
    assert!(
        notes()
            .contains(&format!("{main}/.codex/hooks.json, where none asks jit yet: jit -C '{main}' setup"))
    );
    let hinted = bob.jit(["-C", main, "setup", "codex"]).ok()["notes"].to_string();
    assert!(!hinted.contains("asks jit yet") && !notes().contains("asks jit yet"));
}

/// A file that is kept elsewhere is changed there.
#[test]
fn a_symlink_stays_one() {
    let repo = Repo::new();
    let kept = repo.dir().join("kept.json");
    write(&kept, "{}\n");
    fs::create_dir(repo.main().join(".claude")).unwrap();
    let path = repo.main().join(".claude/settings.json");
    symlink(&kept, &path).unwrap();
    repo.agent("ann").jit(["setup", "claude"]).ok();
    assert!(path.is_symlink() && fs::read_to_string(&kept).unwrap().contains("jit hook claude"));

    // To nothing, it is nothing that jit makes or takes away; nor is what it leads to.
    let (ann, agents) = (repo.agent("ann"), repo.main().join("AGENTS.md"));
    let kept = repo.main().join("docs.md");
    symlink("docs.md", &agents).unwrap();
    for options in [&[][..], &["--remove"]] {
        let refused = ann.jit([&["setup", "agents-md"], options].concat()).refused(9);
        assert!(refused.hint.unwrap().contains("ls -ld"));
    }
    assert!(agents.is_symlink() && !kept.exists());
    fs::remove_file(&agents).unwrap();
    ann.jit(["setup", "agents-md"]).ok();
    fs::rename(&agents, &kept).unwrap();
    symlink("docs.md", &agents).unwrap();
    ann.jit(["setup", "agents-md", "--remove"]).ok();
    assert!(agents.is_symlink());
    assert_eq!(fs::read_to_string(&kept).unwrap(), "");
}

#[test]
fn what_people_read_of_setting_up() {
    let repo = Repo::new();
    let there = repo.worktree("there");
    let bob = repo.agent("bob").at(&there);
    let mut said = String::new();
    for asked in [
        &["setup", "claude", "codex", "agents-md"][..],
        &["setup", "claude"],
        &["setup", "--remove", "claude"],
        &["setup", "vi"],
        &["setup", "--help"],
    ] {
        let answer = bob.say(asked);
        said.push_str(&format!("$ jit {}\n{}{}", asked.join(" "), answer.stdout, answer.stderr));
    }
    for file in [".codex/hooks.json", ".codex/config.toml", "AGENTS.md"] {
        said.push_str(&format!("-- {file}\n{}", fs::read_to_string(there.join(file)).unwrap()));
    }
    let said = said.replace(repo.dir().to_str().unwrap(), "<dir>");
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("setting_up", said));
}
