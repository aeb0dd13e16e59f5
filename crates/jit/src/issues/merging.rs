//! What Git needs to merge the data plane: attributes of its files, and the driver that they name.

use std::path::Path;

use jit_git::{ConfigEnv, SystemGit};
use jit_tracker::{Dir, Origin, Sink, Source};

use crate::error::Failure;
use crate::world::World;

/// The driver's name.
pub(crate) const DRIVER: &str = "jit-issue";

/// What Git runs. Where there is no `jit`, or not one that can do it, Git's own merge: left to
/// itself, Git would take a program that is not there for a conflict, and keep our side unmarked.
/// Nothing is printed to it, and a jit whose output is closed does nothing. The shell is not let say
/// that there is none: it would tell the whole command.
const COMMAND: &str = "if command -v jit >/dev/null; then jit merge-driver issue %O %A %B %P >/dev/null; \
                       s=$?; test $s -le 1 && exit $s; \
                       else echo 'jit is not on PATH, so this is merged by lines (then: jit doctor --fix):' %P >&2; fi; \
                       git merge-file -q -L ours -L base -L theirs %A %O %B";

/// Where Git is told which files a driver merges.
const ATTRIBUTES_FILE: &str = ".gitattributes";

/// Its lines.
const ATTRIBUTES: [&str; 2] = [".jit/events/*.jsonl merge=union", ".jit/issues/*.json merge=jit-issue"];

/// Configures the driver unless there is one; says whether it did.
pub(crate) fn ensure_driver(world: &World<'_>) -> Result<bool, Failure> {
    let (repo, env) = (world.repo()?, ConfigEnv::from_process());
    if repo.merge_driver(&env, DRIVER)?.is_some() {
        return Ok(false);
    }
    match repo.set_merge_driver(&SystemGit::on_path(), DRIVER, "jit: issues, by their fields", COMMAND) {
        Ok(()) => Ok(true),
        // Another process may have done it meanwhile.
        Err(_) if repo.merge_driver(&env, DRIVER)?.is_some() => Ok(false),
        Err(error) => Err(Failure::git(&error)),
    }
}

/// Whether this worktree's `.gitattributes` names the driver, and Git does not know it.
pub(crate) fn driver_is_missing(world: &World<'_>) -> Result<bool, Failure> {
    let repo = world.repo()?;
    let Some(root) = repo.worktree() else { return Ok(false) };
    let text = Dir::open(root, Origin::Worktree).and_then(|dir| dir.read(ATTRIBUTES_FILE));
    let text =
        text.map_err(|error| Failure::not_read(&root.join(ATTRIBUTES_FILE), &error))?.unwrap_or_default();
    let named = String::from_utf8_lossy(&text).lines().any(|line| line.trim() == ATTRIBUTES[1]);
    Ok(named && repo.merge_driver(&ConfigEnv::from_process(), DRIVER)?.is_none())
}

/// Adds to the worktree's `.gitattributes` what it does not say yet; returns those lines.
pub(crate) fn ensure_attributes(world: &World<'_>) -> Result<Vec<&'static str>, Failure> {
    let Some(root) = world.repo()?.worktree() else { return Ok(Vec::new()) };
    added(root).map_err(|error| Failure::not_made(&root.join(ATTRIBUTES_FILE), &error))
}

fn added(root: &Path) -> std::io::Result<Vec<&'static str>> {
    let dir = Dir::open(root, Origin::Worktree)?;
    let text = dir.read(ATTRIBUTES_FILE)?.unwrap_or_default();
    let missing = missing(&String::from_utf8_lossy(&text));
    if !missing.is_empty() {
        dir.append(ATTRIBUTES_FILE, &missing.iter().map(|line| format!("{line}\n")).collect::<String>())?;
    }
    Ok(missing)
}

/// Those of our lines whose pattern no line gives a merge.
fn missing(text: &str) -> Vec<&'static str> {
    let says = |line: &str, pattern: &str| {
        let mut words = line.split_whitespace();
        let merges = |word: &str| word.trim_start_matches(['-', '!']).split('=').next() == Some("merge");
        words.next() == Some(pattern) && words.any(merges)
    };
    let pattern = |line: &'static str| line.split(' ').next().unwrap_or(line);
    ATTRIBUTES.into_iter().filter(|ours| !text.lines().any(|line| says(line, pattern(ours)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_others_are_respected() {
        assert_eq!(missing(""), ATTRIBUTES);
        assert_eq!(missing(&ATTRIBUTES.join("\r\n")), [""; 0]);
        let union = "  .jit/issues/*.json\ttext  -merge\n";
        assert_eq!(missing(union), ATTRIBUTES[..1]);
        assert_eq!(missing(".jit/issues/*.json text\n# .jit/events/*.jsonl merge=union\n"), ATTRIBUTES);
    }
}
