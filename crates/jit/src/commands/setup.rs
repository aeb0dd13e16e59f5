//! `jit setup`

use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::agents::Program;
use crate::commands::{all, texts};
use crate::error::Failure;
use crate::output::Output;
use crate::setup::{Edit, Tool, edits, unasked, written};
use crate::world::{World, options};

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(texts("TOOL", "TOOL", "claude, codex, gemini, cursor, agents-md").required(true))
        .arg(
            Arg::new("remove")
                .long("remove")
                .action(ArgAction::SetTrue)
                .help("Take out what was put in, and nothing else"),
        )
        .after_help(
            "Lets the program ask `jit hook TOOL` before it edits a file or runs a shell command: adds that to its\n\
             own configuration in this worktree, .claude/settings.json, .codex/hooks.json, .gemini/settings.json\n\
             or .cursor/hooks.json. agents-md puts a marked block into AGENTS.md that tells agents of jit. What is\n\
             there stays to the byte, comments too; doing it again changes nothing. A hook of your own that asks\n\
             jit, /opt/jit hook claude for one, is enough, and is never taken out. Codex's sandbox keeps the Git\n\
             directory read-only: .codex/config.toml gets directories of this machine and worktree as writable\n\
             roots. Do not commit that file; set Codex up in each worktree.\n\
             Claude Code reads its file only if it is started where that lies: at the worktree's root.\n\
             Exit status 9: a file can't be read as what it is. It stays as it is; the other tools are set up.\n\n\
             Example: jit setup claude agents-md",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let remove = matches.get_flag("remove");
    let tools = all(matches, "TOOL").iter().map(|name| Tool::named(name)).collect::<Result<Vec<_>, _>>()?;
    let root = world.repo()?.worktree().ok_or_else(Failure::not_set_up_here)?;
    let _lock = world.lock_issues()?;
    let (mut files, mut notes, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for tool in &tools {
        let edits = match change(world, root, *tool, remove) {
            Ok(edits) => edits,
            Err(failure) => {
                failed.push(failure);
                continue;
            }
        };
        for edit in edits {
            if remove && edit.leaves_another() {
                notes.push(format!(
                    "{} has a hook that asks jit and is your own; it stays",
                    edit.path.display()
                ));
            }
            files.push((edit.path.clone(), edit.did()));
        }
    }
    if let Some(failure) = Failure::not_all_set_up(failed, &files) {
        return Err(failure);
    }
    notes.extend(if remove { Vec::new() } else { left(world, root, &tools)? });
    Ok(Output::SetUp { files, notes })
}

/// Sets one tool up, or undoes that: all of its files, or none.
fn change(world: &World<'_>, root: &Path, tool: Tool, remove: bool) -> Result<Vec<Edit>, Failure> {
    let edits = edits(world, root, tool, remove)?;
    if tool == Tool::Program(Program::Codex) && !remove {
        // A sandbox is let into directories that are there.
        world.holder()?;
        world.seed_policy()?;
    }
    edits.iter().try_for_each(Edit::write)?;
    Ok(edits)
}

/// What is left to do.
fn left(world: &World<'_>, root: &Path, tools: &[Tool]) -> Result<Vec<String>, Failure> {
    let mut notes = Vec::new();
    let programs = || tools.iter().filter(|tool| matches!(tool, Tool::Program(_)));
    if tools.contains(&Tool::Program(Program::Codex)) {
        notes.push(
            "Codex runs a new hook once you trust it, which it asks for when it starts; until then codex exec leaves it out and says nothing"
                .to_owned(),
        );
        notes.extend(unasked(world)?.map(|path| in_main(world, &path)));
        notes.push(
            ".codex/config.toml names directories of this machine and worktree: do not commit it, and set Codex up in each worktree"
                .to_owned(),
        );
    }
    let outside: Vec<String> = written(world)?
        .iter()
        .filter(|dir| !dir.starts_with(root))
        .map(|dir| dir.display().to_string())
        .collect();
    for tool in programs().filter(|tool| **tool != Tool::Program(Program::Codex)) {
        if !outside.is_empty() {
            notes.push(format!(
                "if {} runs commands in a sandbox, let it write there, which jit can't: {}",
                tool.name(),
                outside.join(" ")
            ));
        }
    }
    Ok(notes)
}

/// That Codex looks for hooks in the main worktree; the hint works where there is one.
fn in_main(world: &World<'_>, path: &Path) -> String {
    let hint = world.repo().ok().and_then(|repo| {
        let main = repo.common_dir().parent().filter(|main| repo.common_dir() == main.join(".git"))?;
        Some(format!(": jit {}setup codex", options(Some(main), None)))
    });
    let hint = hint.unwrap_or_default();
    format!(
        "Codex takes the hooks of a linked worktree from {}, where none asks jit yet{hint}",
        path.display()
    )
}
