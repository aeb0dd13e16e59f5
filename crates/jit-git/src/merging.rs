//! What Git merges with: its own merge of lines, and drivers that are configured.

use std::path::Path;

use crate::config_env::ConfigEnv;
use crate::core_config::ConfigError;
use crate::program::{GitProgram, ProgramError};
use crate::repo::Repo;

/// Merges three files as Git merges lines, into the first; says whether there was no conflict.
/// A conflict is marked in the file. No repository is needed.
///
/// # Errors
/// [`ProgramError`] where Git could not do it: what is no text, for one. The file is as it was.
pub fn merge_file(git: &dyn GitProgram, ours: &str, base: &str, theirs: &str) -> Result<bool, ProgramError> {
    let labels = ["-L", "ours", "-L", "base", "-L", "theirs"];
    let arguments = [&["merge-file", "-q"][..], &labels, &["--", ours, base, theirs]].concat();
    let output = git.run(Path::new("/dev/null"), &arguments, b"")?;
    match output.status {
        Some(0) => Ok(true),
        // The number of conflicts.
        Some(1..=127) => Ok(false),
        _ => output.successful().map(|_| true),
    }
}

impl Repo {
    /// The command of a merge driver in effect here; `None` where none is configured.
    ///
    /// # Errors
    /// [`ConfigError`] where a configuration file is unreadable or malformed.
    pub fn merge_driver(&self, env: &ConfigEnv, driver: &str) -> Result<Option<String>, ConfigError> {
        Ok(self.setting(env, &format!("merge.{driver}.driver"))?.flatten())
    }

    /// Configures a merge driver for all worktrees of the repository. `name` is for people.
    ///
    /// # Errors
    /// [`ProgramError`] where Git could not write its configuration.
    pub fn set_merge_driver(
        &self,
        git: &dyn GitProgram,
        driver: &str,
        name: &str,
        command: &str,
    ) -> Result<(), ProgramError> {
        // The command last: where it is there, all is.
        for (key, value) in [("name", name), ("driver", command)] {
            let key = format!("merge.{driver}.{key}");
            git.run(self.common_dir(), &["config", "--local", &key, value], b"")?.successful()?;
        }
        Ok(())
    }
}
