//! The text of a hook, with a block of ours and without.

/// The lines around a block.
const BEGIN: &str = "# >>> jit >>>\n";
const END: &str = "# <<< jit <<<\n";

/// What is behind the name of a hook that was put aside.
pub(super) const ASIDE: &str = ".jit-original";

/// Behind the block in a hook that is ours: what stood there before, if it could run. It is found by the
/// hook's name: other tools rename what they find, and call it from theirs.
fn rest(name: &str) -> String {
    format!(
        "jit_original=${{0%/*}}/{name}{ASIDE}\n[ ! -x \"$jit_original\" ] || exec \"$jit_original\" \"$@\"\n"
    )
}

/// A text that has one of the two marks and not both, in order, once.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Torn;

/// What is before a block, the block without its marks, and what is behind it.
pub(super) type Parts<'t> = (&'t str, &'t str, &'t str);

/// A text taken apart at its block, if it has one.
pub(super) fn split<'t>(text: &'t str, begin: &str, end: &str) -> Result<Option<Parts<'t>>, Torn> {
    let at = |mark: &str| {
        let mut all = text.match_indices(mark).map(|(i, _)| i);
        let found = all.find(|&i| i == 0 || text[..i].ends_with('\n'));
        (found, all.any(|i| text[..i].ends_with('\n')))
    };
    match (at(begin), at(end)) {
        ((None, _), (None, _)) => Ok(None),
        ((Some(first), false), (Some(last), false)) if first < last => {
            Ok(Some((&text[..first], &text[first + begin.len()..last], &text[last + end.len()..])))
        }
        _ => Err(Torn),
    }
}

/// The block in a hook.
pub(super) fn block(text: &str) -> Result<Option<Parts<'_>>, Torn> {
    split(text, BEGIN, END)
}

/// A hook of ours alone.
pub(super) fn own(name: &str, body: &str) -> String {
    format!("#!/bin/sh\n{BEGIN}{body}{END}{}", rest(name))
}

/// Whether there is nothing but ours around a block.
pub(super) fn is_own((before, _, after): &Parts<'_>, name: &str) -> bool {
    *before == "#!/bin/sh\n" && *after == rest(name)
}

/// Somebody's hook with a block in it, which comes first: what follows may end by `exit` or `exec`.
/// `None` where it is no script of a shell that could run the block.
pub(super) fn with(text: &str, body: &str) -> Option<String> {
    let (line, rest) = text.split_once('\n')?;
    is_shell(line).then(|| format!("{line}\n{BEGIN}{body}{END}{rest}"))
}

/// The same with another block.
pub(super) fn replaced((before, _, after): &Parts<'_>, body: &str) -> String {
    format!("{before}{BEGIN}{body}{END}{after}")
}

/// The whole block, as it is printed for a hook that is not ours to change.
pub(super) fn printed(body: &str) -> String {
    format!("{BEGIN}{body}{END}")
}

/// Whether a first line names a shell that reads what `sh` reads.
fn is_shell(line: &str) -> bool {
    let Some(command) = line.strip_prefix("#!") else { return false };
    let mut words = command.split([' ', '\t']).filter(|word| !word.is_empty());
    let name = |word: &str| word.rsplit('/').next().unwrap_or_default().to_owned();
    let mut program = words.next().map(name);
    if program.as_deref() == Some("env") {
        program = words.find(|word| *word != "-S").map(name);
    }
    matches!(program.as_deref(), Some("sh" | "bash" | "dash"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_what_a_posix_shell_runs_takes_a_block() {
        for (line, yes) in [
            ("#!/bin/sh", true),
            ("#! /bin/bash -e", true),
            ("#!/usr/bin/env bash", true),
            ("#!/usr/bin/env -S bash -eu", true),
            ("#!/bin/sh\r", false),
            ("#!/usr/bin/env python3", false),
            ("#!/usr/bin/fish", false),
            ("#!/bin/zsh", false),
            ("echo sh", false),
            ("", false),
        ] {
            assert_eq!(with(&format!("{line}\nrest"), "x\n").is_some(), yes, "{line:?}");
        }
        assert_eq!(with("#!/bin/sh", "x\n"), None, "without a line end it could not be put back");
    }

    #[test]
    fn half_a_block_is_told() {
        for text in [BEGIN.to_owned(), END.to_owned(), format!("{END}{BEGIN}"), printed("") + &printed("")] {
            assert_eq!(block(&text), Err(Torn), "{text}");
        }
        assert_eq!(block("echo # >>> jit >>>\n"), Ok(None));
    }

    #[test]
    fn a_hook_of_ours_is_known_by_its_name() {
        let text = own("pre-push", "x\n");
        let parts = block(&text).unwrap().unwrap();
        assert_eq!((is_own(&parts, "pre-push"), is_own(&parts, "pre-commit")), (true, false));
    }

    proptest! {
        /// What was there comes back, to the byte.
        #[test]
        fn a_block_goes_as_it_came(text in "(\n|#|exit 0|é| |\r){0,20}", body in "([a-z ]{0,9}\n){0,3}") {
            let text = format!("#!/bin/sh\n{text}");
            let put = with(&text, &body).unwrap();
            let parts = block(&put).unwrap().unwrap();
            prop_assert_eq!(parts.1, &body);
            prop_assert_eq!(&[parts.0, parts.2].concat(), &text);
            prop_assert!(!is_own(&parts, "pre-commit"));
        }
    }
}
