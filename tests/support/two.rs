//! Two agents with hooks, and what Git tells them.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Repo;
use super::repo::{JIT, write};

/// A repository with its hooks installed and two worktrees, ann's (main) and bob's.
pub(crate) struct Two {
    pub(crate) repo: Repo,
    pub(crate) bob: PathBuf,
}

/// What Git did, and what it said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) ok: bool,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Two {
    pub(crate) fn new() -> Self {
        let repo = Repo::new();
        for file in ["src/a", "src/b", "doc/a"] {
            write(&repo.main().join(file), "one\n");
        }
        repo.git(repo.main(), &["add", "-A"]);
        repo.git(repo.main(), &["commit", "-qm", "two"]);
        let bob = repo.worktree("bob");
        repo.agent("ann").jit(["hooks", "install"]).ok();
        Self { repo, bob }
    }

    pub(crate) fn ann(&self) -> &Path {
        self.repo.main()
    }

    /// Runs Git as somebody who has jit on the search path.
    pub(crate) fn git_as(&self, who: &str, cwd: &Path, arguments: &[&str]) -> Said {
        let path =
            format!("{}:{}", Path::new(JIT).parent().unwrap().display(), std::env::var("PATH").unwrap());
        let mut command = self.repo.hermetic("git");
        command.env("PATH", path).args(arguments).current_dir(cwd);
        if !who.is_empty() {
            command.env("JIT_AGENT_ID", who);
        }
        let Output { status, stdout, stderr } = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { ok: status.success(), out: text(stdout), err: text(stderr) }
    }

    /// Git as ann in main.
    pub(crate) fn ann_git(&self, arguments: &[&str]) -> Said {
        self.git_as("agent:ann", self.ann(), arguments)
    }

    /// Git as bob in his worktree.
    pub(crate) fn bob_git(&self, arguments: &[&str]) -> Said {
        self.git_as("agent:bob", &self.bob, arguments)
    }

    #[track_caller]
    pub(crate) fn bob_can(&self, arguments: &[&str]) -> String {
        self.bob_git(arguments).passed()
    }

    /// Bob changes a file, and commits all that he changed.
    pub(crate) fn bob_commits(&self, file: &str, options: &[&str]) -> Said {
        static CHANGES: AtomicUsize = AtomicUsize::new(0);
        write(&self.bob.join(file), format!("bob {}\n", CHANGES.fetch_add(1, Ordering::Relaxed)));
        self.bob_can(&["add", "-A"]);
        self.bob_git(&[&["commit", "-qm", "bob's"], options].concat())
    }

    pub(crate) fn ann_claims(&self, arguments: &[&str]) -> String {
        let all = [&["claim", "acquire"], arguments].concat();
        self.repo.agent("ann").jit(all).lease().lease_id
    }

    pub(crate) fn bob_claims(&self, arguments: &[&str]) -> String {
        let all = [&["claim", "acquire"], arguments].concat();
        self.repo.agent("bob").at(&self.bob).jit(all).lease().lease_id
    }

    /// Bob loses his lease of a path to ann.
    pub(crate) fn ann_takes(&self, lease: &str, path: &str) -> String {
        self.repo.agent("ann").jit(["claim", "force-evict", lease, "--reason", "gone"]).ok();
        self.ann_claims(&["--path", path])
    }

    pub(crate) fn message(&self, cwd: &Path) -> String {
        self.repo.git(cwd, &["log", "-1", "--format=%B"])
    }
}

impl Said {
    #[track_caller]
    pub(crate) fn passed(self) -> String {
        assert!(self.ok, "{self:?}");
        self.out
    }

    /// It passed, and nothing was said.
    #[track_caller]
    pub(crate) fn silent(self) {
        assert!(self.ok && self.err.is_empty(), "{self:?}");
    }

    #[track_caller]
    pub(crate) fn refused(self, parts: &[&str]) {
        assert!(!self.ok, "{self:?}");
        for part in parts {
            assert!(self.err.contains(part), "{part:?} is not in {}", self.err);
        }
    }

    #[track_caller]
    pub(crate) fn warned(self, parts: &[&str]) {
        assert!(self.ok, "{self:?}");
        for part in parts {
            assert!(self.err.contains(part), "{part:?} is not in {}", self.err);
        }
    }
}
