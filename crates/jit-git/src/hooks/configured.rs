//! Hooks in the repository's configuration, which Git runs from 2.54 on: once for all worktrees, before
//! those in files, wherever each worktree has these.

use crate::config_env::ConfigEnv;
use crate::core_config::ConfigError;
use crate::hooks::{HookChange, HookState, HooksError};
use crate::program::{GitProgram, ProgramError};
use crate::repo::Repo;

/// The first version of Git that runs them.
const SINCE: (u32, u32) = (2, 54);

impl Repo {
    /// Whether Git runs hooks that its configuration names.
    ///
    /// # Errors
    /// [`ProgramError`] where Git can't be asked.
    pub fn runs_configured_hooks(&self, git: &dyn GitProgram) -> Result<bool, ProgramError> {
        let output = git.run(self.common_dir(), &["version"], b"")?.successful()?;
        Ok(version(&String::from_utf8_lossy(&output.stdout)).is_some_and(|version| version >= SINCE))
    }

    /// How a hook stands in the configuration to a block: it is there, another one is, or none.
    ///
    /// # Errors
    /// [`ConfigError`] where a configuration file is unreadable or malformed.
    pub fn configured_hook(&self, env: &ConfigEnv, hook: &str, body: &str) -> Result<HookState, ConfigError> {
        let value = |key: &str| Ok(self.setting(env, &key_of(hook, key))?.flatten());
        let is_off = value("enabled")?.is_some_and(|enabled| enabled.eq_ignore_ascii_case("false"));
        if is_off || value("event")?.is_none_or(|event| event != hook) {
            return Ok(HookState::Missing);
        }
        let is_current = value("command")?.is_some_and(|command| command == command_of(body));
        Ok(if is_current { HookState::Installed } else { HookState::Outdated })
    }

    /// Puts a block into the configuration as a hook.
    ///
    /// # Errors
    /// [`HooksError`] where that can't be read, or Git can't write it.
    pub fn configure_hook(
        &self,
        git: &dyn GitProgram,
        env: &ConfigEnv,
        hook: &str,
        body: &str,
    ) -> Result<HookChange, HooksError> {
        let before = self.configured_hook(env, hook, body)?;
        if before == HookState::Installed {
            return Ok(HookChange::Nothing);
        }
        // Whoever turned it off wants it now; one that is not there can't be taken out.
        let _ =
            git.run(self.common_dir(), &["config", "--local", "--unset-all", &key_of(hook, "enabled")], b"")?;
        // The event last: where it is there, all is.
        for (key, value) in [("command", &*command_of(body)), ("event", hook)] {
            let arguments = ["config", "--local", "--replace-all", &key_of(hook, key), value];
            git.run(self.common_dir(), &arguments, b"")?.successful()?;
        }
        Ok(if before == HookState::Missing { HookChange::Made } else { HookChange::Updated })
    }

    /// Takes the hook out of the configuration again.
    ///
    /// # Errors
    /// As for [`Self::configure_hook`].
    pub fn unconfigure_hook(
        &self,
        git: &dyn GitProgram,
        env: &ConfigEnv,
        hook: &str,
    ) -> Result<HookChange, HooksError> {
        if self.setting(env, &key_of(hook, "command"))?.is_none() {
            return Ok(HookChange::Nothing);
        }
        let section = format!("hook.{}", name_of(hook));
        git.run(self.common_dir(), &["config", "--local", "--remove-section", &section], b"")?
            .successful()?;
        Ok(HookChange::Removed)
    }
}

/// What the hook is called in the configuration; the hook's own name alone would mean all of them.
fn name_of(hook: &str) -> String {
    format!("jit-{hook}")
}

fn key_of(hook: &str, key: &str) -> String {
    format!("hook.{}.{key}", name_of(hook))
}

/// A block as a command: Git hands it to `sh` with `"$@"` behind it.
fn command_of(body: &str) -> String {
    format!("jit_hook() {{\n{body}}}; jit_hook")
}

/// The first two numbers of `git version 2.54.0.rc1`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split_whitespace().nth(2)?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers() {
        for (text, known) in [
            ("git version 2.54.0\n", Some((2, 54))),
            ("git version 2.9.1", Some((2, 9))),
            ("git version 2.60.0.rc1 (Apple Git-1)", Some((2, 60))),
            ("git version 3.0", Some((3, 0))),
            ("git version next", None),
            ("", None),
        ] {
            assert_eq!(version(text), known, "{text}");
        }
        assert!((2, 9) < SINCE && (3, 0) > SINCE);
    }
}
