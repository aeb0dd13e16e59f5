//! Files as they are committed at a worktree's `HEAD`.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::path::Path;

use crate::program::{GitProgram, ProgramError};
use crate::repo::Repo;

/// A file of a committed directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommittedFile<'a> {
    /// Its name in the directory.
    pub name: &'a str,
    /// Git's name of its content, in hexadecimal: other content has another.
    pub object: &'a str,
}

/// The files of a committed directory, by name. There may be ten thousand, so they are one text.
#[derive(Clone, Debug, Default)]
pub struct CommittedFiles {
    /// Name and object of each in turn.
    text: String,
    /// Where in it each name ends, and each object.
    ends: Vec<[usize; 2]>,
}

impl CommittedFiles {
    fn new<'a>(files: impl Iterator<Item = CommittedFile<'a>>) -> Self {
        let mut files: Vec<CommittedFile<'_>> = files.collect();
        // Git's order is this one; a sort that finds nothing to do is cheap.
        files.sort_unstable();
        let bytes = files.iter().map(|file| file.name.len() + file.object.len()).sum();
        let mut all = Self { text: String::with_capacity(bytes), ends: Vec::with_capacity(files.len()) };
        for CommittedFile { name, object } in files {
            let end = all.text.len() + name.len();
            all.text.extend([name, object]);
            all.ends.push([end, all.text.len()]);
        }
        all
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = CommittedFile<'_>> {
        (0..self.ends.len()).filter_map(|at| self.get(at))
    }

    /// The one at this place.
    pub fn get(&self, at: usize) -> Option<CommittedFile<'_>> {
        let [end, next] = *self.ends.get(at)?;
        let begin = at.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |[_, end]| *end);
        Some(CommittedFile { name: self.text.get(begin..end)?, object: self.text.get(end..next)? })
    }

    /// The place of the one of this name.
    pub fn place(&self, name: &str) -> Option<usize> {
        let (mut low, mut high) = (0, self.ends.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.get(middle)?.name.cmp(name) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return Some(middle),
                Ordering::Greater => high = middle,
            }
        }
        None
    }
}

impl Repo {
    /// The files in a directory of the commit that is checked out; none where there is no commit
    /// yet, or no such directory. Names that are not UTF-8 are left out, and so is what is no plain
    /// file. `dir` is relative to the root.
    ///
    /// # Errors
    /// [`ProgramError`] where Git could not be asked.
    pub fn committed_files(&self, git: &dyn GitProgram, dir: &str) -> Result<CommittedFiles, ProgramError> {
        let dir = format!("{dir}/");
        let listed = git.run(self.git_dir(), &["ls-tree", "-z", "--full-tree", "HEAD", "--", &dir], b"")?;
        // A branch without commits has no tree.
        let listed = match has_commit(self.git_dir(), git, &listed.status)? {
            true => listed.successful()?,
            false => return Ok(CommittedFiles::default()),
        };
        let files = listed.stdout.split(|byte| *byte == 0).filter_map(|line| entry(line, &dir));
        Ok(CommittedFiles::new(files))
    }

    /// The files in a directory that the commit `other` has, and this worktree's `HEAD` has not, or
    /// has otherwise; with `other`'s contents. None where one of the two is no commit.
    ///
    /// # Errors
    /// [`ProgramError`] where Git could not be asked.
    pub fn committed_otherwise(
        &self,
        git: &dyn GitProgram,
        dir: &str,
        other: &str,
    ) -> Result<CommittedFiles, ProgramError> {
        let dir = format!("{dir}/");
        let asked = ["diff-tree", "-r", "-z", "--no-renames", "HEAD", other, "--", &dir];
        let differs = git.run(self.git_dir(), &asked, b"")?;
        let mut fields = differs.stdout.split(|byte| *byte == 0);
        let mut files = Vec::new();
        while differs.status == Some(0)
            && let (Some(what), Some(path)) = (fields.next(), fields.next())
        {
            files.extend(changed(what, path, &dir));
        }
        Ok(CommittedFiles::new(files.into_iter()))
    }

    /// Every branch, other repositories' as they were last fetched too, by its full name.
    ///
    /// # Errors
    /// [`ProgramError`] where Git could not be asked.
    pub fn branches(&self, git: &dyn GitProgram) -> Result<Vec<String>, ProgramError> {
        let asked = ["for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes"];
        let named = git.run(self.git_dir(), &asked, b"")?.successful()?;
        // A name that is no UTF-8 can't be asked for.
        let names = named.stdout.split(|byte| *byte == b'\n').map(|name| String::from_utf8(name.to_vec()));
        Ok(names.flatten().filter(|name| !name.is_empty()).collect())
    }

    /// What Git calls the contents that these files of a directory have in a commit, in their order;
    /// `None` for one that it does not have. The directory is read once, however many they are.
    ///
    /// # Errors
    /// [`ProgramError`] where Git could not be asked.
    pub fn committed_objects(
        &self,
        git: &dyn GitProgram,
        commit: &str,
        dir: &str,
        names: &[String],
    ) -> Result<Vec<Option<String>>, ProgramError> {
        let dir = format!("{dir}/");
        let paths: Vec<String> = names.iter().map(|name| format!("{dir}{name}")).collect();
        let mut arguments = vec!["ls-tree", "-z", "--full-tree", commit, "--"];
        match paths.len() <= NAMED {
            true => arguments.extend(paths.iter().map(String::as_str)),
            false => arguments.push(&dir),
        }
        let listed = git.run(self.git_dir(), &arguments, b"")?;
        let files = listed.stdout.split(|byte| *byte == 0).filter_map(|line| entry(line, &dir));
        let found: HashMap<&str, &str> = files.map(|file| (file.name, file.object)).collect();
        Ok(names.iter().map(|name| found.get(name.as_str()).map(|&object| object.to_owned())).collect())
    }

    /// The contents of these, which are named by object or as `COMMIT:PATH`, in their order; `None`
    /// for one that Git does not have. By path, the commit's directories are read for each.
    ///
    /// # Errors
    /// [`ProgramError`] where Git could not be asked.
    pub fn committed_contents(
        &self,
        git: &dyn GitProgram,
        objects: &[&str],
    ) -> Result<Vec<Option<Vec<u8>>>, ProgramError> {
        if objects.is_empty() {
            return Ok(Vec::new());
        }
        let asked = objects.iter().map(|object| format!("{object}\n")).collect::<String>();
        let output = git.run(self.git_dir(), &["cat-file", "--batch"], asked.as_bytes())?.successful()?;
        let mut rest = output.stdout.as_slice();
        Ok(objects.iter().map(|_| next_content(&mut rest)).collect())
    }
}

/// So many paths are named to Git; of more, it is asked for all.
const NAMED: usize = 256;

/// Whether there is a commit to look into; asked only when looking failed.
fn has_commit(git_dir: &Path, git: &dyn GitProgram, status: &Option<i32>) -> Result<bool, ProgramError> {
    if *status == Some(0) {
        return Ok(true);
    }
    let head = git.run(git_dir, &["rev-parse", "--verify", "--quiet", "HEAD"], b"")?;
    Ok(head.status == Some(0))
}

/// `<mode> blob <object>\t<path>`, of a plain file right in the directory.
fn entry<'a>(line: &'a [u8], dir: &str) -> Option<CommittedFile<'a>> {
    let (head, path) = std::str::from_utf8(line).ok()?.split_once('\t')?;
    let mut fields = head.split(' ');
    let (mode, kind, object) = (fields.next()?, fields.next()?, fields.next()?);
    let name = path.strip_prefix(dir)?;
    (mode.starts_with("100") && kind == "blob").then_some(CommittedFile { name, object })
}

/// `:<mode> <new mode> <object> <new object> <status>`, and the path of a plain file right in the
/// directory.
fn changed<'a>(what: &'a [u8], path: &'a [u8], dir: &str) -> Option<CommittedFile<'a>> {
    let mut fields = std::str::from_utf8(what).ok()?.split(' ').skip(1);
    let (mode, object) = (fields.next()?, fields.nth(1)?);
    let name = std::str::from_utf8(path).ok()?.strip_prefix(dir)?;
    (mode.starts_with("100") && !name.contains('/')).then_some(CommittedFile { name, object })
}

/// `<object> blob <size>\n<content>\n`, or `<object> missing\n`.
fn next_content(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let line = rest.iter().position(|byte| *byte == b'\n')?;
    let head = std::str::from_utf8(&rest[..line]).ok()?;
    *rest = &rest[line + 1..];
    let size: usize = head.rsplit(' ').next()?.parse().ok()?;
    let content = rest.get(..size)?.to_vec();
    *rest = rest.get(size + 1..).unwrap_or_default();
    Some(content)
}
