//! One hook in one directory: what it is, and how a block gets in and out.

use std::path::{Path, PathBuf};

use super::files::{self, Found};
use super::script::{self, ASIDE, Torn};
use super::{HookDir, HooksError, exclude};

/// How a hook stands to our block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookState {
    /// Our block is not there.
    Missing,
    /// It is there alone.
    Installed,
    /// It is there, and somebody's hook runs behind it.
    Chained,
    /// Another version of it is there.
    Outdated,
    /// It is there, and Git does not run the file because that is not executable.
    NotExecutable,
    /// Only one of its marks is there.
    Torn,
}

/// What was done to a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookChange {
    /// There was nothing to do.
    Nothing,
    /// A hook was made.
    Made,
    /// The block was put into somebody's script.
    Added,
    /// Somebody's hook was put aside, and runs behind one of ours.
    Chained,
    /// Another version of the block was replaced.
    Updated,
    /// Our hook was removed.
    Removed,
    /// Our hook was removed, and what it stood before was put back.
    Restored,
    /// The block was taken out of somebody's script.
    TakenOut,
}

impl HookDir {
    /// The path of a hook.
    pub fn hook(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The block with its marks, for somebody who puts it in by hand.
    pub fn printed(body: &str) -> String {
        script::printed(body)
    }

    /// How a hook stands to a block.
    ///
    /// # Errors
    /// Where it can't be read.
    pub fn state(&self, name: &str, body: &str) -> Result<HookState, HooksError> {
        let path = self.hook(name);
        let Found::Text { text, runs } = files::look(&path)? else { return Ok(HookState::Missing) };
        let parts = match script::block(&text) {
            Err(Torn) => return Ok(HookState::Torn),
            Ok(None) => return Ok(HookState::Missing),
            Ok(Some(parts)) => parts,
        };
        Ok(match (parts.1 == body, runs, script::is_own(&parts, name) && !self.has_aside(name)) {
            (false, _, _) => HookState::Outdated,
            (_, false, _) => HookState::NotExecutable,
            (_, _, true) => HookState::Installed,
            (_, _, false) => HookState::Chained,
        })
    }

    /// Puts a block into a hook; one that is tracked has to be asked about before.
    ///
    /// # Errors
    /// Where something is in the way or can't be written. Then the hook is as it was.
    pub fn install(&self, name: &str, body: &str) -> Result<HookChange, HooksError> {
        let path = self.hook(name);
        let (text, runs) = match files::look(&path)? {
            Found::Nothing => return self.make(name, body).map(|()| HookChange::Made),
            Found::Other => return self.chain(name, body),
            Found::Text { text, runs } => (text, runs),
        };
        match script::block(&text).map_err(|Torn| HooksError::Torn(path.clone()))? {
            Some(parts) if parts.1 == body => Ok(HookChange::Nothing),
            Some(parts) => {
                files::put(&path, &script::replaced(&parts, body), 0o777).map(|()| HookChange::Updated)
            }
            None => match script::with(&text, body).filter(|_| runs) {
                Some(with) => files::put(&path, &with, 0o777).map(|()| HookChange::Added),
                None => self.chain(name, body),
            },
        }
    }

    /// Takes our block out of a hook, and nothing else.
    ///
    /// # Errors
    /// As for [`HookDir::install`].
    pub fn uninstall(&self, name: &str) -> Result<HookChange, HooksError> {
        let path = self.hook(name);
        let mut change = HookChange::Nothing;
        if let Found::Text { text, .. } = files::look(&path)?
            && let Some(parts) = script::block(&text).map_err(|Torn| HooksError::Torn(path.clone()))?
            && !script::is_own(&parts, name)
        {
            files::put(&path, &[parts.0, parts.2].concat(), 0o777)?;
            change = HookChange::TakenOut;
        }
        let Some(own) = self.own(name) else { return Ok(change) };
        let change = match self.has_aside(name) {
            true => files::rename(&self.aside(name), &own).map(|()| HookChange::Restored)?,
            false => files::remove(&own).map(|()| HookChange::Removed)?,
        };
        self.ignore(name, false)?;
        Ok(change)
    }

    /// What was put aside for a hook of ours that is not there any more: nothing runs it.
    pub fn left(&self, name: &str) -> Option<PathBuf> {
        (self.has_aside(name) && self.own(name).is_none()).then(|| self.aside(name))
    }

    /// Where the hook is that is ours alone: under its name, or under the one that a tool gave it when it
    /// put its own there (`pre-commit.legacy`, for one).
    fn own(&self, name: &str) -> Option<PathBuf> {
        let is_own = |path: &Path| {
            let Ok(Found::Text { text, .. }) = files::look(path) else { return false };
            script::block(&text).is_ok_and(|parts| parts.is_some_and(|parts| script::is_own(&parts, name)))
        };
        let path = self.hook(name);
        if is_own(&path) {
            return Some(path);
        }
        let named = |file: &PathBuf| {
            let file = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            file.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
        };
        let entries = self.path.read_dir().ok()?;
        entries.filter_map(|entry| Some(entry.ok()?.path())).find(|file| named(file) && is_own(file))
    }

    fn make(&self, name: &str, body: &str) -> Result<(), HooksError> {
        self.ignore(name, true)?;
        files::put(&self.hook(name), &script::own(name, body), 0o777)
    }

    /// A hook that a block can't be put into runs behind one of ours. One that could not run does
    /// not run then either.
    fn chain(&self, name: &str, body: &str) -> Result<HookChange, HooksError> {
        let (path, aside) = (self.hook(name), self.aside(name));
        if path.is_dir() {
            return Err(HooksError::Directory(path));
        }
        if self.has_aside(name) {
            return Err(HooksError::Occupied(aside));
        }
        files::rename(&path, &aside)?;
        match self.make(name, body) {
            Ok(()) => Ok(HookChange::Chained),
            Err(error) => files::rename(&aside, &path).and(Err(error)),
        }
    }

    fn aside(&self, name: &str) -> PathBuf {
        self.path.join(format!("{name}{ASIDE}"))
    }

    fn has_aside(&self, name: &str) -> bool {
        self.aside(name).symlink_metadata().is_ok()
    }

    fn ignore(&self, name: &str, add: bool) -> Result<(), HooksError> {
        let Some((_, path)) = self.within(name) else { return Ok(()) };
        exclude::change(&self.common_dir, &[path.clone(), path + ASIDE], add)
    }
}
