//! A program's hooks in its JSON: ours among others'.

use super::ordered::Ordered;
use crate::agents::Program;

/// Where a program looks for its hooks, and how they stand there.
pub(super) struct Place {
    /// Relative to the worktree.
    pub(super) file: &'static str,
    /// What the hooks are called that ask jit.
    events: &'static [&'static str],
    /// The tools that these are for, in a program that has groups of hooks.
    tools: Option<&'static str>,
}

impl Program {
    /// Where its hooks are.
    pub(super) fn place(self) -> Place {
        match self {
            Self::Claude => Place {
                file: ".claude/settings.json",
                events: &["PreToolUse"],
                tools: Some("Edit|MultiEdit|Write|NotebookEdit|Bash"),
            },
            Self::Codex => {
                Place { file: ".codex/hooks.json", events: &["PreToolUse"], tools: Some("apply_patch|Bash") }
            }
            Self::Gemini => Place {
                file: ".gemini/settings.json",
                events: &["BeforeTool"],
                tools: Some("write_file|replace|run_shell_command"),
            },
            Self::Cursor => Place {
                file: ".cursor/hooks.json",
                events: &["preToolUse", "beforeShellExecution"],
                tools: None,
            },
        }
    }

    /// What it runs.
    fn command(self) -> String {
        format!("jit hook {}", self.name())
    }
}

/// Puts our hooks in, where they are not there yet.
///
/// # Errors
/// What is not as the program has it.
pub(super) fn add(program: Program, file: &mut Ordered) -> Result<(), String> {
    let place = program.place();
    if place.tools.is_none() {
        entry(file, "version", || Ordered::Plain(1.into()))?;
    }
    let hooks = entry(file, "hooks", || Ordered::Object(Vec::new()))?;
    for event in place.events {
        let Ordered::List(list) = entry(hooks, event, || Ordered::List(Vec::new()))? else {
            return Err(format!("`hooks.{event}` is no list"));
        };
        if !list
            .iter()
            .any(|hook| is_ours(program, hook) || within(hook).iter().any(|hook| is_ours(program, hook)))
        {
            list.push(ours(program, place.tools));
        }
    }
    Ok(())
}

/// Takes our hooks out, and what is empty without them.
pub(super) fn remove(program: Program, file: &mut Ordered) {
    let Ordered::Object(fields) = file else { return };
    let Some(at) = fields.iter().position(|(key, _)| key == "hooks") else { return };
    let mut changed = false;
    if let Ordered::Object(events) = &mut fields[at].1 {
        let before = events.len();
        events.retain_mut(|(event, hooks)| {
            let is_event = program.place().events.contains(&event.as_str());
            let lost = is_event && take_out(program, hooks);
            changed |= lost;
            !(lost && hooks.is_empty())
        });
        changed |= events.len() != before;
    }
    if changed && fields[at].1.is_empty() {
        fields.remove(at);
    }
    // Of Cursor's file this is what is left of ours.
    if changed && matches!(&fields[..], [(key, _)] if key == "version") {
        fields.clear();
    }
}

/// Whether something of ours was in a list of hooks, or of groups of such.
fn take_out(program: Program, hooks: &mut Ordered) -> bool {
    let Ordered::List(list) = hooks else { return false };
    let mut lost = false;
    list.retain_mut(|hook| {
        let mut is_empty_now = is_ours(program, hook);
        if let Ordered::Object(fields) = hook
            && let Some((_, Ordered::List(group))) = fields.iter_mut().find(|(key, _)| key == "hooks")
        {
            let before = group.len();
            group.retain(|hook| !is_ours(program, hook));
            lost |= group.len() != before;
            is_empty_now |= group.len() != before && group.is_empty();
        }
        lost |= is_empty_now;
        !is_empty_now
    });
    lost
}

fn is_ours(program: Program, hook: &Ordered) -> bool {
    hook.get("command").is_some_and(|command| command.is_text(&program.command()))
}

/// The hooks of a group.
fn within(group: &Ordered) -> &[Ordered] {
    match group.get("hooks") {
        Some(Ordered::List(hooks)) => hooks,
        _ => &[],
    }
}

fn ours(program: Program, tools: Option<&str>) -> Ordered {
    let command = ("command", Ordered::text(&program.command()));
    match tools {
        None => Ordered::object([command]),
        Some(tools) => {
            let hook = Ordered::object([("type", Ordered::text("command")), command]);
            Ordered::object([("matcher", Ordered::text(tools)), ("hooks", Ordered::List(vec![hook]))])
        }
    }
}

/// The value of a key, put there if need be.
fn entry<'o>(
    object: &'o mut Ordered,
    key: &str,
    new: impl FnOnce() -> Ordered,
) -> Result<&'o mut Ordered, String> {
    let Ordered::Object(fields) = object else {
        return Err(format!("what has `{key}` in it is no object"));
    };
    let at = match fields.iter().position(|(name, _)| name == key) {
        Some(at) => at,
        None => {
            fields.push((key.to_owned(), new()));
            fields.len() - 1
        }
    };
    Ok(&mut fields[at].1)
}
