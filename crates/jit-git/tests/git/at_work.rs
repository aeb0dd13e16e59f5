//! A worktree that somebody works in, and all that has to be the same when it comes back.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use jit_git::Worktree;

use crate::support::{Sandbox, discover, remove_dir, system_git, write};

/// Names that mean something to somebody: Git, a shell, a terminal.
pub(crate) const NAMES: [&[u8]; 8] = [
    b"a",
    b"dir/b",
    b"dir/deep/c",
    b"with space",
    "\u{e9}".as_bytes(),
    b"line\nbreak",
    b"not \xff utf-8",
    b"crlf.txt",
];

/// What is under way in the worktree when it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    Nothing,
    Merge,
    ResolvedMerge,
    CherryPick,
    Rebase,
}

pub(crate) fn file(root: &Path, name: usize) -> PathBuf {
    root.join(OsStr::from_bytes(NAMES[name]))
}

pub(crate) fn gone(path: &Path) {
    if path.is_dir() && !path.is_symlink() {
        remove_dir(path);
    } else {
        #[allow(clippy::disallowed_methods, reason = "tests lay out their own files")]
        let _ = fs::remove_file(path);
    }
}

/// All that must be the same again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct State {
    files: BTreeMap<Vec<u8>, (u32, Vec<u8>)>,
    told: Vec<Vec<u8>>,
    pub(crate) git_files: Vec<Option<Vec<u8>>>,
}

impl State {
    pub(crate) fn of(sandbox: &Sandbox, root: &Path) -> Self {
        let mut files = BTreeMap::new();
        let mut left = vec![root.to_path_buf()];
        while let Some(dir) = left.pop() {
            for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
                let found = entry.metadata().unwrap();
                match entry.path() {
                    path if path == root.join(".git") => {}
                    path if found.is_dir() => left.push(path),
                    path => {
                        let name = path.strip_prefix(root).unwrap().as_os_str().as_bytes().to_vec();
                        let content = match found.is_symlink() {
                            true => fs::read_link(&path).unwrap().into_os_string().into_vec(),
                            false => fs::read(&path).unwrap(),
                        };
                        let mode = if found.is_symlink() { 0 } else { found.permissions().mode() & 0o111 };
                        files.insert(name, (mode, content));
                    }
                }
            }
        }
        let questions: [&[&str]; 6] = [
            &["ls-files", "--stage", "-z"],
            &["ls-files", "-v", "-z"],
            &["ls-files", "--resolve-undo", "-z"],
            &["rev-parse", "--symbolic-full-name", "HEAD"],
            &["rev-parse", "HEAD"],
            &["status", "--porcelain=v2", "-z", "--untracked-files=all"],
        ];
        let told = questions.map(|question| sandbox.git(root, question)).to_vec();
        let git_dir =
            PathBuf::from(OsStr::from_bytes(&sandbox.git(root, &["rev-parse", "--absolute-git-dir"])));
        let names =
            ["MERGE_HEAD", "MERGE_MSG", "CHERRY_PICK_HEAD", "rebase-merge/git-rebase-todo", "AUTO_MERGE"];
        let git_files = names.map(|name| fs::read(git_dir.join(name)).ok()).to_vec();
        Self { files, told, git_files }
    }
}

pub(crate) fn worktree_at(main: &Path, path: &Path) -> Worktree {
    let all = discover(main).worktrees(&system_git()).unwrap();
    all.into_iter().find(|worktree| worktree.path == path).unwrap()
}

/// Takes a worktree away as it stands.
pub(crate) fn take_away(main: &Path, path: &Path) {
    let (worktree, git) = (worktree_at(main, path), system_git());
    let seen = worktree.unsaved(&git, None).unwrap();
    discover(main).remove_worktree(&git, &worktree, &seen, None).unwrap();
}

/// A repository with a linked worktree on branch `two`, and a branch `other` that is in its way.
pub(crate) fn with_worktree(sandbox: &Sandbox, options: &[&str]) -> (PathBuf, PathBuf) {
    let main = sandbox.empty_repository("main", options);
    write(&main.join(".gitattributes"), "*.txt text eol=lf\n*.big filter=gone\n");
    write(&main.join(".gitignore"), "*.ignored\n");
    (0..NAMES.len()).for_each(|name| write(&file(&main, name), format!("base {name}\n")));
    sandbox.git(&main, &["add", "."]);
    sandbox.git(&main, &["commit", "-q", "-m", "base"]);
    sandbox.git(&main, &["checkout", "-q", "-b", "other"]);
    write(&file(&main, 0), "other\n");
    write(&file(&main, 1), "other\n");
    sandbox.git(&main, &["commit", "-q", "-a", "-m", "other"]);
    sandbox.git(&main, &["checkout", "-q", "main"]);
    let two = sandbox.linked(&main, "two");
    (main, two)
}

/// Lets something be under way that is in conflict.
pub(crate) fn begin(sandbox: &Sandbox, two: &Path, what: Begun) {
    if what == Begun::Nothing {
        return;
    }
    write(&file(two, 0), "ours\n");
    sandbox.git(two, &["commit", "-q", "-a", "-m", "ours"]);
    let command: &[&str] = match what {
        Begun::CherryPick => &["cherry-pick", "other"],
        Begun::Rebase => &["rebase", "other"],
        _ => &["merge", "-q", "other"],
    };
    assert!(!sandbox.try_git_raw(two, &command.iter().map(OsStr::new).collect::<Vec<_>>()));
    if what == Begun::ResolvedMerge {
        write(&file(two, 0), "both\n");
        sandbox.git(two, &["add", "a"]);
    }
}
