//! `user.name` and `core.sharedRepository`, compared with `git config`.

use std::path::Path;

use jit_git::{ConfigEnv, ConfigError, GitEnv, SharedRepository};

use crate::support::{Sandbox, discover, mkdir, write};

pub(crate) fn env(sandbox: &Sandbox) -> ConfigEnv {
    let (home, global) = (sandbox.root().to_owned(), sandbox.path("gitconfig"));
    ConfigEnv::from_variables(&move |name| match name {
        "HOME" => Some(home.clone().into()),
        "GIT_CONFIG_NOSYSTEM" => Some("1".into()),
        "GIT_CONFIG_GLOBAL" => Some(global.clone().into()),
        _ => None,
    })
}

fn names_agree(sandbox: &Sandbox, cwd: &Path, expected: Option<&str>) {
    let output = sandbox.try_git(cwd, &GitEnv::default(), &["config", "user.name"]);
    let git = String::from_utf8(output.stdout).unwrap();
    let git = Some(git.trim_end()).filter(|name| !name.is_empty());
    assert_eq!(git, expected, "Git in {}", cwd.display());
    let name = discover(cwd).user_name(&env(sandbox)).unwrap();
    assert_eq!(name.as_deref(), expected, "jit in {}", cwd.display());
}

#[test]
fn user_name_from_each_file() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let linked = sandbox.linked(&main, "wt");
    names_agree(&sandbox, &main, Some("Scratch"));
    sandbox.git(&main, &["config", "user.name", "Löcal \"Q\""]);
    names_agree(&sandbox, &linked, Some("Löcal \"Q\""));
    sandbox.git(&main, &["config", "extensions.worktreeConfig", "true"]);
    sandbox.git(&linked, &["config", "--worktree", "user.name", "Linked"]);
    names_agree(&sandbox, &linked, Some("Linked"));
    names_agree(&sandbox, &main, Some("Löcal \"Q\""));
    sandbox.git(&main, &["config", "user.name", ""]);
    names_agree(&sandbox, &main, None);
}

#[test]
fn user_name_from_includes() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let work = sandbox.repository("work/x");
    let name = |name: &str| format!("[user]\nname = {name}\n");
    write(&sandbox.path("base.inc"), name("Included"));
    write(&sandbox.path("work.inc"), name("At Work"));
    write(&sandbox.path("branch.inc"), name("On Branch"));
    write(
        &sandbox.path("gitconfig"),
        "[user]\nname = Scratch\nemail = s@example.com\n[include]\npath = ~/base.inc\n\
         [includeIf \"gitdir:~/work/\"]\npath = work.inc\n\
         [includeIf \"onbranch:feat/\"]\npath = branch.inc\n\
         [include]\npath = missing.inc\n[include]\npath = ~nobody-at-all/x\n",
    );
    // `~user/` is passed over by jit; Git gives up on a user that is not there.
    let gitconfig = std::fs::read_to_string(sandbox.path("gitconfig")).unwrap();
    let without = gitconfig.replace("[include]\npath = ~nobody-at-all/x\n", "");
    let lenient = discover(&main).user_name(&env(&sandbox)).unwrap();
    assert_eq!(lenient.as_deref(), Some("Included"));
    write(&sandbox.path("gitconfig"), without);
    names_agree(&sandbox, &main, Some("Included"));
    names_agree(&sandbox, &work, Some("At Work"));
    sandbox.git(&main, &["checkout", "-q", "-b", "feat/x"]);
    names_agree(&sandbox, &main, Some("On Branch"));
}

#[test]
fn overrides_win() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let env = ConfigEnv { overrides: vec![("USER.name".into(), Some("From -c".into()))], ..env(&sandbox) };
    let name = discover(&main).user_name(&env).unwrap();
    assert_eq!(name.as_deref(), Some("From -c"));
}

#[test]
fn without_any_configuration() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let repo = discover(&main);
    let nothing = ConfigEnv::default();
    assert_eq!(repo.user_name(&nothing).unwrap(), None);
    let shared = repo.shared_repository(&nothing).unwrap();
    assert_eq!(shared, SharedRepository::Umask);
}

#[test]
fn shared_repository_as_git_init_writes_it() {
    let sandbox = Sandbox::new();
    for (value, expected) in [
        ("group", SharedRepository::Group),
        ("all", SharedRepository::All),
        ("umask", SharedRepository::Umask),
        ("0640", SharedRepository::Mode(0o640)),
    ] {
        let option = format!("--shared={value}");
        let main = sandbox.empty_repository(value, &[&option]);
        let shared = discover(&main).shared_repository(&env(&sandbox)).unwrap();
        assert_eq!(shared.modes(), expected.modes(), "{value}");
    }
    let main = sandbox.empty_repository("key-alone", &[]);
    write(&main.join(".git/config"), "[core]\nsharedRepository\n");
    let shared = discover(&main).shared_repository(&env(&sandbox)).unwrap();
    assert_eq!(shared, SharedRepository::Group);
}

#[test]
fn bad_configuration_is_named() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let repo = discover(&main);
    let file = main.join(".git/config");
    write(&file, "[core]\nsharedRepository = grup\n");
    let error = repo.shared_repository(&env(&sandbox)).unwrap_err();
    assert!(
        matches!(&error, ConfigError::BadValue { key: "core.sharedRepository", value, .. }
            if value == "grup"),
        "{error}"
    );
    write(&file, "[core\n");
    let error = repo.user_name(&env(&sandbox)).unwrap_err();
    assert!(matches!(&error, ConfigError::Malformed { path, .. } if *path == file), "{error}");
}

#[test]
fn a_global_file_that_is_a_directory_is_named() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let env = ConfigEnv { global: vec![mkdir(sandbox.path("directory"))], ..ConfigEnv::default() };
    let error = discover(&main).user_name(&env).unwrap_err();
    assert!(matches!(error, ConfigError::Unreadable { .. }), "{error}");
}
