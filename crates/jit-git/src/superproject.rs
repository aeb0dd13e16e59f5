//! In a submodule, the superproject that answers for it.

use std::path::{Path, PathBuf};

use crate::discover::Search;
use crate::discover_error::DiscoverError;
use crate::env::GitEnv;
use crate::paths::{self, real};
use crate::place::Place;
use crate::probe::Probe;
use crate::repo::{Repo, Submodule};

/// Gives the outermost superproject that has a `.jit` directory in place of a submodule, and
/// anything else back as it is.
///
/// A submodule is known by its Git directory: `modules/…` in that of the worktree around it.
/// One that keeps a `.git` directory of its own counts as a repository of its own: telling it
/// from a repository that merely lies there would take reading an index before every edit.
pub(crate) fn adopt(place: Place) -> Result<(Place, Option<Submodule>), DiscoverError> {
    if !may_be_submodule(&place) {
        return Ok((place, None));
    }
    let mut outermost = None;
    let mut inner = place.clone();
    while may_be_submodule(&inner) {
        let Some((outer, has_jit)) = around(&inner)? else {
            break;
        };
        if has_jit {
            outermost = Some(outer.clone());
        }
        inner = outer;
    }
    let Some(outer) = outermost else {
        return Ok((place, None));
    };
    let submodule = Submodule::new(&place, &outer);
    Ok((outer, submodule))
}

impl Repo {
    /// The root of the worktree around this one, if this is its submodule.
    ///
    /// # Errors
    /// [`DiscoverError`], where what is around it can't be made out.
    pub fn superproject(&self) -> Result<Option<PathBuf>, DiscoverError> {
        let place = self.place();
        match may_be_submodule(&place) {
            true => Ok(around(&place)?.and_then(|(outer, _)| outer.worktree)),
            false => Ok(None),
        }
    }
}

/// A worktree added to a submodule is none: it lies outside of the superproject.
fn may_be_submodule(place: &Place) -> bool {
    paths::is_under_modules(&place.git_dir) && place.git_dir == place.common_dir && place.worktree.is_some()
}

/// The worktree around a submodule, if its Git directory holds the submodule's, and whether
/// it has a `.jit` directory.
fn around(inner: &Place) -> Result<Option<(Place, bool)>, DiscoverError> {
    let Some(above) = inner.worktree.as_deref().and_then(Path::parent) else {
        return Ok(None);
    };
    // The environment, as hooks have it, speaks of the submodule.
    let mut search = Search { probe: Probe::new(above), env: &GitEnv::default(), cwd: above };
    let Some(found) = search.upwards(above, &[])? else {
        return Ok(None);
    };
    let outer = search.place(&found)?;
    let Some(root) = &outer.worktree else {
        return Ok(None);
    };
    if !holds(&outer.git_dir, &inner.git_dir) {
        return Ok(None);
    }
    let has_jit = search.is_dir(root, ".jit")?;
    Ok(Some((outer, has_jit)))
}

fn holds(outer: &Path, inner: &Path) -> bool {
    let modules = outer.join("modules");
    inner.starts_with(&modules) || real(inner).starts_with(real(&modules))
}
