//! Hooks that are made inside of a worktree stay out of commits: one that a branch brought along
//! would be in the way of another worktree's own.

use std::path::Path;

use super::{HooksError, files, script};

const BEGIN: &str = "# >>> jit hooks >>>\n";
const END: &str = "# <<< jit hooks <<<\n";

/// Notes paths from the root as ignored, or takes them out, in `info/exclude`.
pub(super) fn change(common_dir: &Path, paths: &[String], add: bool) -> Result<(), HooksError> {
    let path = common_dir.join("info/exclude");
    let text = match files::look(&path)? {
        files::Found::Nothing => String::new(),
        files::Found::Text { text, .. } => text,
        // Whatever it is, it is not ours to change.
        files::Found::Other => return Ok(()),
    };
    let changed = changed(&text, paths, add).map_err(|script::Torn| HooksError::Torn(path.clone()))?;
    match changed {
        changed if changed == text => Ok(()),
        changed if changed.is_empty() => files::remove(&path),
        changed => files::put(&path, &changed, 0o666),
    }
}

/// The block comes first, so that taking it out leaves what was there, whatever its end.
fn changed(text: &str, paths: &[String], add: bool) -> Result<String, script::Torn> {
    let (before, block, after) = script::split(text, BEGIN, END)?.unwrap_or(("", "", text));
    let named: Vec<String> = paths.iter().map(|path| format!("/{}", escaped(path))).collect();
    let mut lines: Vec<String> =
        block.lines().filter(|line| !named.iter().any(|own| own == line)).map(str::to_owned).collect();
    if add {
        lines.extend(named);
    }
    lines.sort();
    let block: String = lines.iter().map(|line| format!("{line}\n")).collect();
    Ok(match lines.is_empty() {
        true => format!("{before}{after}"),
        false => format!("{before}{BEGIN}{block}{END}{after}"),
    })
}

/// A path as a pattern that matches it alone.
fn escaped(path: &str) -> String {
    path.chars().flat_map(|c| "\\*?[ ".contains(c).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_goes_again() {
        let paths = ["a b/pre-commit".to_owned(), "x".to_owned()];
        for text in ["", "# mine", "*.o\n"] {
            let noted = changed(text, &paths, true).unwrap();
            assert_eq!(noted, format!("{BEGIN}/a\\ b/pre-commit\n/x\n{END}{text}"));
            assert_eq!(changed(&noted, &paths, true).unwrap(), noted);
            let half = changed(&noted, &paths[..1], false).unwrap();
            assert_eq!(half, format!("{BEGIN}/x\n{END}{text}"));
            assert_eq!(changed(&half, &paths[1..], false).unwrap(), text);
        }
    }
}
