//! Who acts, by the first of these that is set (design, section 5).

use std::env;
use std::io::{ErrorKind, IsTerminal};
use std::path::PathBuf;

use jit_core::{AgentId, AgentKind, Name};

use crate::error::Failure;

/// The agent: `--agent`, `JIT_AGENT_ID`, a known agent's session, the agent file, Git's user.
pub(crate) fn agent(
    option: Option<&str>,
    git_user: impl FnOnce() -> Result<Option<String>, Failure>,
) -> Result<AgentId, Failure> {
    if let Some(named) = named(option)? {
        return Ok(named);
    }
    let kind = if somebody_is_there() { AgentKind::Human } else { AgentKind::Agent };
    let name = git_user()?.and_then(|name| Name::fitted(&name));
    name.map(|name| AgentId::new(kind, name)).ok_or_else(|| Failure::no_identity(directory()))
}

/// Whether somebody sits before this. Git gives its hooks nothing to read, but lets them write.
pub(crate) fn somebody_is_there() -> bool {
    std::io::stdin().is_terminal() || std::io::stderr().is_terminal()
}

/// The agent as somebody said it, all but Git's user.
pub(crate) fn named(option: Option<&str>) -> Result<Option<AgentId>, Failure> {
    if let Some(said) = said(option)? {
        return Ok(Some(said));
    }
    if let Some(agent) = in_claude().or_else(in_codex) {
        return Ok(Some(agent));
    }
    let Some(path) = agent_file() else { return Ok(None) };
    match std::fs::read_to_string(&path) {
        Ok(text) => parsed(text.trim(), &path.display().to_string()).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::usage(&format!("{}: {error}", path.display()), "")),
    }
}

/// The agent that acts in a program's session, which its hook names: what its shells call
/// themselves too, if they know of the session.
pub(crate) fn of_session(
    option: Option<&str>,
    program: &str,
    session: Option<&str>,
    sub: Option<&str>,
) -> Result<Option<AgentId>, Failure> {
    let agent = match said(option)? {
        Some(said) => Some(said),
        None => match session.and_then(|session| in_session(program, session)) {
            Some(agent) => Some(agent),
            None => named(option)?,
        },
    };
    let sub = sub.and_then(Name::fitted);
    Ok(agent.map(|agent| match sub {
        Some(sub) => agent.with_sub(sub),
        None => agent,
    }))
}

/// `--agent`, `JIT_AGENT_ID`.
fn said(option: Option<&str>) -> Result<Option<AgentId>, Failure> {
    if let Some(text) = option {
        return parsed(text, "--agent").map(Some);
    }
    let text = env::var_os("JIT_AGENT_ID").filter(|text| !text.is_empty());
    text.map(|text| parsed(&text.to_string_lossy(), "JIT_AGENT_ID")).transpose()
}

fn in_claude() -> Option<AgentId> {
    in_session("claude", &variable("CLAUDE_CODE_SESSION_ID")?)
}

/// A sub-agent of Codex has a thread of its own in the session.
fn in_codex() -> Option<AgentId> {
    let thread = variable("CODEX_THREAD_ID")?;
    match variable("CODEX_SESSION_ID").filter(|session| *session != thread) {
        Some(session) => Some(in_session("codex", &session)?.with_sub(Name::fitted(&thread)?)),
        None => in_session("codex", &thread),
    }
}

fn in_session(program: &str, session: &str) -> Option<AgentId> {
    Name::fitted(&format!("{program}-{session}")).map(|name| AgentId::new(AgentKind::Agent, name))
}

/// What the current directory is called, as a name that stays the same in every shell here.
fn directory() -> Option<Name> {
    let here = env::current_dir().ok()?;
    Name::fitted(&here.file_name()?.to_string_lossy())
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|text| !text.is_empty())
}

fn parsed(text: &str, source: &str) -> Result<AgentId, Failure> {
    text.parse().map_err(|error| Failure::bad_identity(source, &format!("{error}"), text))
}

/// `jit/agent` in the user's configuration directory.
fn agent_file() -> Option<PathBuf> {
    let config = variable("XDG_CONFIG_HOME").map(PathBuf::from);
    let config = config.or_else(|| Some(PathBuf::from(variable("HOME")?).join(".config")))?;
    Some(config.join("jit/agent"))
}
