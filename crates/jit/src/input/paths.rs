//! The paths that a command is given.

use std::io::Read;
use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches, Command};
use jit_core::{Case, Mode, Pattern, PatternError, RepoPath, Scope};
use jit_git::{NamedPath, SystemGit};

use crate::commands::{all, one};
use crate::error::Failure;
use crate::world::World;

/// What commands that take a lease of paths are given.
pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(
            Arg::new("path")
                .long("path")
                .value_name("PATH")
                .action(ArgAction::Append)
                .help("Paths that the lease covers: a file, a directory with all below it, or a glob (*, **, ?, [a-z], {a,b}); may be repeated"),
        )
        .arg(
            Arg::new("paths-from")
                .long("paths-from")
                .value_name("FILE")
                .help("The same from a file, or - for standard input, one a line"),
        )
        .arg(
            Arg::new("shared")
                .long("shared")
                .action(ArgAction::SetTrue)
                .help("Share the paths with others who share them"),
        )
}

/// The scope that was asked for; none where no path was given.
pub(crate) fn scope(world: &World<'_>, matches: &ArgMatches) -> Result<Scope, Failure> {
    let mut texts = all(matches, "path");
    if let Some(file) = one(matches, "paths-from") {
        texts.extend(lines(world, file)?);
    }
    let mode = if matches.get_flag("shared") { Mode::Shared } else { Mode::Exclusive };
    if texts.is_empty() && mode == Mode::Shared {
        return Err(Failure::usage("--shared says how paths are covered, and no --path is given", ""));
    }
    if texts.is_empty() {
        return Ok(Scope::none());
    }
    let scope = Scope::new(patterns(world, &texts)?, mode, case(world)?);
    scope.map_err(|error| Failure::usage(&error.to_string(), ""))
}

/// How paths are compared here.
pub(crate) fn case(world: &World<'_>) -> Result<Case, Failure> {
    Ok(match world.repo()?.ignores_case()? {
        true => Case::Ignored,
        false => Case::Sensitive,
    })
}

/// What is staged to be committed, each path alone.
pub(crate) fn staged(world: &World<'_>) -> Result<Vec<Pattern>, Failure> {
    let staged = world.repo()?.staged_paths(&SystemGit::on_path()).map_err(|error| Failure::git(&error))?;
    Ok(staged.iter().filter_map(|path| path.parse().ok()).map(Pattern::exact).collect())
}

/// These paths, as typed.
pub(crate) fn patterns(world: &World<'_>, texts: &[String]) -> Result<Vec<Pattern>, Failure> {
    texts.iter().map(|text| pattern(world, text, Pattern::literal)).collect()
}

/// The same to be changed and not to be held: of a file that is there, nothing is below.
pub(crate) fn changed(world: &World<'_>, texts: &[String]) -> Result<Vec<Pattern>, Failure> {
    let root = world.repo()?.worktree().map(Path::to_path_buf).unwrap_or_default();
    let is_file =
        |path: &RepoPath| root.join(path.to_string()).symlink_metadata().is_ok_and(|found| !found.is_dir());
    let meant = |path: RepoPath| match is_file(&path) {
        true => Ok(Pattern::exact(path)),
        false => Pattern::literal(path),
    };
    texts.iter().map(|text| pattern(world, text, meant)).collect()
}

fn pattern(
    world: &World<'_>,
    text: &str,
    literal: impl Fn(RepoPath) -> Result<Pattern, PatternError>,
) -> Result<Pattern, Failure> {
    let named = world.repo()?.named_path(&SystemGit::on_path(), text);
    let named = named.map_err(|error| Failure::usage(&error.to_string(), ""))?;
    let malformed =
        |error: PatternError| Failure::usage(&format!("{text:?} is no path to cover: {error}"), "");
    match named {
        NamedPath::Glob(glob) => Pattern::glob(&glob).map_err(malformed),
        NamedPath::Literal(path) => {
            let path = if path.is_empty() { Ok(RepoPath::root()) } else { path.parse() };
            literal(path.map_err(|error| malformed(error.into()))?).map_err(malformed)
        }
    }
}

/// The lines of a file, or of standard input, that are not empty.
fn lines(world: &World<'_>, file: &str) -> Result<Vec<String>, Failure> {
    let mut text = String::new();
    let read = match file {
        "-" => std::io::stdin().read_to_string(&mut text).map(drop),
        _ => std::fs::read_to_string(world.path(file)).map(|read| text = read),
    };
    read.map_err(|error| Failure::usage(&format!("--paths-from {file}: {error}"), ""))?;
    Ok(text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect())
}

/// The paths of a command as they were given, behind it.
pub(crate) fn repeated_shared(command: String, matches: &ArgMatches) -> String {
    match matches.get_flag("shared") {
        true => command + " --shared",
        false => command,
    }
}

/// A path as an argument that means the same from any directory.
pub(crate) fn argument(pattern: &Pattern) -> String {
    let text = pattern.to_string();
    match text.strip_prefix(":(") {
        Some(rest) => format!(":(top,{rest}"),
        None => format!(":/{text}"),
    }
}
