//! A scratch directory with repositories in it, and agents that run the program there. Nothing of
//! this machine's or its user's settings reaches them.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Read;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::answer::{Answer, Lease};

/// The program under test.
pub(crate) const JIT: &str = env!("CARGO_BIN_EXE_jit");
/// The same as `git jit` starts it.
pub(crate) const GIT_JIT: &str = env!("CARGO_BIN_EXE_git-jit");

/// A user who is not root and owns nothing here.
pub(crate) const SOMEBODY: u32 = 1000;

/// A scratch directory and the repository `main` in it.
pub(crate) struct Repo {
    dir: PathBuf,
    main: PathBuf,
    _keep: Option<TempDir>,
}

impl Repo {
    /// A repository with one commit.
    pub(crate) fn new() -> Self {
        let repo = Self::scratch();
        repo.init(&repo.main, &[]);
        repo.commit(&repo.main);
        repo
    }

    /// The same, with `jit init` done and the control plane made.
    pub(crate) fn warm() -> Self {
        let repo = Self::new();
        let ann = repo.agent("warmer");
        ann.jit(["claim", "acquire", "name:warm"]).lease();
        ann.jit(["claim", "release", "name:warm"]).ok();
        repo
    }

    /// No repository yet.
    pub(crate) fn scratch() -> Self {
        let keep = tempfile::Builder::new().prefix("jit é e2e ").tempdir().unwrap();
        let dir = fs::canonicalize(keep.path()).unwrap();
        // Others may look in: some tests are another user.
        rustix::fs::chmod(&dir, rustix::fs::Mode::from_raw_mode(0o755)).unwrap();
        Self { _keep: Some(keep), ..Self::inside(&dir) }
    }

    /// In a directory that somebody else cleans up.
    pub(crate) fn inside(dir: &Path) -> Self {
        let repo = Self { dir: dir.to_path_buf(), main: dir.join("main"), _keep: None };
        mkdir(&repo.home().join(".config"));
        write(
            &repo.dir.join("gitconfig"),
            "[user]\nname = Scratch\nemail = s@example.com\n[protocol \"file\"]\nallow = always\n[init]\ndefaultBranch = main\n",
        );
        repo
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    fn home(&self) -> PathBuf {
        self.dir.join("home")
    }

    /// The main worktree.
    pub(crate) fn main(&self) -> &Path {
        &self.main
    }

    /// The control plane.
    pub(crate) fn control(&self) -> PathBuf {
        self.main.join(".git/jit")
    }

    /// The claims log.
    pub(crate) fn log(&self) -> PathBuf {
        self.control().join("claims.jsonl")
    }

    pub(crate) fn init(&self, path: &Path, options: &[&str]) {
        mkdir(path);
        self.git(path, &[&["init", "--quiet"], options].concat());
    }

    pub(crate) fn commit(&self, repository: &Path) {
        write(&repository.join("file"), "content\n");
        self.git(repository, &["add", "file"]);
        self.git(repository, &["commit", "--quiet", "-m", "one"]);
    }

    /// Adds a worktree on a new branch.
    pub(crate) fn worktree(&self, name: &str) -> PathBuf {
        let path = self.dir.join(name);
        self.git(
            &self.main,
            &["worktree", "add", "--quiet", "-b", &name.replace(' ', "-"), path.to_str().unwrap()],
        );
        path
    }

    /// Runs Git, which must succeed.
    pub(crate) fn git(&self, cwd: &Path, arguments: &[&str]) -> String {
        let output = self.try_git(cwd, arguments);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {complaint}");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    pub(crate) fn try_git(&self, cwd: &Path, arguments: &[&str]) -> Output {
        self.hermetic("git").args(arguments).current_dir(cwd).output().unwrap()
    }

    /// A command that inherits nothing but the search path.
    pub(crate) fn hermetic(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.home())
            .env("XDG_CONFIG_HOME", self.home().join(".config"))
            .env("GIT_CONFIG_GLOBAL", self.dir.join("gitconfig"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .stdin(Stdio::null());
        command
    }

    /// An agent in the main worktree.
    pub(crate) fn agent(&self, name: &str) -> Agent<'_> {
        Agent {
            repo: self,
            id: Some(format!("agent:{name}")),
            cwd: self.main.clone(),
            program: JIT.into(),
            wrap: Vec::new(),
            env: Vec::new(),
        }
    }

    /// `doctor` finds nothing that needs a person.
    #[track_caller]
    pub(crate) fn healthy(&self) {
        self.agent("doctor").jit(["doctor"]).ok();
    }
}

/// Somebody who runs the program from some directory.
#[derive(Clone)]
pub(crate) struct Agent<'r> {
    repo: &'r Repo,
    id: Option<String>,
    cwd: PathBuf,
    program: OsString,
    wrap: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
}

impl Agent<'_> {
    /// Its agent id.
    pub(crate) fn id(&self) -> &str {
        self.id.as_deref().unwrap_or_default()
    }

    /// The same in another directory.
    pub(crate) fn at(mut self, cwd: impl Into<PathBuf>) -> Self {
        self.cwd = cwd.into();
        self
    }

    /// The same with another variable in its environment.
    pub(crate) fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// The same without telling who it is.
    pub(crate) fn nameless(mut self) -> Self {
        self.id = None;
        self
    }

    /// The same through another program, which gets the command as its last arguments.
    pub(crate) fn through<S: Into<OsString>>(mut self, wrap: impl IntoIterator<Item = S>) -> Self {
        self.wrap.extend(wrap.into_iter().map(Into::into));
        self
    }

    /// The same with another program in place of `jit`.
    pub(crate) fn program(mut self, program: impl Into<OsString>) -> Self {
        self.program = program.into();
        self
    }

    /// The same as another user.
    pub(crate) fn user(self, uid: u32) -> Self {
        let id = uid.to_string();
        self.through(["setpriv", "--reuid", &id, "--regid", &id, "--clear-groups"])
    }

    /// The command, not started yet.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut all = self.wrap.iter().chain([&self.program]);
        let mut command = self.repo.hermetic(all.next().unwrap());
        command.args(all).args(arguments).current_dir(&self.cwd).envs(self.env.iter().cloned());
        if let Some(id) = &self.id {
            command.env("JIT_AGENT_ID", id);
        }
        command
    }

    /// Runs it as people do.
    pub(crate) fn say<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Answer {
        let mut command = self.command(arguments);
        let asked = format!("{command:?}");
        let output = command.output().unwrap_or_else(|error| panic!("{asked}: {error}"));
        answer(asked, output)
    }

    /// Runs it as programs do, with `--json`.
    pub(crate) fn jit<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Answer {
        let arguments: Vec<OsString> = arguments.into_iter().map(|a| a.as_ref().to_owned()).collect();
        self.say(arguments.iter().map(OsString::as_os_str).chain([OsStr::new("--json")]))
    }

    /// Starts it with `--json`.
    pub(crate) fn start<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Running {
        let mut command = self.command(arguments);
        command.arg("--json").stdout(Stdio::piped()).stderr(Stdio::piped());
        let asked = format!("{command:?}");
        let child = command.spawn().unwrap_or_else(|error| panic!("{asked}: {error}"));
        Running { asked, child }
    }

    /// Starts a claim that waits, and returns when it stands in the queue.
    #[track_caller]
    pub(crate) fn start_waiting(&self, names: &[&str]) -> Running {
        let mut running = self.start([&["claim", "acquire"], names, &["--wait", "1m"]].concat());
        let began = Instant::now();
        // A waiter that was not refused behind its ticket yet may go by what it read before now.
        while !(self.is_queued_for(names[0]) && running.is_asleep()) {
            assert!(running.is_running(), "{:?}", running.within(Duration::ZERO));
            assert!(began.elapsed() < Duration::from_secs(10), "it never slept in the queue");
        }
        running
    }

    /// Whether this agent has a ticket for a name. Tickets stay when a waiter leaves, so an agent
    /// can be asked for only once.
    pub(crate) fn is_queued_for(&self, name: &str) -> bool {
        fs::read_dir(self.repo.control().join("locks")).unwrap().any(|entry| {
            let Ok(text) = fs::read_to_string(entry.unwrap().path()) else { return false };
            let Ok(slip) = serde_json::from_str::<serde_json::Value>(&text) else { return false };
            let wants =
                slip["issues"].as_array().is_some_and(|issues| issues.iter().any(|issue| issue == name));
            slip["agent"] == self.id() && wants
        })
    }

    /// This agent's claim of a name, which is granted.
    #[track_caller]
    pub(crate) fn claim(&self, name: &str) -> Lease {
        self.jit(["claim", "acquire", name]).lease()
    }

    /// Who holds a reference.
    #[track_caller]
    pub(crate) fn holder_of(&self, name: &str) -> Option<String> {
        self.jit(["claim", "status", name]).lease_if_any().map(|lease| lease.agent)
    }
}

fn answer(asked: String, output: Output) -> Answer {
    Answer {
        asked,
        status: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A process that was started and not waited for; killed if it is dropped.
pub(crate) struct Running {
    asked: String,
    child: Child,
}

impl Running {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Whether it waits to be woken.
    fn is_asleep(&self) -> bool {
        let read =
            |pid: &str, file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
        // What was started through another program is its child.
        let mut pid = self.pid().to_string();
        while let Some(child) = read(&pid, &format!("task/{pid}/children")).split_whitespace().next() {
            pid = child.to_owned();
        }
        read(&pid, "syscall").starts_with(&format!("{} ", libc::SYS_futex))
    }

    /// Its answer, which must come by then.
    #[track_caller]
    pub(crate) fn within(mut self, most: Duration) -> Answer {
        let began = Instant::now();
        while self.is_running() {
            assert!(began.elapsed() < most, "no answer after {most:?}: {}", self.asked);
            std::thread::sleep(Duration::from_millis(1));
        }
        self.collect()
    }

    /// SIGKILL. Its answer is whatever it had said by then.
    pub(crate) fn kill(mut self) -> Answer {
        self.child.kill().unwrap();
        self.collect()
    }

    fn collect(&mut self) -> Answer {
        // Answers are shorter than a pipe holds, so reading after the end loses nothing.
        let status = self.child.wait().unwrap();
        let mut texts = [Vec::new(), Vec::new()];
        self.child.stdout.take().unwrap().read_to_end(&mut texts[0]).unwrap();
        self.child.stderr.take().unwrap().read_to_end(&mut texts[1]).unwrap();
        let [stdout, stderr] = texts;
        answer(self.asked.clone(), Output { status, stdout, stderr })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes a file, with the directories above it.
pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>) {
    mkdir(path.parent().unwrap());
    fs::write(path, content).unwrap();
}

/// Makes directories.
pub(crate) fn mkdir(path: &Path) {
    fs::create_dir_all(path).unwrap();
}

/// Gives a tree to another user.
pub(crate) fn give(path: &Path, to: u32) {
    chown(path, Some(to), Some(to)).unwrap();
    if path.is_dir() && !path.is_symlink() {
        for entry in fs::read_dir(path).unwrap() {
            give(&entry.unwrap().path(), to);
        }
    }
}
