//! A scratch directory with Git in it that knows nothing of this machine's configuration, the
//! comparison with Git's own answers, and the one place that skips a test.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::Output;

use jit_git::{At, Feed, GitEnv, GitOutput, GitProgram, ProgramError, Repo, SystemGit};
use tempfile::TempDir;

/// A scratch directory, in a path with spaces and non-ASCII characters.
pub(crate) struct Sandbox {
    _keep: TempDir,
    root: PathBuf,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let keep = tempfile::Builder::new().prefix("jit-git é ü ").tempdir().unwrap();
        let root = fs::canonicalize(keep.path()).unwrap();
        write(
            &root.join("gitconfig"),
            "[user]\nname = Scratch\nemail = s@example.com\n[protocol \"file\"]\nallow = always\n[init]\ndefaultBranch = main\n",
        );
        Self { _keep: keep, root }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root.join(name)
    }

    /// Runs Git, which must succeed, and gives its standard output without the last line end.
    pub(crate) fn git(&self, cwd: &Path, arguments: &[&str]) -> Vec<u8> {
        let output = self.try_git(cwd, &GitEnv::default(), arguments);
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "git {arguments:?}: {complaint}");
        output.stdout.trim_ascii_end().to_vec()
    }

    #[allow(clippy::disallowed_methods, reason = "the tests' own launcher of Git")]
    pub(crate) fn try_git(&self, cwd: &Path, env: &GitEnv, arguments: &[&str]) -> Output {
        let mut command = std::process::Command::new("git");
        command.args(arguments).current_dir(cwd);
        for (name, _) in std::env::vars_os() {
            if name.as_bytes().starts_with(b"GIT_") {
                command.env_remove(name);
            }
        }
        let variables = [
            ("GIT_DIR", &env.git_dir),
            ("GIT_COMMON_DIR", &env.common_dir),
            ("GIT_WORK_TREE", &env.work_tree),
            ("GIT_CEILING_DIRECTORIES", &env.ceiling_directories),
        ];
        for (name, value) in variables {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        command
            .env("HOME", &self.root)
            .env_remove("XDG_CONFIG_HOME")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", self.root.join("gitconfig"))
            .output()
            .unwrap()
    }

    /// Runs Git with any bytes; says whether it succeeded.
    #[allow(clippy::disallowed_methods, reason = "the tests' own launcher of Git")]
    pub(crate) fn try_git_raw(&self, cwd: &Path, arguments: &[&OsStr]) -> bool {
        let mut command = std::process::Command::new("git");
        command.args(arguments).current_dir(cwd).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command.env("HOME", &self.root).env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_EDITOR", "true");
        command.env("GIT_CONFIG_GLOBAL", self.root.join("gitconfig"));
        command.output().unwrap().status.success()
    }

    /// A repository with one commit in the new directory `name`.
    pub(crate) fn repository(&self, name: impl AsRef<Path>) -> PathBuf {
        let path = self.empty_repository(name, &[]);
        self.commit(&path);
        path
    }

    /// A repository without commits.
    pub(crate) fn empty_repository(&self, name: impl AsRef<Path>, options: &[&str]) -> PathBuf {
        let path = mkdir(self.path(name));
        self.git(&path, &[&["init", "-q"], options].concat());
        path
    }

    pub(crate) fn commit(&self, repository: &Path) {
        write(&repository.join("file"), "content\n");
        self.git(repository, &["add", "file"]);
        self.git(repository, &["commit", "-q", "-m", "one"]);
    }

    /// Adds a worktree next to the repository, on a new branch of that name.
    pub(crate) fn linked(&self, repository: &Path, name: &str) -> PathBuf {
        let path = self.path(name);
        let text = path.to_str().unwrap();
        let branch = name.replace(' ', "-");
        self.git(repository, &["worktree", "add", "-q", "-b", &branch, text]);
        path
    }
}

/// Writes a file, with the directories above it.
pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>) {
    mkdir(path.parent().unwrap().to_path_buf());
    #[allow(clippy::disallowed_methods, reason = "tests lay out their own files")]
    fs::write(path, content).unwrap();
}

/// Makes directories.
pub(crate) fn mkdir(path: PathBuf) -> PathBuf {
    #[allow(clippy::disallowed_methods, reason = "tests lay out their own files")]
    fs::create_dir_all(&path).unwrap();
    path
}

/// Removes a directory and all in it.
pub(crate) fn remove_dir(path: &Path) {
    #[allow(clippy::disallowed_methods, reason = "tests lay out their own files")]
    fs::remove_dir_all(path).unwrap();
}

pub(crate) fn discover(cwd: &Path) -> Repo {
    Repo::discover_from(cwd, &GitEnv::default()).unwrap()
}

/// Discovery and `git rev-parse` say the same in `cwd`.
pub(crate) fn agrees(sandbox: &Sandbox, cwd: &Path) -> Repo {
    agrees_with(sandbox, cwd, &GitEnv::default())
}

pub(crate) fn agrees_with(sandbox: &Sandbox, cwd: &Path, env: &GitEnv) -> Repo {
    let ask = |what: &str| {
        let output = sandbox.try_git(cwd, env, &["rev-parse", "--path-format=absolute", what]);
        let answer = output.stdout.strip_suffix(b"\n").map(<[u8]>::to_vec);
        let answer = answer.filter(|_| output.status.success());
        answer.map(|answer| real(&PathBuf::from(OsString::from_vec(answer))))
    };
    let at = format!("in {} with {env:?}", cwd.display());
    let repo = Repo::discover_from(cwd, env).unwrap();
    assert_eq!(Some(real(repo.git_dir())), ask("--git-dir"), "{at}");
    assert_eq!(Some(real(repo.common_dir())), ask("--git-common-dir"), "{at}");
    assert_eq!(repo.worktree().map(real), ask("--show-toplevel"), "{at}");
    if let (Some(prefix), Some(root)) = (repo.prefix(), repo.worktree()) {
        assert_eq!(real(&root.join(prefix)), real(cwd), "{at}");
    }
    repo
}

/// Neither finds a repository.
pub(crate) fn both_find_none(sandbox: &Sandbox, cwd: &Path, env: &GitEnv) {
    let git = sandbox.try_git(cwd, env, &["rev-parse", "--git-dir"]);
    assert!(!git.status.success(), "Git finds one in {}", cwd.display());
    let error = Repo::discover_from(cwd, env).unwrap_err();
    assert!(matches!(error, jit_git::DiscoverError::NotARepository { .. }), "{error}");
}

pub(crate) fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

pub(crate) fn os(text: impl AsRef<OsStr>) -> Option<OsString> {
    Some(text.as_ref().to_owned())
}

/// A `git` that must not be started.
pub(crate) struct NoGit;

impl GitProgram for NoGit {
    fn run(&self, _: &Path, arguments: &[&str], _: &[u8]) -> Result<GitOutput, ProgramError> {
        panic!("git was started with {arguments:?}")
    }

    fn run_at(&self, _: At<'_>, arguments: &[&OsStr], _: &mut Feed<'_>) -> Result<GitOutput, ProgramError> {
        panic!("git was started with {arguments:?}")
    }
}

pub(crate) fn system_git() -> SystemGit {
    SystemGit::on_path()
}

/// Says aloud that a test was skipped and why; where skipping is not allowed, fails.
pub(crate) fn skip(test: &str, reason: &str) {
    let must_not = std::env::var_os("JIT_TESTS_MUST_NOT_SKIP").is_some_and(|v| v == "1");
    assert!(!must_not, "{test} may not be skipped: {reason}");
    // Not eprintln!, whose output the test harness keeps from passing tests.
    let line = format!("SKIPPED {test}: {reason}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// Whether this Git can make a repository with `option`; says aloud where it cannot.
pub(crate) fn git_has(sandbox: &Sandbox, test: &str, option: &str) -> bool {
    let probe = mkdir(sandbox.path("probe"));
    let has = sandbox.try_git(&probe, &GitEnv::default(), &["init", "-q", option]).status.success();
    if !has {
        skip(test, &format!("this Git has no `git init {option}`"));
    }
    has
}

/// Whether this process is root; says aloud where it is not.
pub(crate) fn is_root(test: &str) -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        skip(test, "only root can give files to another user");
    }
    root
}
