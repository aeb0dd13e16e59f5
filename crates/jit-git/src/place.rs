//! From a Git directory to the place it stands for: its common directory and its worktree.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::core_config::CoreConfig;
use crate::discover::Search;
use crate::discover_error::DiscoverError;
use crate::git_files;
use crate::paths;
use crate::probe::Presence;

/// A repository as seen from one place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) git_dir: PathBuf,
    pub(crate) common_dir: PathBuf,
    pub(crate) worktree: Option<PathBuf>,
}

/// A `.git` file and the directory that it names.
pub(crate) struct GitFile {
    pub(crate) path: PathBuf,
    pub(crate) target: PathBuf,
}

impl GitFile {
    pub(crate) fn parse(path: PathBuf, content: &[u8]) -> Result<Self, DiscoverError> {
        match git_files::parse_git_file(content) {
            Ok(target) => {
                let target = paths::resolve(path.parent().unwrap_or(Path::new("/")), target);
                Ok(Self { path, target })
            }
            Err(fault) => Err(DiscoverError::GitFileMalformed { path, fault, found: shorten(content) }),
        }
    }

    pub(crate) fn target_missing(self) -> DiscoverError {
        DiscoverError::GitFileTargetMissing { path: self.path, target: self.target }
    }
}

/// The place of a Git directory that the search came upon in `root`, or was in itself.
pub(crate) fn discovered(
    search: &mut Search<'_>,
    git_dir: PathBuf,
    root: Option<&Path>,
) -> Result<Place, DiscoverError> {
    let common = common_dir(search, &git_dir)?;
    place_in(search, git_dir, common, root)
}

/// The place that a `.git` file in `root` stands for.
pub(crate) fn named(search: &mut Search<'_>, file: GitFile, root: &Path) -> Result<Place, DiscoverError> {
    let common = common_dir(search, &file.target)?;
    // A `commondir` that could be read has shown that the directory is there.
    let seen = common.is_some() && search.env.common_dir.is_none();
    if !seen && search.look(&file.target, "HEAD")? != Presence::There {
        return Err(file.target_missing());
    }
    place_in(search, file.target, common, Some(root))
}

fn place_in(
    search: &mut Search<'_>,
    git_dir: PathBuf,
    common: Option<PathBuf>,
    root: Option<&Path>,
) -> Result<Place, DiscoverError> {
    let worktree = match (work_tree_variable(search)?, root) {
        (Some(worktree), _) => Some(worktree),
        (None, None) => None,
        (None, Some(root)) if common.is_some() => Some(root.to_path_buf()),
        (None, Some(root)) => (!is_bare(search, &git_dir)?).then(|| root.to_path_buf()),
    };
    Ok(Place::new(git_dir, common, worktree))
}

/// The place of a Git directory that `GIT_DIR` names: without `GIT_WORK_TREE`, the current
/// directory is the worktree's root unless the configuration says otherwise.
pub(crate) fn explicit(search: &mut Search<'_>, git_dir: PathBuf) -> Result<Place, DiscoverError> {
    let common = common_dir(search, &git_dir)?;
    let worktree = match work_tree_variable(search)? {
        Some(worktree) => Some(worktree),
        None if common.is_some() || is_usual_main(search, &git_dir)? => Some(search.cwd.to_path_buf()),
        None => configured_worktree(search, &git_dir)?,
    };
    Ok(Place::new(git_dir, common, worktree))
}

impl Place {
    fn new(git_dir: PathBuf, common: Option<PathBuf>, worktree: Option<PathBuf>) -> Self {
        Self { common_dir: common.unwrap_or_else(|| git_dir.clone()), git_dir, worktree }
    }
}

/// The common directory, where it is not the Git directory itself.
fn common_dir(search: &mut Search<'_>, git_dir: &Path) -> Result<Option<PathBuf>, DiscoverError> {
    if let Some(value) = &search.env.common_dir {
        let value: &OsStr = value;
        let dir = paths::resolve(search.cwd, value.as_encoded_bytes());
        if search.is_dir(&dir, "objects")? {
            return Ok(Some(dir));
        }
        return Err(DiscoverError::Environment {
            variable: "GIT_COMMON_DIR",
            value: PathBuf::from(value),
            wanted: "Git directory",
        });
    }
    let Some(content) = search.read(git_dir, "commondir")? else {
        return Ok(None);
    };
    if let Some(target) = git_files::parse_path_line(&content) {
        let dir = paths::resolve_common_dir(git_dir, target);
        if search.look(&dir, "HEAD")? == Presence::There {
            return Ok(Some(dir));
        }
    }
    Err(DiscoverError::CommonDirMissing { path: git_dir.join("commondir"), target: shorten(&content) })
}

/// The root that `GIT_WORK_TREE` names.
fn work_tree_variable(search: &Search<'_>) -> Result<Option<PathBuf>, DiscoverError> {
    let Some(value) = &search.env.work_tree else {
        return Ok(None);
    };
    let value = Path::new(value);
    match fs::canonicalize(search.cwd.join(value)) {
        Ok(root) if !value.as_os_str().is_empty() => Ok(Some(root)),
        _ => Err(DiscoverError::Environment {
            variable: "GIT_WORK_TREE",
            value: value.to_path_buf(),
            wanted: "directory",
        }),
    }
}

/// Whether `core.bare` is set. A repository with an index is not bare, which saves reading
/// the configuration of all but new ones.
fn is_bare(search: &mut Search<'_>, git_dir: &Path) -> Result<bool, DiscoverError> {
    if search.look(git_dir, "index")? == Presence::There {
        return Ok(false);
    }
    Ok(CoreConfig::read(git_dir)?.bare == Some(true))
}

/// `GIT_DIR` names the `.git` of the current directory, as it does in hooks.
fn is_usual_main(search: &mut Search<'_>, git_dir: &Path) -> Result<bool, DiscoverError> {
    Ok(git_dir == search.cwd.join(".git") && search.look(git_dir, "index")? == Presence::There)
}

fn configured_worktree(search: &Search<'_>, git_dir: &Path) -> Result<Option<PathBuf>, DiscoverError> {
    let core = CoreConfig::read(git_dir)?;
    if core.bare == Some(true) {
        return Ok(None);
    }
    Ok(Some(match core.worktree {
        Some(worktree) => {
            let root = git_dir.join(worktree);
            fs::canonicalize(&root).unwrap_or(root)
        }
        None => search.cwd.to_path_buf(),
    }))
}

fn shorten(content: &[u8]) -> String {
    String::from_utf8_lossy(&content[..content.len().min(80)]).trim_end().to_owned()
}
