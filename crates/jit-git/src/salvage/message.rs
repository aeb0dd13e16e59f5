//! The message of a commit that keeps a worktree: for people, and read back by jit.

use std::path::{Path, PathBuf};

/// What a worktree was, besides its content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    /// The branch that was checked out.
    pub(crate) branch: Option<String>,
    /// The commit that was.
    pub(crate) head: Option<String>,
    /// Where it was.
    pub(crate) worktree: Option<PathBuf>,
    /// Who had it kept.
    pub(crate) agent: String,
    /// When, for people.
    pub(crate) kept_at: String,
    /// What there was to keep.
    pub(crate) about: Vec<String>,
}

impl Message {
    /// As it stands in the commit.
    pub(crate) fn text(&self) -> String {
        let of = self.branch.as_deref().unwrap_or("a detached HEAD");
        let mut text = format!("What was in the worktree of {} when it was removed\n\n", one_line(of));
        self.about.iter().for_each(|line| text.push_str(&format!("{}\n", one_line(line))));
        if !self.about.is_empty() {
            text.push('\n');
        }
        let worktree = self.worktree.as_deref().and_then(Path::to_str).filter(|path| one_line(path) == *path);
        let fields = [
            ("Branch", self.branch.as_deref()),
            ("Head", self.head.as_deref()),
            ("Worktree", worktree),
            ("Agent", Some(&*self.agent)),
            ("Kept-At", Some(&*self.kept_at)),
        ];
        for (name, value) in fields {
            value.into_iter().for_each(|value| text.push_str(&format!("{PREFIX}{name}: {value}\n")));
        }
        text
    }

    /// Reads a message; `None` where it is not one of these.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (_, body) = text.split_once("\n\n")?;
        let mut message = Self::default();
        for line in body.lines().filter(|line| !line.is_empty()) {
            let Some((name, value)) = line.strip_prefix(PREFIX).and_then(|field| field.split_once(": "))
            else {
                message.about.push(line.to_owned());
                continue;
            };
            match name {
                "Branch" => message.branch = Some(value.to_owned()),
                "Head" => message.head = Some(value.to_owned()),
                "Worktree" => message.worktree = Some(value.into()),
                "Agent" => message.agent = value.to_owned(),
                "Kept-At" => message.kept_at = value.to_owned(),
                // Of a later version.
                _ => {}
            }
        }
        (!message.kept_at.is_empty()).then_some(message)
    }
}

/// What the fields begin with.
const PREFIX: &str = "Jit-Salvage-";

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let whole = Message {
            branch: Some("jit/é".into()),
            head: Some("0123".into()),
            worktree: Some("/a b/ü".into()),
            agent: "agent:ann".into(),
            kept_at: "2026-11-21T16:00:00Z".into(),
            about: vec!["staged: a".into(), "untracked: b: c".into()],
        };
        let detached = Message { branch: None, head: None, about: Vec::new(), ..whole.clone() };
        for message in [whole.clone(), detached] {
            assert_eq!(Message::parse(&message.text()), Some(message));
        }
        // A path that is not one line is not told.
        let odd = Message { worktree: Some("/a\nJit-Salvage-Head: 1".into()), ..whole.clone() };
        assert_eq!(Message::parse(&odd.text()), Some(Message { worktree: None, ..whole }));
        assert_eq!(Message::parse("a commit\n\nof somebody's\n"), None);
    }
}
