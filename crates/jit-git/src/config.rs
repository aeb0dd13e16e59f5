//! Settings, read as Git reads them: from all its files, with their includes. Slow (some
//! tenths of a millisecond), so nothing that runs before every edit asks for them.

use std::io;
use std::path::Path;

use gix_config::file::Metadata;
use gix_config::file::includes;
use gix_config::file::init::Options;
use gix_config::path::interpolate;
use gix_config::{File, Source};
use gix_ref::FullName;

use crate::branch;
use crate::config_env::ConfigEnv;
use crate::core_config::{ConfigError, malformed, read_file};
use crate::git_files::Head;
use crate::repo::Repo;
use crate::shared_repository::SharedRepository;

impl Repo {
    /// The `user.name` in effect here; `None` where none is set or it is empty.
    ///
    /// # Errors
    /// [`ConfigError`] where a configuration file is unreadable or malformed.
    pub fn user_name(&self, env: &ConfigEnv) -> Result<Option<String>, ConfigError> {
        let name = self.setting(env, "user.name")?.flatten();
        Ok(name.filter(|name| !name.trim().is_empty()))
    }

    /// The `core.sharedRepository` in effect here, from which the modes of new files follow.
    ///
    /// # Errors
    /// [`ConfigError`] where a configuration file is unreadable or malformed, or the value is
    /// none that Git knows.
    pub fn shared_repository(&self, env: &ConfigEnv) -> Result<SharedRepository, ConfigError> {
        const KEY: &str = "core.sharedrepository";
        let Some(value) = self.setting(env, KEY)? else {
            return Ok(SharedRepository::default());
        };
        SharedRepository::parse(value.as_deref()).map_err(|reason| ConfigError::BadValue {
            key: "core.sharedRepository",
            value: value.unwrap_or_default(),
            reason: reason.to_string(),
        })
    }

    /// The last value of `key`; the inner `None` is a key without `=`.
    pub(crate) fn setting(&self, env: &ConfigEnv, key: &str) -> Result<Option<Option<String>>, ConfigError> {
        if let Some(value) = env.overridden(key) {
            return Ok(Some(value.map(str::to_owned)));
        }
        let branch = self.full_branch();
        let options = Options {
            includes: follow_includes(self.git_dir(), env, branch.as_ref()),
            lossy: true,
            ignore_io_errors: false,
        };
        // The last file that has the key decides, so they are asked from the last on.
        let shared = load(&self.common_dir().join("config"), Source::Local, options)?;
        let own = if has_worktree_config(shared.as_ref()) {
            load(&self.git_dir().join("config.worktree"), Source::Worktree, options)?
        } else {
            None
        };
        for config in [own, shared].into_iter().flatten() {
            if let Some(value) = value_of(&config, key) {
                return Ok(Some(value));
            }
        }
        user_and_system_setting(env, key, options)
    }

    /// For `includeIf.onbranch`, which Git evaluates without asking the configuration. In a
    /// reftable repository such conditions do not hold.
    fn full_branch(&self) -> Option<FullName> {
        let Ok(Head::Branch(branch)) = branch::head_of(self.git_dir()) else {
            return None;
        };
        let full = [b"refs/heads/", branch.as_bytes()].concat();
        FullName::try_from(String::from_utf8(full).ok()?).ok()
    }
}

fn user_and_system_setting(
    env: &ConfigEnv,
    key: &str,
    options: Options<'_>,
) -> Result<Option<Option<String>>, ConfigError> {
    let global = env.global.iter().rev().map(|path| (path, Source::User));
    let system = env.system.iter().map(|path| (path, Source::System));
    for (path, source) in global.chain(system) {
        let config = match load(path, source, options) {
            // Git passes over these too: a service may run with somebody else's HOME.
            Err(ConfigError::Unreadable { source, .. })
                if source.kind() == io::ErrorKind::PermissionDenied =>
            {
                None
            }
            other => other?,
        };
        if let Some(value) = config.and_then(|config| value_of(&config, key)) {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

fn follow_includes<'a>(
    git_dir: &'a Path,
    env: &'a ConfigEnv,
    branch: Option<&'a FullName>,
) -> includes::Options<'a> {
    let interpolate = interpolate::Context {
        git_install_dir: None,
        home_dir: env.home.as_deref(),
        // No `~somebody/`: looking users up drags the C library's name service into a static
        // program. Such includes are passed over.
        home_for_user: None,
    };
    let conditional =
        includes::conditional::Context { git_dir: Some(git_dir), branch_name: branch.map(AsRef::as_ref) };
    includes::Options {
        err_on_missing_config_path: false,
        ..includes::Options::follow(interpolate, conditional)
    }
}

/// One configuration file with what it includes, where it is there, whoever owns it.
fn load(path: &Path, source: Source, options: Options<'_>) -> Result<Option<File>, ConfigError> {
    let Some(mut content) = read_file(path)? else {
        return Ok(None);
    };
    let meta = Metadata::from(source).at(path);
    File::from_bytes_owned(&mut content, meta, options).map(Some).map_err(malformed(path))
}

fn has_worktree_config(config: Option<&File>) -> bool {
    let value = config.map(|config| config.boolean("extensions.worktreeConfig"));
    matches!(value, Some(Ok(Some(true))))
}

fn value_of(config: &File, key: &str) -> Option<Option<String>> {
    let value = config.string_implicit(key)?;
    Some(value.map(|value| value.to_string()))
}
