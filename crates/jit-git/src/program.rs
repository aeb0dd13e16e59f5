//! The only place that starts the `git` program, for what cannot be read from files.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use thiserror::Error;

/// What the `git` program answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitOutput {
    /// The arguments it was called with, for messages.
    pub arguments: String,
    /// Its exit status; `None` where a signal ended it.
    pub status: Option<i32>,
    /// What it wrote to its standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to its standard error.
    pub stderr: Vec<u8>,
}

impl GitOutput {
    /// Itself where the status is 0.
    ///
    /// # Errors
    /// [`ProgramError::Failed`] with the status and Git's own words.
    pub fn successful(self) -> Result<Self, ProgramError> {
        if self.status == Some(0) {
            return Ok(self);
        }
        Err(ProgramError::Failed {
            arguments: self.arguments,
            status: self.status,
            stderr: String::from_utf8_lossy(self.stderr.trim_ascii()).into_owned(),
        })
    }
}

/// Why the `git` program gave no answer.
#[derive(Debug, Error)]
pub enum ProgramError {
    /// It could not be started.
    #[error("cannot start {}: {source}; install Git, or put it on PATH", program.display())]
    NotStarted {
        /// The program that was to be started.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It ran and said no.
    #[error("`git {arguments}` failed ({}): {stderr}", describe_status(*status))]
    Failed {
        /// The arguments it was called with.
        arguments: String,
        /// Its exit status; `None` where a signal ended it.
        status: Option<i32>,
        /// What it wrote to its standard error.
        stderr: String,
    },
}

fn describe_status(status: Option<i32>) -> String {
    status.map_or_else(|| "ended by a signal".to_owned(), |code| format!("exit status {code}"))
}

/// Runs the `git` program. Tests substitute one that must not be called.
pub trait GitProgram {
    /// Runs `git` with `arguments` on the repository whose Git directory is `git_dir`; `input` is
    /// what it reads.
    ///
    /// # Errors
    /// [`ProgramError::NotStarted`]; a status other than 0 is no error here.
    fn run(&self, git_dir: &Path, arguments: &[&str], input: &[u8]) -> Result<GitOutput, ProgramError>;
}

/// The `git` program of this machine.
#[derive(Clone, Debug)]
pub struct SystemGit {
    program: OsString,
}

impl SystemGit {
    /// The first `git` on `PATH`.
    pub fn on_path() -> Self {
        Self::at("git")
    }

    /// The given program.
    pub fn at(program: impl Into<OsString>) -> Self {
        Self { program: program.into() }
    }
}

impl GitProgram for SystemGit {
    fn run(&self, git_dir: &Path, arguments: &[&str], input: &[u8]) -> Result<GitOutput, ProgramError> {
        // GIT_DIR, so that Git neither searches nor refuses another owner's repository.
        #[allow(clippy::disallowed_methods, reason = "the adapter that starts Git")]
        let child = Command::new(&self.program)
            .args(arguments)
            .env("GIT_DIR", git_dir)
            .env("LC_ALL", "C")
            .env_remove("GIT_WORK_TREE")
            .stdin(if input.is_empty() { Stdio::null() } else { Stdio::piped() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let output = child.and_then(|child| talk(child, input));
        let output = output
            .map_err(|source| ProgramError::NotStarted { program: PathBuf::from(&self.program), source })?;
        Ok(GitOutput {
            arguments: arguments.join(" "),
            status: output.status.code(),
            stdout: output.stdout,
            stderr: output.stderr,
        })
    }
}

/// Writes and reads at the same time: neither side may wait for the other to be read.
fn talk(mut child: Child, input: &[u8]) -> io::Result<Output> {
    let stdin = child.stdin.take();
    std::thread::scope(|scope| {
        // One that reads no more has said what it had to say.
        scope.spawn(|| stdin.map(|mut stdin| stdin.write_all(input)));
        child.wait_with_output()
    })
}
