//! The system calls of a whole run of the program, by strace.

use crate::support::answer::Answer;
use crate::support::repo::{Agent, JIT};

/// One system call: its name, and all that strace says of it.
#[derive(Debug)]
pub(crate) struct Syscall {
    pub(crate) name: String,
    pub(crate) line: String,
}

/// Runs the program under strace. File descriptors are shown with their paths.
pub(crate) fn traced(agent: &Agent<'_>, arguments: &[&str]) -> (Answer, Vec<Syscall>) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let wrap = ["strace", "-f", "-y", "-s", "64", "-o", file.path().to_str().unwrap()];
    let answer = agent.clone().through(wrap).jit(arguments);
    let text = std::fs::read_to_string(file.path()).unwrap();
    let calls = text.lines().filter_map(|line| {
        let line = line.split_once(' ')?.1.trim_start();
        let name = line.split_once('(')?.0;
        let is_name = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        is_name.then(|| Syscall { name: name.to_owned(), line: line.to_owned() })
    });
    // Rust's library checks each descriptor before it closes it, in the dev profile only.
    let calls: Vec<Syscall> = calls.filter(|call| !call.line.contains("F_GETFD")).collect();
    assert!(calls.iter().any(|call| call.name == "execve" && call.line.contains(JIT)), "no trace: {text}");
    (answer, calls)
}

/// How many of the calls have one of these names.
pub(crate) fn count(calls: &[Syscall], names: &[&str]) -> usize {
    calls.iter().filter(|call| names.contains(&&*call.name)).count()
}
