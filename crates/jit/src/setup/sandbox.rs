//! What Codex's sandbox lets be written, in its TOML.

use std::ops::Range;
use std::path::PathBuf;

use toml_edit::{Array, Document, InlineTable, Item, Table, Value};

use super::Wrong;
use super::layout::{Layout, without_lines};
use super::list::List;

/// Where this stands.
pub(super) const FILE: &str = ".codex/config.toml";
const TABLE: &str = "sandbox_workspace_write";
const KEY: &str = "writable_roots";
/// The head of a table that was made for our key.
const HEAD: &str = "[sandbox_workspace_write] # jit setup";

/// Lets these directories be written.
pub(super) fn add(before: Option<&str>, dirs: &[PathBuf]) -> Result<String, Wrong> {
    let mut text = before.unwrap_or_default().to_owned();
    let dirs: Vec<&str> = dirs.iter().filter_map(|dir| dir.to_str()).collect();
    let quoted = |dir: &str| Value::from(dir).to_string().trim().to_owned();
    let all: Vec<String> = dirs.iter().map(|dir| quoted(dir)).collect();
    let key = format!("{KEY} = [ {} ]", all.join(", "));
    let layout = Layout::of(&text);
    let document = parse(&text)?;
    let Some(table) = document.get(TABLE).filter(|table| !is_implied(table)) else {
        let gap = before.map_or("", |_| layout.line_end);
        return Ok(format!("{text}{gap}{}", layout.laid(&format!("{HEAD}\n{key}\n"), "")));
    };
    if table.get(KEY).is_none() {
        return with_key(&text, table, &key, &layout);
    }
    for dir in dirs.iter().rev() {
        let document = parse(&text)?;
        let roots = roots(document.get(TABLE).and_then(|table| table.get(KEY)))?;
        if !roots.iter().any(|root| root.as_str() == Some(*dir)) {
            text = elements(&text, roots)?.put(&quoted(dir), &layout);
        }
    }
    Ok(text)
}

/// Takes the directories of ours out, and what was made for them. Nothing if all of it was.
pub(super) fn remove(text: &str, is_ours: &dyn Fn(&str) -> bool) -> Result<Option<String>, Wrong> {
    let mut text = text.to_owned();
    loop {
        let document = parse(&text)?;
        let Some(table) = document.get(TABLE) else { break };
        let Some(roots) = table.get(KEY).and_then(Item::as_array) else { break };
        let Some(at) = roots.iter().position(|root| root.as_str().is_some_and(is_ours)) else { break };
        let list = elements(&text, roots)?;
        text = match list.is_for(at) {
            false => list.take(at),
            true => match without_key(&text, table, span(roots.span())?)? {
                Some(text) => text,
                None => return Ok(None),
            },
        };
    }
    Ok(Some(text))
}

/// The text with a key more in a table that is there.
fn with_key(text: &str, table: &Item, key: &str, layout: &Layout) -> Result<String, Wrong> {
    let (at, name) = match table {
        Item::Value(Value::InlineTable(table)) => return Ok(members(text, table)?.0.put(key, layout)),
        Item::Table(table) if table.is_dotted() => {
            let values = table.iter().filter_map(|(_, item)| item.as_value());
            let last = values.filter_map(Value::span).map(|span| span.end).max();
            (last, format!("{TABLE}."))
        }
        Item::Table(table) => (table.span().map(|span| span.start), String::new()),
        _ => (None, String::new()),
    };
    let at = at.ok_or_else(|| Wrong::Unlike(format!("`{TABLE}` is no table that jit can add to: {key}")))?;
    let (before, after) = text.split_at(line_end(text, at));
    Ok(format!("{before}{}{name}{key}{after}", layout.line_end))
}

/// The text without the key, whose list is at this place; without the table, if that is ours.
fn without_key(text: &str, table: &Item, list: Range<usize>) -> Result<Option<String>, Wrong> {
    if let Item::Value(Value::InlineTable(table)) = table {
        let (members, at) = members(text, table)?;
        return Ok(Some(at.map_or_else(|| text.to_owned(), |at| members.take(at))));
    }
    let begin = text[..list.start].rfind('\n').map_or(0, |at| at + 1);
    let end = line_end(text, list.end);
    let after = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
    let head = text[..begin].trim_end().rfind('\n').map_or(0, |at| at + 1);
    let is_in_it = |item: &Item| item.is_value() || item.as_table().is_some_and(Table::is_dotted);
    let is_alone = || Some(table.as_table()?.iter().filter(|(_, item)| is_in_it(item)).count() == 1);
    let is_made = text[head..begin].trim_end() == HEAD && is_alone() == Some(true);
    if is_made && text[list.end..end].trim().is_empty() {
        return Ok(without_lines(text, head, after));
    }
    let before = text[..begin].strip_suffix('\n').map(|before| before.strip_suffix('\r').unwrap_or(before));
    Ok(Some(match before {
        Some(before) => format!("{before}{}", &text[list.end..]),
        None => text[after..].to_owned(),
    }))
}

/// What is in an inline table, and which of that is our key.
fn members<'t>(text: &'t str, table: &InlineTable) -> Result<(List<'t>, Option<usize>), Wrong> {
    let mut places = Vec::new();
    for (name, value) in table {
        let begin = span(table.key(name).and_then(toml_edit::Key::span))?.start;
        places.push(begin..value.span().map_or(begin, |span| span.end));
    }
    let at = table.iter().position(|(name, _)| name == KEY);
    Ok((List::new(text, span(table.span())?, places), at))
}

fn elements<'t>(text: &'t str, roots: &Array) -> Result<List<'t>, Wrong> {
    let places = roots.iter().map(|root| span(root.span())).collect::<Result<_, _>>()?;
    Ok(List::new(text, span(roots.span())?, places))
}

fn roots(item: Option<&Item>) -> Result<&Array, Wrong> {
    item.and_then(Item::as_array).ok_or_else(|| Wrong::Unlike(format!("`{TABLE}.{KEY}` is no list")))
}

/// A table that only has tables in it is not there itself.
fn is_implied(table: &Item) -> bool {
    table.as_table().is_some_and(|table| table.is_implicit() && !table.is_dotted())
}

fn parse(text: &str) -> Result<Document<&str>, Wrong> {
    Document::parse(text)
        .map_err(|error| Wrong::Text(error.span().map_or(0, |span| span.start), error.message().to_owned()))
}

fn span(span: Option<Range<usize>>) -> Result<Range<usize>, Wrong> {
    span.ok_or_else(|| Wrong::Unlike(format!("`{TABLE}` can't be told from the rest")))
}

/// Where a line ends, before what ends it.
fn line_end(text: &str, at: usize) -> usize {
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    if text[at..end].ends_with('\r') { end - 1 } else { end }
}
