//! What Codex's sandbox lets be written, in its TOML.

use std::path::PathBuf;

use toml_edit::{Array, DocumentMut, Item, Table, Value};

/// Where this stands.
pub(super) const FILE: &str = ".codex/config.toml";
const TABLE: &str = "sandbox_workspace_write";
const KEY: &str = "writable_roots";

/// Lets these directories be written, or no more.
///
/// # Errors
/// What is not as Codex has it.
pub(super) fn edit(document: &mut DocumentMut, dirs: &[PathBuf], remove: bool) -> Result<(), String> {
    let names = |value: &Value| dirs.iter().any(|dir| value.as_str() == dir.to_str());
    if remove {
        if let Some(roots) =
            document.get_mut(TABLE).and_then(|table| table.get_mut(KEY)).and_then(Item::as_array_mut)
            && roots.iter().any(names)
        {
            roots.retain(|value| !names(value));
            if roots.is_empty() {
                drop_key(document);
            }
        }
        return Ok(());
    }
    let table = document.entry(TABLE).or_insert_with(|| Item::Table(Table::new()));
    let table = table.as_table_like_mut().ok_or_else(|| format!("`{TABLE}` is no table"))?;
    let roots = table.entry(KEY).or_insert_with(|| Item::Value(Array::new().into()));
    let roots = roots.as_array_mut().ok_or_else(|| format!("`{TABLE}.{KEY}` is no list"))?;
    for dir in dirs.iter().filter_map(|dir| dir.to_str()) {
        if !roots.iter().any(|value| value.as_str() == Some(dir)) {
            roots.push(dir);
        }
    }
    Ok(())
}

fn drop_key(document: &mut DocumentMut) {
    if let Some(table) = document.get_mut(TABLE).and_then(Item::as_table_like_mut) {
        table.remove(KEY);
        if table.is_empty() {
            document.remove(TABLE);
        }
    }
}
