//! What stands in Git's own small files: `.git` files, `commondir`, `HEAD`. Pure.

use std::fmt;

use crate::branch::Branch;

/// What is wrong with a `.git` file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GitFileFault {
    /// It does not start with `gitdir: `.
    NoGitdirLine,
    /// Nothing follows `gitdir: `.
    NoPath,
    /// It holds a NUL byte, which no path can.
    NulByte,
}

impl fmt::Display for GitFileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoGitdirLine => "it does not start with 'gitdir: '",
            Self::NoPath => "no path follows 'gitdir: '",
            Self::NulByte => "it holds a NUL byte",
        })
    }
}

/// The path in a `.git` file, read as Git reads it: all line ends at the end are dropped, and
/// everything else, spaces and inner line ends included, belongs to the path.
pub(crate) fn parse_git_file(content: &[u8]) -> Result<&[u8], GitFileFault> {
    let Some(path) = content.strip_prefix(b"gitdir: ") else {
        return Err(GitFileFault::NoGitdirLine);
    };
    let path = trim_line_ends(path);
    if path.is_empty() {
        return Err(GitFileFault::NoPath);
    }
    if path.contains(&0) {
        return Err(GitFileFault::NulByte);
    }
    Ok(path)
}

/// The text of a file that holds one path (`commondir`, `gitdir`): all line ends at its end
/// are dropped. `None` where that leaves no path.
pub(crate) fn parse_path_line(content: &[u8]) -> Option<&[u8]> {
    let path = trim_line_ends(content);
    (!path.is_empty() && !path.contains(&0)).then_some(path)
}

fn trim_line_ends(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., b'\n' | b'\r'] = bytes {
        bytes = rest;
    }
    bytes
}

/// What `HEAD` says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Head {
    /// It names a branch, which may have no commit yet.
    Branch(Branch),
    /// It names a commit, or a reference that is no branch.
    Detached,
    /// The references are kept elsewhere (reftable); only Git can say.
    Elsewhere,
}

/// Reads `HEAD`; `None` where Git would not accept it either.
pub(crate) fn parse_head(content: &[u8]) -> Option<Head> {
    if let Some(name) = content.strip_prefix(b"ref:") {
        return parse_reference(name.trim_ascii());
    }
    let hash = content.trim_ascii_end();
    let is_hash = matches!(hash.len(), 40 | 64) && hash.iter().all(u8::is_ascii_hexdigit);
    is_hash.then_some(Head::Detached)
}

/// Reads a full reference name, as `HEAD` or a symlink in its place holds it.
pub(crate) fn parse_reference(name: &[u8]) -> Option<Head> {
    if name == b"refs/heads/.invalid" {
        return Some(Head::Elsewhere);
    }
    if let Some(short) = name.strip_prefix(b"refs/heads/") {
        return Branch::new(short).map(Head::Branch);
    }
    name.starts_with(b"refs/").then_some(Head::Detached)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn git_files_are_read_as_git_reads_them() {
        for (content, expected) in [
            (&b"gitdir: /a/b\n"[..], Ok(&b"/a/b"[..])),
            (b"gitdir: ../a b", Ok(b"../a b")),
            (b"gitdir: /a/b\r\n\r\n", Ok(b"/a/b")),
            (b"gitdir: /a \n", Ok(b"/a ")),
            (b"gitdir:  /a\n", Ok(b" /a")),
            (b"gitdir: /a\nb\n", Ok(b"/a\nb")),
            (b"gitdir: /a\xff\n", Ok(b"/a\xff")),
            (b"gitdir:/a\n", Err(GitFileFault::NoGitdirLine)),
            (b" gitdir: /a\n", Err(GitFileFault::NoGitdirLine)),
            (b"", Err(GitFileFault::NoGitdirLine)),
            (b"gitdir: \n", Err(GitFileFault::NoPath)),
            (b"gitdir: /a\0b\n", Err(GitFileFault::NulByte)),
        ] {
            assert_eq!(parse_git_file(content), expected, "{content:?}");
        }
    }

    #[test]
    fn head_names_a_branch_or_is_detached() {
        let branch = |name: &str| Branch::new(name.as_bytes()).map(Head::Branch);
        let hash = |n: usize| "0123456789abcdef".repeat(4)[..n].to_owned() + "\n";
        for (content, expected) in [
            ("ref: refs/heads/main\n".to_owned(), branch("main")),
            ("ref:refs/heads/a/b".to_owned(), branch("a/b")),
            ("ref: \t refs/heads/é  \n".to_owned(), branch("é")),
            ("ref: refs/remotes/o/main\n".to_owned(), Some(Head::Detached)),
            ("ref: refs/heads/.invalid\n".to_owned(), Some(Head::Elsewhere)),
            (hash(40), Some(Head::Detached)),
            (hash(64), Some(Head::Detached)),
            (hash(39), None),
            ("ref: refs/heads/\n".to_owned(), None),
            ("ref: main\n".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(parse_head(content.as_bytes()), expected, "{content:?}");
        }
    }

    proptest! {
        #[test]
        fn a_written_path_is_read_back(
            path in proptest::collection::vec(any::<u8>().prop_filter("no NUL", |b| *b != 0), 1..60)
                .prop_filter("a path does not end in a line end",
                    |p| !matches!(p.last(), Some(b'\n' | b'\r'))),
            ends in "[\r\n]{0,3}",
        ) {
            let content = [b"gitdir: ", &path[..], ends.as_bytes()].concat();
            prop_assert_eq!(parse_git_file(&content), Ok(&path[..]));
            prop_assert_eq!(parse_path_line(&content[8..]), Some(&path[..]));
        }

        #[test]
        fn no_head_makes_the_parser_panic(content in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = parse_head(&content);
        }
    }
}
