//! Where a shell command calls a program, and how jit is told there who calls.

use std::path::Path;

use super::shell::is_assignment;
use super::words::{BEFORE, Piece, ended};
use crate::cli;

/// Whether a program's name, or a path to it, is a word somewhere in a command: in `$(…)`, in what
/// `bash -c` is given and in a here-document too. Only a shell could tell more, and a yes too many
/// does no harm.
pub(crate) fn calls(command: &str, program: &str) -> bool {
    let is_of_name = |c: char| c.is_alphanumeric() || "_-.".contains(c);
    command.match_indices(program).any(|(at, _)| {
        let before = command[..at].chars().next_back();
        let after = command[at + program.len()..].chars().next();
        !before.is_some_and(is_of_name) && !after.is_some_and(|c| c == '/' || is_of_name(c))
    })
}

/// A command with an option of jit's wherever that is called without it: behind the subcommand, for
/// users let commands through by how these begin. None where something else calls jit, or may.
pub(crate) fn with_option(command: &str, option: &str, value: &str) -> Option<String> {
    // What is put in there is no word.
    if command.contains("$(") || command.contains('`') {
        return None;
    }
    let mut places = Vec::new();
    let mut within = Within::Nothing;
    let mut pieces = ended(command)?.into_iter();
    while let Some((piece, end)) = pieces.next() {
        let word = match piece {
            Piece::Word(word) => word,
            Piece::Into | Piece::From => {
                pieces.next();
                continue;
            }
            Piece::End | Piece::Open | Piece::Close => {
                within = Within::Nothing;
                continue;
            }
        };
        let text = word.text().unwrap_or_default();
        let is_before = BEFORE.contains(&text) || is_assignment(text);
        within = match within {
            Within::Nothing if is_before => Within::Nothing,
            Within::Nothing if is_jit(text) => {
                places.push(end);
                Within::Call(Vec::new())
            }
            Within::Nothing | Within::Other if calls(text, "jit") => return None,
            Within::Nothing | Within::Other => Within::Other,
            Within::Call(_) | Within::Arguments if text.split('=').next() == Some(option) => {
                places.pop();
                Within::Rest
            }
            Within::Call(_) | Within::Arguments if text == "--" => Within::Rest,
            Within::Call(mut named) => {
                named.push(text.to_owned());
                match (cli::is_command(&named), places.last_mut()) {
                    (true, Some(place)) => {
                        *place = end;
                        Within::Call(named)
                    }
                    _ => Within::Arguments,
                }
            }
            Within::Arguments => Within::Arguments,
            Within::Rest => Within::Rest,
        };
    }
    let mut whole = command.to_owned();
    for place in places.into_iter().rev() {
        whole.insert_str(place, &format!(" {option} {value}"));
    }
    Some(whole)
}

/// What the next word is a part of.
enum Within {
    /// Nothing yet.
    Nothing,
    /// A call of jit, by now of this subcommand.
    Call(Vec<String>),
    /// What that is given.
    Arguments,
    /// A call of jit of which no more is to be known.
    Rest,
    /// Another program's.
    Other,
}

fn is_jit(word: &str) -> bool {
    Path::new(word).file_name().is_some_and(|name| name == "jit")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_called_by_its_name() {
        for (command, is_called) in [
            ("jit claim list", true),
            ("cd a && /usr/bin/jit claim next", true),
            ("git jit claim list", true),
            ("if ! jit claim renew; then exit; fi", true),
            ("x=$(jit claim next --json)", true),
            ("`jit claim next`;jit|cat", true),
            ("bash -c \"jit claim next\"", true),
            ("git commit -m \"$(cat <<'E'\nDon't\nE\n)\" && 'jit' claim release", true),
            ("cat <<E\n$(jit claim list)\nE", true),
            ("ls /tmp/jit/a .jit a.jit", false),
            ("cat jitter jit.rs jit-original", false),
        ] {
            assert_eq!(calls(command, "jit"), is_called, "{command}");
        }
    }

    /// Where `@` is put in.
    #[test]
    fn an_option_goes_behind_the_subcommand() {
        for (command, told) in [
            ("jit claim list", Some("jit claim list@")),
            (
                "jit prime|cat>x;jit  claim acquire name:list",
                Some("jit prime@|cat>x;jit  claim acquire@ name:list"),
            ),
            ("cd 'ä b' && /usr/bin/jit 'claim' next", Some("cd 'ä b' && /usr/bin/jit 'claim' next@")),
            ("jit --json claim list", Some("jit@ --json claim list")),
            ("jit", Some("jit@")),
            (
                "if ! A=b jit 2>&1 claim list; then (jit prime); fi",
                Some("if ! A=b jit 2>&1 claim list@; then (jit prime@); fi"),
            ),
            ("jit claim acquire --path crates/jit >jit", Some("jit claim acquire@ --path crates/jit >jit")),
            ("jit claim acquire \"$x\" $y", Some("jit claim acquire@ \"$x\" $y")),
            ("jit prime; x=\"$(jit claim list)\"", None),
            ("jit prime; x=`jit claim list`", None),
            ("jit run -- make --as=z; jit prime", Some("jit run@ -- make --as=z; jit prime@")),
            ("jit run -- jit prime", Some("jit run@ -- jit prime")),
            (
                "jit --as z claim list && jit claim next --as=z && jit prime",
                Some("jit --as z claim list && jit claim next --as=z && jit prime@"),
            ),
            ("cat <<E\njit prime\nE\njit prime", Some("cat <<E\njit prime\nE\njit prime@")),
            ("echo [[ && jit prime", Some("echo [[ && jit prime@")),
            ("ls", Some("ls")),
            ("timeout 5 jit claim list", None),
            ("git jit claim list; jit prime", None),
            ("$x jit claim list", None),
            ("bash -c 'jit claim list'", None),
            ("jit claim 'list", None),
        ] {
            let found = with_option(command, "--as", "who");
            assert_eq!(
                found.as_deref(),
                told.map(|told| told.replace('@', " --as who")).as_deref(),
                "{command}"
            );
        }
    }
}
