//! Messages and commits as Git's hooks see them.

use std::fs;
use std::io;
use std::path::Path;

use crate::program::{GitProgram, ProgramError};
use crate::repo::Repo;

/// Commits that a push would send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outgoing {
    /// What is pushed.
    pub tips: Vec<String>,
    /// What the other side is known to have.
    pub known: Vec<String>,
    /// The remote's name, or where it is.
    pub remote: String,
}

/// A commit with the values of a trailer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trailed {
    /// Its id.
    pub commit: String,
    /// The values, in order.
    pub values: Vec<String>,
}

impl Repo {
    /// Whether commits are being made again: by a rebase, a cherry-pick, or from mails.
    pub fn is_replaying(&self) -> bool {
        ["rebase-merge", "rebase-apply", "CHERRY_PICK_HEAD"]
            .iter()
            .any(|name| self.git_dir().join(name).symlink_metadata().is_ok())
    }

    /// A commit that these lead to and no reference does yet, if there is one. `HEAD` is not asked:
    /// what is made before it is put on a branch is new there.
    ///
    /// # Errors
    /// [`ProgramError`] where Git can't say.
    pub fn unreferenced(&self, git: &dyn GitProgram, tips: &[&str]) -> Result<Option<String>, ProgramError> {
        let arguments =
            ["rev-list", "--max-count=1", "--stdin", "--not", "--exclude=refs/rewritten/*", "--glob=refs/*"];
        let output =
            git.run(self.git_dir(), &arguments, lines(tips.iter().copied()).as_bytes())?.successful()?;
        Ok(String::from_utf8_lossy(&output.stdout).lines().next().map(str::to_owned))
    }

    /// Whether a branch was at a commit before, as its log says.
    pub fn was_at(&self, git: &dyn GitProgram, branch: &str, commit: &str) -> bool {
        let arguments = ["log", "-g", "--format=%H", "--no-show-signature", branch, "--"];
        // One without a log was nowhere.
        git.run(self.git_dir(), &arguments, b"")
            .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).lines().any(|line| line == commit))
    }

    /// The outgoing commits that have a trailer, and to which none of `besides` leads.
    ///
    /// # Errors
    /// [`ProgramError`] where Git can't say.
    pub fn trailed(
        &self,
        git: &dyn GitProgram,
        outgoing: &Outgoing,
        key: &str,
        besides: &[&str],
    ) -> Result<Vec<Trailed>, ProgramError> {
        let known = outgoing.known.iter().map(String::as_str).chain(besides.iter().copied());
        let known: Vec<String> = known.map(|commit| format!("^{commit}")).collect();
        let input = lines(outgoing.tips.iter().chain(&known).map(String::as_str));
        let format = format!("--format=%H %(trailers:key={key},valueonly,unfold,separator=%x20)");
        let having = format!("--grep=^{key}: ");
        let remote = format!("--remotes={}", outgoing.remote);
        let arguments = ["rev-list", "--ignore-missing", &format, &having, "--stdin", "--not", &remote];
        let output = git.run(self.git_dir(), &arguments, input.as_bytes())?.successful()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let trailed = text.lines().filter(|line| !line.starts_with("commit ")).filter_map(|line| {
            let mut words = line.split_whitespace().map(str::to_owned);
            Some(Trailed { commit: words.next()?, values: words.collect() })
        });
        Ok(trailed.filter(|trailed| !trailed.values.is_empty()).collect())
    }

    /// Adds to a message the trailers that it does not have.
    ///
    /// # Errors
    /// [`ProgramError`] where Git can't.
    pub fn add_trailers(
        &self,
        git: &dyn GitProgram,
        message: &Path,
        trailers: &[(&str, String)],
    ) -> Result<(), ProgramError> {
        let path = message.to_string_lossy();
        let options =
            ["--in-place", "--no-divider", "--where=end", "--if-exists=addIfDifferent", "--if-missing=add"];
        let trailers: Vec<String> =
            trailers.iter().map(|(key, value)| format!("--trailer={key}: {value}")).collect();
        let trailers = trailers.iter().map(String::as_str);
        let arguments: Vec<&str> =
            ["interpret-trailers"].into_iter().chain(options).chain(trailers).chain([&*path]).collect();
        git.run(self.git_dir(), &arguments, b"")?.successful().map(drop)
    }

    /// What Git will keep of a message that was edited: neither comments nor what is cut off.
    ///
    /// # Errors
    /// Where the message can't be read, or Git can't say.
    pub fn is_empty_message(&self, git: &dyn GitProgram, message: &Path) -> io::Result<bool> {
        const SCISSORS: &str = "------------------------ >8 ------------------------";
        let text = fs::read(message)?;
        let text = String::from_utf8_lossy(&text);
        let kept = text.lines().take_while(|line| !line.contains(SCISSORS));
        let stripped = git
            .run(self.git_dir(), &["stripspace", "--strip-comments"], lines(kept).as_bytes())
            .and_then(|output| output.successful())
            .map_err(io::Error::other)?;
        Ok(stripped.stdout.is_empty())
    }
}

fn lines<'l>(lines: impl Iterator<Item = &'l str>) -> String {
    lines.map(|line| format!("{line}\n")).collect()
}
