//! Where the paths really lie that are to be changed.

use std::io;
use std::path::{Path, PathBuf};

use jit_git::Repo;

use crate::error::{Code, Failure};
use crate::world::World;

/// The worktrees that paths lie in, and what in each: first the given one. A submodule's files are
/// the superproject's too. What lies in no worktree that can be made out has a place of its own.
pub(crate) fn places<'m>(
    here: World<'m>,
    paths: Vec<PathBuf>,
    seen: impl Fn(&Path) -> World<'m>,
) -> Vec<(World<'m>, Vec<PathBuf>)> {
    let mut places = vec![(here, Vec::new())];
    for path in paths {
        let mut next = Some(directory(&path).to_path_buf());
        while let Some(place) = next.take() {
            let there = seen(&place);
            let Ok(repo) = there.repo() else {
                places.push((there, vec![path.clone()]));
                continue;
            };
            // What can't be made out there is said of it.
            next = repo.superproject().unwrap_or_else(|_| above(repo));
            let is_known = |place: &&mut (World<'m>, _)| {
                place.0.repo().is_ok_and(|known| known.git_dir() == repo.git_dir())
            };
            match places.iter_mut().find(is_known) {
                Some((_, paths)) => paths.push(path.clone()),
                None => places.push((there, vec![path.clone()])),
            }
        }
    }
    places
}

/// Paths as typed, and for each worktree besides this one what in it is meant.
pub(crate) type Sorted<'m> = (Vec<String>, Vec<(World<'m>, Vec<String>)>);

/// The same for paths as they are typed. What is no plain path is one of this worktree's, and what
/// lies in no repository means the path that leads there.
pub(crate) fn of_texts<'m>(world: &World<'m>, texts: Vec<String>) -> Result<Sorted<'m>, Failure> {
    let repo = world.repo()?;
    let Some((root, prefix)) = repo.worktree().zip(repo.prefix()) else { return Ok((texts, Vec::new())) };
    let from = root.join(prefix);
    let is_plain = |text: &String| {
        let has_meta = text.contains(['*', '?', '[', '{', '\\']);
        !text.is_empty() && !text.starts_with(':') && (!has_meta || from.join(text).exists())
    };
    let (plain, mut here): (Vec<String>, Vec<String>) = texts.into_iter().partition(is_plain);
    let paths: Vec<PathBuf> = plain.iter().map(|text| written(from.join(text))).collect();
    let seen = |place: &Path| world.seen(place, None);
    let mut others = Vec::new();
    for (at, (there, met)) in places(seen(&from), paths.clone(), seen).into_iter().enumerate() {
        let literal = met.iter().map(|path| format!(":(literal){}", path.display()));
        match there.repo() {
            _ if at == 0 => here.extend(literal),
            Ok(_) => {
                let literal = literal.collect();
                others.push((there, literal));
            }
            Err(failure) if failure.code != Code::NotARepository => return Err(failure),
            Err(_) => {
                let typed = plain.iter().zip(&paths).filter(|(_, path)| met.contains(path));
                here.extend(typed.map(|(text, _)| text.clone()));
            }
        }
    }
    Ok((here, others))
}

/// What is written where a path is: of a symlink to a file, that file, whether or not it is there.
pub(crate) fn written(path: PathBuf) -> PathBuf {
    if path.is_dir() {
        return path;
    }
    let real = path.canonicalize();
    real.or_else(|_| Ok::<_, io::Error>(path.parent().unwrap_or(&path).join(path.read_link()?)))
        .unwrap_or(path)
}

fn above(repo: &Repo) -> Option<PathBuf> {
    repo.worktree().and_then(Path::parent).map(Path::to_path_buf)
}

/// The directory that a path is, or the nearest above it that is there.
fn directory(path: &Path) -> &Path {
    let is_there = |path: &&Path| path.is_dir();
    path.ancestors().find(is_there).unwrap_or(path)
}
