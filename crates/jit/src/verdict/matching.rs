//! The files that a shell puts in a pattern's place.

use std::fs;
use std::path::{Path, PathBuf};

use jit_core::{Case, Pattern};

/// The most files of one pattern that are looked at.
const MOST: usize = 1_000;

/// What is there and matches, seen from a directory; where nothing does, the file that is called so.
/// Nothing where it is too much to tell.
pub(crate) fn matching(from: &Path, glob: &str) -> Vec<PathBuf> {
    let names: Vec<&str> = glob.split('/').filter(|name| !name.is_empty()).collect();
    let mut found = vec![if glob.starts_with('/') { PathBuf::from("/") } else { from.to_path_buf() }];
    for name in &names {
        found = found.iter().flat_map(|directory| named(directory, name)).take(MOST + 1).collect();
        if found.len() > MOST {
            return Vec::new();
        }
    }
    let literal = from.join(unescaped(glob));
    if found.is_empty() && literal.symlink_metadata().is_ok() {
        found.push(literal);
    }
    found.retain(|path| !glob.ends_with('/') || path.is_dir());
    found
}

/// What in a directory has this name, or one that matches it.
fn named(directory: &Path, name: &str) -> Vec<PathBuf> {
    let literal = unescaped(name);
    if !has_pattern(name) {
        let path = directory.join(literal);
        return Vec::from_iter(path.symlink_metadata().is_ok().then_some(path));
    }
    let (Ok(pattern), Ok(entries)) = (Pattern::glob(name), fs::read_dir(directory)) else {
        return Vec::new();
    };
    let matches = |found: &str| {
        let is_shown = !found.starts_with('.') || literal.starts_with('.');
        let exact = found.parse().map(Pattern::exact);
        is_shown && exact.is_ok_and(|exact| pattern.overlaps(&exact, Case::Sensitive))
    };
    let all = entries.flatten().map(|entry| entry.file_name());
    let matching = all.filter(|found| found.to_str().is_some_and(matches));
    matching.take(MOST + 1).map(|found| directory.join(found)).collect()
}

/// Whether a name has anything but characters that stand for themselves.
fn has_pattern(name: &str) -> bool {
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '*' | '?' | '[' => return true,
            _ => {}
        }
    }
    false
}

fn unescaped(text: &str) -> String {
    let mut chars = text.chars();
    std::iter::from_fn(|| chars.next().and_then(|c| if c == '\\' { chars.next() } else { Some(c) })).collect()
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "the real directory is what is looked at")]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_stands_for_a_pattern() {
        let place = tempfile::tempdir().unwrap();
        for file in ["src/a.rs", "src/b.rs", "src/.c", "src/deep/d", "lib/a.rs", "app/[id]/x", "i"] {
            let path = place.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found = |glob: &str| {
            let mut found: Vec<String> = matching(place.path(), glob)
                .iter()
                .map(|path| path.strip_prefix(place.path()).unwrap().to_str().unwrap().to_owned())
                .collect();
            found.sort_unstable();
            found.join(" ")
        };
        for (glob, files) in [
            ("src/*", "src/a.rs src/b.rs src/deep"),
            ("src/.?", "src/.c"),
            ("src/*/", "src/deep"),
            ("*/a.rs", "lib/a.rs src/a.rs"),
            ("src/[!a].rs", "src/b.rs"),
            ("[id]", "i"),
            ("app/[id]/x", "app/[id]/x"),
            (r"src/a\.rs", "src/a.rs"),
            (r"src/\*", ""),
            ("*.md", ""),
            ("src/[", ""),
        ] {
            assert_eq!(found(glob), files, "{glob}");
        }
        let absolute = format!("{}/src/a*", place.path().display());
        assert_eq!(found(&absolute), "src/a.rs");
        for n in 0..=MOST {
            fs::write(place.path().join(format!("lib/{n}")), "").unwrap();
        }
        assert_eq!(found("lib/*"), "");
    }
}
