//! `jit setup`

use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::agents::Program;
use crate::commands::{all, texts};
use crate::error::Failure;
use crate::output::Output;
use crate::setup::{Tool, edits, written};
use crate::world::World;

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
             there stays, in its order; doing it again changes nothing. Codex's sandbox keeps the Git directory\n\
             read-only: .codex/config.toml gets the control plane as a writable root.\n\
             Exit status 9: a file can't be read as what it is; then none is changed.\n\n\
             Example: jit setup claude agents-md",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let remove = matches.get_flag("remove");
    let tools = all(matches, "TOOL").iter().map(|name| Tool::named(name)).collect::<Result<Vec<_>, _>>()?;
    let _lock = world.lock_issues()?;
    let edits = edits(world, &tools, remove)?;
    let codex = tools.contains(&Tool::Program(Program::Codex)) && !remove;
    if codex {
        // A sandbox is let into directories that are there.
        world.holder()?;
        world.seed_policy()?;
    }
    edits.iter().try_for_each(|edit| edit.write())?;
    let notes = if remove { Vec::new() } else { notes(world, &tools)? };
    let files = edits.iter().map(|edit| (edit.path.clone(), edit.did())).collect();
    Ok(Output::SetUp { files, notes })
}

/// What is left to do.
fn notes(world: &World<'_>, tools: &[Tool]) -> Result<Vec<String>, Failure> {
    let mut notes = Vec::new();
    let programs = || tools.iter().filter(|tool| matches!(tool, Tool::Program(_)));
    if tools.contains(&Tool::Program(Program::Codex)) {
        notes.push("Codex runs a new hook once you trust it: /hooks in Codex".to_owned());
    }
    let root = world.repo()?.worktree().unwrap_or(std::path::Path::new("/"));
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
