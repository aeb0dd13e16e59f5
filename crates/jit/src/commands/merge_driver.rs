//! `jit merge-driver issue`

use std::path::PathBuf;

use clap::{ArgMatches, Command};
use jit_git::{SystemGit, merge_file};
use jit_tracker::{FilesMerged, Side, merge_files, side_by_side};

use crate::commands::{one, text};
use crate::error::Failure;
use crate::input::files::{read, write};
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(text("BASE", "BASE", "What both sides grew out of; empty: both made the file").required(true))
        .arg(text("OURS", "OURS", "Our side, and where the merge is written").required(true))
        .arg(text("THEIRS", "THEIRS", "Their side").required(true))
        .arg(text("FILE", "FILE", "Where the file is in the repository, for messages"))
        .after_help(
            "Git calls it, as `jit init` configures: a field that one side changed is taken, sets are merged as\n\
             sets, and texts that both changed are left for a person, marked. Needs no repository.\n\
             Exit status 1: a conflict is marked in OURS.\n\n\
             Example: jit merge-driver issue %O %A %B %P",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let path = |name| world.path(one(matches, name).unwrap_or_default());
    let [base, ours, theirs] = ["BASE", "OURS", "THEIRS"].map(path);
    let file = one(matches, "FILE").map_or_else(|| ours.display().to_string(), str::to_owned);
    let texts = [read(&base)?, read(&ours)?, read(&theirs)?];
    match merge_files(&texts[0], &texts[1], &texts[2]) {
        FilesMerged::Clean(text) => write(&ours, text.as_bytes())?,
        FilesMerged::Conflict { text, clashes } => {
            write(&ours, &text)?;
            return Err(Failure::merge_conflict(&file, &clashes));
        }
        FilesMerged::NoIssue { side, problem } => {
            let what = format!("{file} was merged by lines, for {} is no issue: {problem}", called(side));
            if !by_lines([&base, &ours, &theirs], &texts)? {
                return Err(Failure::merged_by_lines(&file, &what));
            }
            world.warn(what);
        }
    }
    Ok(Output::Text(String::new()))
}

fn called(side: Side) -> &'static str {
    match side {
        Side::Base => "what both sides grew out of",
        Side::Ours => "our side",
        Side::Theirs => "their side",
    }
}

/// Git's own merge, where nothing is known of fields; says whether there was no conflict. Where
/// Git can't either, both sides are left, whole.
fn by_lines(paths: [&PathBuf; 3], texts: &[Vec<u8>; 3]) -> Result<bool, Failure> {
    let [base, ours, theirs] = paths.map(|path| path.to_string_lossy());
    match merge_file(&SystemGit::on_path(), &ours, &base, &theirs) {
        Ok(clean) => Ok(clean),
        Err(_) => write(paths[1], &side_by_side(&texts[1], &texts[2])).map(|()| false),
    }
}
