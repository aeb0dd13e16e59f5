//! Messages and commits as Git's hooks see them.

use std::fs;
use std::io;
use std::path::Path;

use crate::program::{GitProgram, ProgramError};
use crate::repo::Repo;

/// Commits that a push brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// What is pushed.
    pub tips: Vec<String>,
    /// What the other side is known to have.
    pub known: Vec<String>,
    /// What it has besides.
    pub to: Destination,
}

/// Where a push goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// To a remote, by its name or where it is: it has what was there when it was last looked at.
    Remote(String),
    /// To this repository: it has what its references lead to.
    Here,
}

/// A commit with some of its trailers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trailed {
    /// Its id.
    pub commit: String,
    /// Its parents' ids.
    pub parents: Vec<String>,
    /// Names and values, in order.
    pub trailers: Vec<(String, String)>,
}

/// Trailers are written and read in one form, whatever the user's settings make of others.
const SEPARATED: [&str; 2] = ["-c", "trailer.separators=:"];

impl Repo {
    /// Whether commits are being made again: by a rebase, a cherry-pick, or from mails. Where a rebase
    /// stands still, what is committed is somebody's own, but for the commit that it could not make.
    pub fn is_replaying(&self) -> bool {
        let is_there = |name: &str| self.git_dir().join(name).symlink_metadata().is_ok();
        let goes_on = is_there("rebase-merge") && !is_there("rebase-merge/stopped-sha");
        goes_on || is_there("rebase-apply") || is_there("CHERRY_PICK_HEAD")
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

    /// The outgoing commits, with those of their trailers that have these names.
    ///
    /// # Errors
    /// [`ProgramError`] where Git can't say.
    pub fn outgoing(
        &self,
        git: &dyn GitProgram,
        outgoing: &Outgoing,
        keys: &[&str],
    ) -> Result<Vec<Trailed>, ProgramError> {
        let known: Vec<String> = outgoing.known.iter().map(|commit| format!("^{commit}")).collect();
        let input = lines(outgoing.tips.iter().chain(&known).map(String::as_str));
        let keys: String = keys.iter().map(|key| format!("key={key},")).collect();
        let format = format!("--format=%H%x1e%P%x1e%(trailers:{keys}unfold,separator=%x1e)");
        let there = match &outgoing.to {
            Destination::Remote(remote) => format!("--remotes={remote}"),
            Destination::Here => "--all".to_owned(),
        };
        let arguments = ["rev-list", "--ignore-missing", &format, "--stdin", "--not", &there];
        let arguments = [&SEPARATED[..], &arguments].concat();
        let output = git.run(self.git_dir(), &arguments, input.as_bytes())?.successful()?;
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(text.lines().filter(|line| !line.starts_with("commit ")).filter_map(trailed).collect())
    }

    /// The trailers that a message has, as Git reads them: at its end.
    ///
    /// # Errors
    /// [`ProgramError`] where Git can't say.
    pub fn trailers(
        &self,
        git: &dyn GitProgram,
        message: &Path,
    ) -> Result<Vec<(String, String)>, ProgramError> {
        let path = message.to_string_lossy();
        let arguments = ["interpret-trailers", "--parse", "--no-divider", &path];
        let output = git.run(self.git_dir(), &[&SEPARATED[..], &arguments].concat(), b"")?.successful()?;
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(text.lines().filter_map(|line| line.split_once(": ")).map(owned).collect())
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
        let options = [
            "--in-place",
            "--no-divider",
            "--where=end",
            "--if-exists=addIfDifferentNeighbor",
            "--if-missing=add",
        ];
        let trailers: Vec<String> =
            trailers.iter().map(|(key, value)| format!("--trailer={key}: {value}")).collect();
        let trailers = trailers.iter().map(String::as_str);
        let arguments = SEPARATED.into_iter().chain(["interpret-trailers"]).chain(options);
        let arguments: Vec<&str> = arguments.chain(trailers).chain([&*path]).collect();
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

/// A line of what was asked for in [`Repo::outgoing`].
fn trailed(line: &str) -> Option<Trailed> {
    let mut fields = line.split('\x1e');
    let (commit, parents) = (fields.next()?, fields.next()?);
    let trailers = fields.filter_map(|trailer| trailer.split_once(": "));
    Some(Trailed {
        commit: commit.to_owned(),
        parents: parents.split(' ').filter(|parent| !parent.is_empty()).map(str::to_owned).collect(),
        trailers: trailers.map(owned).collect(),
    })
}

fn owned((key, value): (&str, &str)) -> (String, String) {
    (key.to_owned(), value.trim().to_owned())
}

fn lines<'l>(lines: impl Iterator<Item = &'l str>) -> String {
    lines.map(|line| format!("{line}\n")).collect()
}
