//! `core.bare` and `core.worktree`, which Git reads before it knows what the repository is:
//! from the repository's own file, without includes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use gix_config::file::Metadata;
use gix_config::{File, Source};
use thiserror::Error;

use crate::paths;

/// Why a setting could not be read.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// A configuration file could not be read.
    #[error("cannot read {}: {source}; allow this process to read it", path.display())]
    Unreadable {
        /// The configuration file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A configuration file, or one that it includes, is not in Git's format.
    #[error("{} is no Git configuration: {reason}; correct it with 'git config edit'", path.display())]
    Malformed {
        /// The configuration file.
        path: PathBuf,
        /// What is wrong, in the parser's words.
        reason: String,
    },
    /// A setting has a value that it cannot have.
    #[error("{key} is set to {value:?}: {reason}; correct it with 'git config'")]
    BadValue {
        /// The setting.
        key: &'static str,
        /// Its value.
        value: String,
        /// What it takes.
        reason: String,
    },
}

/// What the repository's own configuration says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct CoreConfig {
    pub(crate) bare: Option<bool>,
    pub(crate) worktree: Option<PathBuf>,
}

impl CoreConfig {
    /// Reads it from the Git directory of a main worktree or of a bare repository.
    pub(crate) fn read(git_dir: &Path) -> Result<Self, ConfigError> {
        let mut core = Self::default();
        let Some(config) = read_plain(&git_dir.join("config"))? else {
            return Ok(core);
        };
        core.overlay(&config)?;
        if boolean(&config, "extensions.worktreeConfig")? == Some(true)
            && let Some(own) = read_plain(&git_dir.join("config.worktree"))?
        {
            core.overlay(&own)?;
        }
        Ok(core)
    }

    fn overlay(&mut self, config: &File) -> Result<(), ConfigError> {
        if let Some(bare) = boolean(config, "core.bare")? {
            self.bare = Some(bare);
        }
        if let Some(worktree) = config.string("core.worktree") {
            self.worktree = Some(paths::from_bytes(&worktree).to_path_buf());
        }
        Ok(())
    }
}

/// `core.ignoreCase`.
pub(crate) fn ignores_case(common_dir: &Path) -> Result<bool, ConfigError> {
    let config = read_plain(&common_dir.join("config"))?;
    Ok(config.map_or(Ok(None), |config| boolean(&config, "core.ignoreCase"))?.unwrap_or(false))
}

fn boolean(config: &File, key: &'static str) -> Result<Option<bool>, ConfigError> {
    config.boolean(key).map_err(|_| ConfigError::BadValue {
        key,
        value: config.string(key).unwrap_or_default().to_string(),
        reason: "it takes true or false".to_owned(),
    })
}

fn read_plain(path: &Path) -> Result<Option<File>, ConfigError> {
    let Some(content) = read_file(path)? else {
        return Ok(None);
    };
    // Whoever owns the file: nothing that is read here makes anything run.
    let meta = Metadata::from(Source::Local).at(path);
    File::from_bytes_no_includes(&content, meta, Default::default()).map(Some).map_err(malformed(path))
}

/// The content of a configuration file, where it is there.
pub(crate) fn read_file(path: &Path) -> Result<Option<Vec<u8>>, ConfigError> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(source) => Err(ConfigError::Unreadable { path: path.to_path_buf(), source }),
    }
}

pub(crate) fn malformed<E: std::fmt::Display>(path: &Path) -> impl FnOnce(E) -> ConfigError + '_ {
    |reason| ConfigError::Malformed { path: path.to_path_buf(), reason: reason.to_string() }
}
