//! Hints, followed as they stand.

use std::path::Path;

use crate::support::Agent;
use crate::support::answer::Answer;
use crate::support::repo::JIT;

/// Runs the command at the end of a refusal's hint in a shell, as this agent somewhere.
pub(crate) fn follow(agent: &Agent<'_>, refusal: &Answer) -> Answer {
    let hint = refusal.trouble().hint.unwrap();
    let command = hint.rsplit_once(": ").map_or(&*hint, |(_, command)| command);
    let json = if command.contains("--json") { "" } else { " --json" };
    shell(agent, &format!("{command}{json}"))
}

/// Runs a command in a shell that finds the program.
pub(crate) fn shell(agent: &Agent<'_>, command: &str) -> Answer {
    let path = format!("{}:{}", Path::new(JIT).parent().unwrap().display(), std::env::var("PATH").unwrap());
    agent.clone().program("sh").env("PATH", path).say(["-c", command])
}
