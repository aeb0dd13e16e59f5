//! The one place that skips a test: aloud, and nowhere where a skip is a failure.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::repo::Repo;

/// Says that a test was skipped and why; with `JIT_TESTS_MUST_NOT_SKIP=1`, fails.
pub(crate) fn skip(test: &str, reason: &str) {
    let must_not = std::env::var_os("JIT_TESTS_MUST_NOT_SKIP").is_some_and(|v| v == "1");
    assert!(!must_not, "{test} may not be skipped: {reason}");
    // Not eprintln!, whose output the test harness keeps from passing tests.
    let line = format!("SKIPPED {test}: {reason}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// Whether this process is root; says aloud where it is not.
pub(crate) fn root(test: &str) -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        skip(test, "only root can give files to others, mount, and enter namespaces");
    }
    root
}

/// Whether a program is there; says aloud where it is not.
pub(crate) fn has(test: &str, program: &str) -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).exists()));
    if !found {
        skip(test, &format!("there is no `{program}` here"));
    }
    found
}

/// Whether a command succeeds here; says aloud where it does not.
pub(crate) fn works(test: &str, command: &[&str]) -> bool {
    let (program, arguments) = command.split_first().unwrap();
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let (works, complaint) = match output {
        Ok(output) => (output.status.success(), String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => (false, error.to_string()),
    };
    if !works {
        skip(test, &format!("`{}` does not work here: {complaint}", command.join(" ")));
    }
    works
}

/// Whether this Git can make a repository with `option`; says aloud where it can't.
pub(crate) fn git_has(test: &str, repo: &Repo, dir: &Path, option: &str) -> bool {
    let has = repo.try_git(dir, &["init", "--quiet", option]).status.success();
    if !has {
        skip(test, &format!("this Git has no `git init {option}`"));
    }
    has
}
