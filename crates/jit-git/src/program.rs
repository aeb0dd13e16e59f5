//! The only place that starts the `git` program, for what cannot be read from files.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

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
    /// What it was to read could not be had.
    #[error("`git {arguments}` was not told all that it had to know: {source}")]
    Unfed {
        /// The arguments it was called with.
        arguments: String,
        /// Why.
        source: io::Error,
    },
}

fn describe_status(status: Option<i32>) -> String {
    status.map_or_else(|| "ended by a signal".to_owned(), |code| format!("exit status {code}"))
}

/// Where `git` runs, whatever this process's environment says of a worktree or an index.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    /// The Git directory that it works on.
    pub git_dir: &'a Path,
    /// The root of that one's worktree, which it then runs in.
    pub root: Option<&'a Path>,
}

/// Writes what `git` is to read.
pub type Feed<'a> = dyn FnMut(&mut dyn Write) -> io::Result<()> + Send + 'a;

/// Runs the `git` program. Tests substitute one that must not be called.
pub trait GitProgram {
    /// Runs `git` with `arguments` on the repository whose Git directory is `git_dir`; `input` is
    /// what it reads.
    ///
    /// # Errors
    /// [`ProgramError::NotStarted`]; a status other than 0 is no error here.
    fn run(&self, git_dir: &Path, arguments: &[&str], input: &[u8]) -> Result<GitOutput, ProgramError>;

    /// Runs `git` with `arguments` there; `feed` writes what it reads. Where that fails, `git` is
    /// killed: it does not take a part for the whole.
    ///
    /// # Errors
    /// [`ProgramError::NotStarted`], [`ProgramError::Unfed`]; a status other than 0 is no error here.
    fn run_at(
        &self,
        at: At<'_>,
        arguments: &[&OsStr],
        feed: &mut Feed<'_>,
    ) -> Result<GitOutput, ProgramError>;
}

impl At<'_> {
    /// What `git` prints, which must succeed and reads nothing.
    pub(crate) fn ask(self, git: &dyn GitProgram, arguments: &[&str]) -> Result<Vec<u8>, ProgramError> {
        Ok(self.run(git, arguments, b"")?.successful()?.stdout)
    }

    /// What `git` answers to `input`.
    pub(crate) fn run(
        self,
        git: &dyn GitProgram,
        arguments: &[&str],
        input: &[u8],
    ) -> Result<GitOutput, ProgramError> {
        let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
        git.run_at(self, &arguments, &mut |to| to.write_all(input).or_else(deaf))
    }
}

/// One that reads no more has said what it had to say.
fn deaf(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) }
}

/// The `git` program of this machine.
#[derive(Clone)]
pub struct SystemGit {
    program: OsString,
    start: Option<Start>,
}

/// How a `git` is started.
type Start = Arc<dyn Fn(&mut Command) -> io::Result<Child> + Send + Sync>;

impl SystemGit {
    /// The first `git` on `PATH`.
    pub fn on_path() -> Self {
        Self::at("git")
    }

    /// The given program.
    pub fn at(program: impl Into<OsString>) -> Self {
        Self { program: program.into(), start: None }
    }

    /// The same, started by somebody who wants to know of each, or to say more of how.
    pub fn started_by(
        self,
        start: impl Fn(&mut Command) -> io::Result<Child> + Send + Sync + 'static,
    ) -> Self {
        Self { start: Some(Arc::new(start)), ..self }
    }
}

impl GitProgram for SystemGit {
    fn run(&self, git_dir: &Path, arguments: &[&str], input: &[u8]) -> Result<GitOutput, ProgramError> {
        let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
        let mut command = self.command(git_dir, &arguments);
        command.stdin(if input.is_empty() { Stdio::null() } else { Stdio::piped() });
        self.talk(command, &arguments, &mut |to| to.write_all(input).or_else(deaf))
    }

    fn run_at(
        &self,
        at: At<'_>,
        arguments: &[&OsStr],
        feed: &mut Feed<'_>,
    ) -> Result<GitOutput, ProgramError> {
        let mut command = self.command(at.git_dir, arguments);
        command.env_remove("GIT_INDEX_FILE").env_remove("GIT_PREFIX").env("GIT_OPTIONAL_LOCKS", "0");
        match at.root {
            Some(root) => command.env("GIT_WORK_TREE", root).current_dir(root),
            // Where this process is may be gone by then.
            None => command.current_dir(at.git_dir),
        };
        self.talk(command, arguments, feed)
    }
}

impl SystemGit {
    fn command(&self, git_dir: &Path, arguments: &[&OsStr]) -> Command {
        // GIT_DIR, so that Git neither searches nor refuses another owner's repository.
        #[allow(clippy::disallowed_methods, reason = "the adapter that starts Git")]
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .env("GIT_DIR", git_dir)
            .env("LC_ALL", "C")
            .env_remove("GIT_WORK_TREE")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn talk(
        &self,
        mut command: Command,
        arguments: &[&OsStr],
        feed: &mut Feed<'_>,
    ) -> Result<GitOutput, ProgramError> {
        let not_started = |source| ProgramError::NotStarted { program: PathBuf::from(&self.program), source };
        let words: Vec<_> = arguments.iter().map(|word| word.to_string_lossy()).collect();
        let arguments = words.join(" ");
        let started = match &self.start {
            Some(start) => start(&mut command),
            None => command.spawn(),
        };
        let (output, fed) = talk(started.map_err(not_started)?, feed).map_err(not_started)?;
        let answer = GitOutput {
            arguments,
            status: output.status.code(),
            stdout: output.stdout,
            stderr: output.stderr,
        };
        match fed {
            Ok(()) => Ok(answer),
            // It stopped reading because it failed, which says more.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe && answer.status != Some(0) => Ok(answer),
            Err(source) => Err(ProgramError::Unfed { arguments: answer.arguments, source }),
        }
    }
}

/// Writes and reads at the same time: neither side may wait for the other to be read.
fn talk(mut child: Child, feed: &mut Feed<'_>) -> io::Result<(Output, io::Result<()>)> {
    let Some(mut stdin) = child.stdin.take() else { return Ok((child.wait_with_output()?, Ok(()))) };
    let id = child.id();
    std::thread::scope(|scope| {
        let feeding = scope.spawn(move || {
            feed(&mut stdin).inspect_err(|error| {
                // Before it sees the end. It is not collected yet, so the number is its own.
                if error.kind() != io::ErrorKind::BrokenPipe {
                    kill(id);
                }
            })
        });
        let output = child.wait_with_output()?;
        let fed = feeding.join().unwrap_or_else(|_| Err(io::Error::other("the thread that told it ended")));
        Ok((output, fed))
    })
}

fn kill(id: u32) {
    let process = i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(process) = process {
        let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
    }
}
