//! Words as a shell reads them, for commands in hints.

/// A word that a POSIX shell takes for exactly this text.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_take_apart_is_quoted() {
        for (text, word) in [
            ("name:a/b-c.d_e", "name:a/b-c.d_e"),
            ("", "''"),
            ("two words", "'two words'"),
            ("$(rm) `x` \"y\" *", "'$(rm) `x` \"y\" *'"),
            ("it's", r"'it'\''s'"),
            ("~", "'~'"),
            ("é", "'é'"),
        ] {
            assert_eq!(quoted(text), word);
        }
    }
}
