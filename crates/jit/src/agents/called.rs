//! Whether a shell command calls a program.

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
}
