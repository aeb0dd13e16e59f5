//! A program's hooks in its JSON: ours among others'.

use std::ops::Range;

use jsonc_parser::ast::{Array, Object, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::Wrong;
use super::layout::Layout;
use super::list::List;
use crate::agents::Program;

const HOOKS: &str = "hooks";
const VERSION: &str = "version";

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

/// The file with our hooks in it, where nothing there asks jit yet.
pub(super) fn add(program: Program, before: Option<&str>) -> Result<String, Wrong> {
    let mut text = before.unwrap_or_default().to_owned();
    // Each is put before the others.
    for event in program.place().events.iter().rev() {
        text = add_to(program, event, &text)?;
    }
    // By its line end a file of ours is told from an empty one that was there.
    Ok(if before.is_none() { text + "\n" } else { text })
}

fn add_to(program: Program, event: &str, text: &str) -> Result<String, Wrong> {
    let layout = Layout::of(text);
    let ours = ours(program);
    let of_event = member(event, &within('[', &ours, ']'));
    let of_hooks = member(HOOKS, &within('{', &of_event, '}'));
    let of_all = match program.place().tools {
        None => format!("{},\n{of_hooks}", member(VERSION, "1")),
        Some(_) => of_hooks.clone(),
    };
    let Some(root) = parse(text)? else {
        return Ok(text.to_owned() + &layout.laid(&within('{', &of_all, '}'), ""));
    };
    let root = object(&root, "the file")?;
    let Some(hooks) = find(root, HOOKS) else {
        let item = if root.properties.is_empty() { &of_all } else { &of_hooks };
        return Ok(members(text, root).put(item, &layout));
    };
    let hooks = object(&root.properties[hooks].value, "`hooks`")?;
    let Some(at) = find(hooks, event) else {
        return Ok(members(text, hooks).put(&of_event, &layout));
    };
    let Value::Array(list) = &hooks.properties[at].value else {
        return Err(Wrong::Unlike(format!("`hooks.{event}` is no list")));
    };
    let asks = |hook: &Value<'_>| command(hook).is_some_and(|command| asks_jit(program, command));
    let is_there = list.elements.iter().any(|hook| asks(hook) || group(hook).iter().any(asks));
    Ok(if is_there { text.to_owned() } else { elements(text, list).put(&ours, &layout) })
}

/// The file without our hooks, and without what was made for them. Nothing if all of it was.
pub(super) fn remove(program: Program, text: &str) -> Result<Option<String>, Wrong> {
    let mut text = text.to_owned();
    for event in program.place().events {
        while let Some(root) = parse(&text)?
            && let Some(mut path) = path(program, event, &text, &root)
        {
            while path.pop_if(|(list, at)| list.is_for(*at)).is_some() {}
            let rest = match path.last() {
                Some((list, at)) => Some(list.take(*at)),
                None => without_root(&text, places(&root)),
            };
            let Some(rest) = rest else { return Ok(None) };
            text = rest;
        }
    }
    Ok(Some(text))
}

/// What is left where all of the JSON was made for our hooks: nothing, what an empty file had, or
/// the comments around it.
fn without_root(text: &str, root: Range<usize>) -> Option<String> {
    let (before, after) = (&text[..root.start], &text[root.end..]);
    let is_blank = before.trim().is_empty() && after.trim().is_empty();
    let is_made = before.is_empty() && matches!(after, "\n" | "\r\n");
    (!is_made).then(|| format!("{before}{}{after}", if is_blank { "" } else { "{}" }))
}

/// Whether something in the file asks jit.
pub(super) fn asks(program: Program, text: &str) -> bool {
    let Ok(Some(Value::Object(root))) = parse(text) else { return false };
    let Some(Value::Object(hooks)) = find(&root, HOOKS).map(|at| &root.properties[at].value) else {
        return false;
    };
    let asks = |hook: &Value<'_>| command(hook).is_some_and(|command| asks_jit(program, command));
    hooks.properties.iter().any(|event| {
        let Value::Array(list) = &event.value else { return false };
        list.elements.iter().any(|hook| asks(hook) || group(hook).iter().any(asks))
    })
}

/// Where a hook of ours is: what is in what, from the file down.
fn path<'t>(
    program: Program,
    event: &str,
    text: &'t str,
    root: &Value<'t>,
) -> Option<Vec<(List<'t>, usize)>> {
    let root = root.as_object()?;
    let at = find(root, HOOKS)?;
    let hooks = root.properties[at].value.as_object()?;
    let event = find(hooks, event)?;
    let list = hooks.properties[event].value.as_array()?;
    let is_ours = |hook: &Value<'_>| command(hook) == Some(&program.command());
    let has_ours = |hook: &Value<'_>| is_ours(hook) || group(hook).iter().any(is_ours);
    let hook = list.elements.iter().position(has_ours)?;
    let mut path =
        vec![(members(text, root), at), (members(text, hooks), event), (elements(text, list), hook)];
    if path[1..].iter().all(|(list, at)| list.is_for(*at)) {
        with_version(root, &mut path[0]);
    }
    let others = group(&list.elements[hook]);
    if let Some(in_group) = others.iter().position(is_ours)
        && !others.iter().all(is_ours)
        && let Some(Value::Array(others)) = list.elements[hook].as_object().and_then(inner)
    {
        path.push((elements(text, others), in_group));
    }
    Some(path)
}

/// Of Cursor's file, the version that stands just before the hooks came with them.
fn with_version(root: &Object<'_>, (list, at): &mut (List<'_>, usize)) {
    let Some(before) = at.checked_sub(1) else { return };
    let version = &root.properties[before];
    if version.name.as_str() == VERSION && version.value.as_number_lit().is_some_and(|n| n.value == "1") {
        list.join(before);
        *at = before;
    }
}

fn parse(text: &str) -> Result<Option<Value<'_>>, Wrong> {
    let options = ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &options);
    let found = parsed.map_err(|error| Wrong::Text(error.range().start, error.kind().to_string()))?.value;
    match found {
        None if !text.trim().is_empty() => Err(Wrong::Unlike("there are comments, and nothing else".into())),
        found => Ok(found),
    }
}

fn object<'v, 't>(value: &'v Value<'t>, what: &str) -> Result<&'v Object<'t>, Wrong> {
    value.as_object().ok_or_else(|| Wrong::Unlike(format!("{what} is no object")))
}

/// Of several of one name, programs take the last.
fn find(object: &Object<'_>, name: &str) -> Option<usize> {
    object.properties.iter().rposition(|property| property.name.as_str() == name)
}

fn members<'t>(text: &'t str, object: &Object<'_>) -> List<'t> {
    List::new(text, places(object), object.properties.iter().map(places).collect())
}

fn elements<'t>(text: &'t str, array: &Array<'_>) -> List<'t> {
    List::new(text, places(array), array.elements.iter().map(places).collect())
}

fn places(what: &impl Ranged) -> Range<usize> {
    what.start()..what.end()
}

fn command<'v>(hook: &'v Value<'_>) -> Option<&'v str> {
    let hook = hook.as_object()?;
    hook.properties[find(hook, "command")?].value.as_string_lit().map(|command| &*command.value)
}

/// The hooks of a group.
fn group<'v, 't>(value: &'v Value<'t>) -> &'v [Value<'t>] {
    match value.as_object().and_then(inner) {
        Some(Value::Array(hooks)) => &hooks.elements,
        _ => &[],
    }
}

fn inner<'v, 't>(group: &'v Object<'t>) -> Option<&'v Value<'t>> {
    find(group, HOOKS).map(|at| &group.properties[at].value)
}

/// Whether a command is ours, or a user's own way to the same: by a path, say.
fn asks_jit(program: Program, command: &str) -> bool {
    let words: Vec<&str> = command.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
    words.windows(3).any(|words| {
        let called = words[0].rsplit('/').next();
        called == Some("jit") && words[1] == "hook" && words[2] == program.name()
    })
}

fn ours(program: Program) -> String {
    let command = member("command", &format!("\"{}\"", program.command()));
    let Some(tools) = program.place().tools else { return within('{', &command, '}') };
    let hook = within('{', &format!("{},\n{command}", member("type", "\"command\"")), '}');
    let matcher = member("matcher", &format!("\"{tools}\""));
    within('{', &format!("{matcher},\n{}", member(HOOKS, &within('[', &hook, ']'))), '}')
}

fn member(name: &str, value: &str) -> String {
    format!("\"{name}\": {value}")
}

fn within(open: char, inner: &str, close: char) -> String {
    format!("{open}\n\t{}\n{close}", inner.replace('\n', "\n\t"))
}
