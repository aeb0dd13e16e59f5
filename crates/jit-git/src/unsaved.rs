//! What would be lost if a worktree went, and how far it went its own way.

use std::collections::{BTreeMap, BTreeSet};

use crate::adding::commit;
use crate::contents::{Contents, Kind, Sight};
use crate::paths;
use crate::program::{At, GitProgram, ProgramError};
use crate::salvage::{SalvageError, quoted};
use crate::worktrees::Worktree;

/// What would be lost if a worktree went. Paths are relative to its root, what is not UTF-8 replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unsaved {
    /// Differences of the index from `HEAD`.
    pub staged: Vec<String>,
    /// Differences of the files from the index.
    pub changed: Vec<String>,
    /// Conflicts of a merge.
    pub unmerged: Vec<String>,
    /// Files that Git knows nothing of, and is not told to ignore.
    pub untracked: Vec<String>,
    /// What was begun and not ended: `a merge`, for one.
    pub under_way: Option<&'static str>,
    /// Commits that no other reference leads to, newest first, each with its subject.
    pub commits: Vec<String>,
    /// Files that Git is told to ignore.
    pub ignored: usize,
    /// Repositories inside of it, submodules too: they can't be kept.
    pub repositories: Vec<String>,
    pub(crate) sight: Sight,
    going: Option<String>,
}

/// How a worktree differs from what it is compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    /// How many paths have changes that are not committed, untracked ones too.
    pub changes: usize,
    /// Commits that it has and the other lacks, and the other way round; `None` where one has none.
    pub ahead_behind: Option<(u64, u64)>,
    /// What it was compared with: its upstream, else what was given.
    pub compared_with: Option<String>,
}

impl Unsaved {
    /// The commit that was checked out; `None` where there was none yet.
    pub fn head(&self) -> Option<&str> {
        self.sight.head.as_deref()
    }

    /// The commit that the branch is at which goes too; `None` where none does, or it has none.
    pub fn tip(&self) -> Option<&str> {
        self.going.as_deref()
    }

    /// Whether nothing would be lost.
    pub fn is_none(&self) -> bool {
        self.commits.is_empty() && !self.has_files()
    }

    /// Whether more than commits would be lost.
    pub fn has_files(&self) -> bool {
        let paths = [&self.staged, &self.changed, &self.unmerged, &self.untracked];
        paths.iter().any(|paths| !paths.is_empty()) || self.under_way.is_some()
    }

    /// What there is, in words, a line each.
    pub fn lines(&self) -> Vec<String> {
        let kinds = [
            ("conflicts", &self.unmerged),
            ("staged", &self.staged),
            ("changed", &self.changed),
            ("untracked", &self.untracked),
            ("on no other branch, tag or remote", &self.commits),
        ];
        let lines = kinds.into_iter().filter(|(_, of)| !of.is_empty());
        let lines = lines.map(|(what, of)| format!("{what}: {}", some(of)));
        lines.chain(self.under_way.map(|what| format!("not ended: {what}"))).collect()
    }
}

/// The first of many.
fn some(of: &[String]) -> String {
    const MOST: usize = 5;
    let first = of.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    match of.len().checked_sub(MOST) {
        Some(more @ 1..) => format!("{first} and {more} more"),
        _ => first,
    }
}

/// Git looks for itself: neither a daemon nor a cache of it has a say.
const LOOK: [&str; 4] = ["-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false"];

/// Whatever tells that a file may have changed counts, and the executable bit too.
const SUSPECT: [&str; 6] =
    ["-c", "core.checkStat=default", "-c", "core.trustctime=true", "-c", "core.fileMode=true"];

impl Worktree {
    pub(crate) fn at(&self) -> At<'_> {
        At { git_dir: &self.git_dir, root: Some(&self.path) }
    }

    /// What would be lost if this worktree went, and the branch `going` with it.
    ///
    /// # Errors
    /// Where Git can't say, or a directory can't be read.
    pub fn unsaved(&self, git: &dyn GitProgram, going: Option<&str>) -> Result<Unsaved, SalvageError> {
        let mut unsaved = Unsaved { sight: Sight::of(git, self)?, ..Unsaved::default() };
        let (at, contents) = (self.at(), &unsaved.sight.contents);
        let status = ["status", "--porcelain", "-z", "-uno", "--no-renames", "--ignore-submodules=dirty"];
        let changes = at.ask(git, &with_look(&[&SUSPECT[..], &status].concat()))?;
        for change in entries(&changes) {
            let (Some([x, y]), Some(path)) = (change.first_chunk(), change.get(3..)) else { continue };
            let path = shown(path);
            match (x, y) {
                (b'U', _) | (_, b'U') | (b'A', b'A') | (b'D', b'D') => unsaved.unmerged.push(path),
                (b' ', _) => unsaved.changed.push(path),
                (_, b' ') => unsaved.staged.push(path),
                _ => {
                    unsaved.staged.push(path.clone());
                    unsaved.changed.push(path);
                }
            }
        }
        if unsaved.sight.has_no_index() {
            // Nobody took anything out of it: it was not filled yet.
            unsaved.staged.clear();
        }
        unsaved.changed.extend(self.hidden(git, contents)?);
        let tracked = at.ask(git, &with_look(&["ls-files", "-z"]))?;
        let tracked: BTreeSet<&[u8]> = entries(&tracked).collect();
        let ignored = self.ignored(git)?;
        let untracked = contents.files.keys().filter(|path| !tracked.contains(&path[..]));
        let (ignored, untracked): (Vec<_>, Vec<_>) = untracked.partition(|path| ignored.contains(&path[..]));
        (unsaved.ignored, unsaved.untracked) =
            (ignored.len(), untracked.iter().map(|path| shown(path)).collect());
        unsaved.repositories = contents.repositories.iter().map(|path| shown(path)).collect();
        unsaved.under_way = self.under_way();
        if let Some(branch) = going {
            unsaved.going = commit(git, at, &format!("refs/heads/{branch}"))?;
        }
        // While it is rebased, a branch is not where `HEAD` is.
        let tips = [unsaved.head(), unsaved.tip()].into_iter().flatten();
        unsaved.commits = self.own_commits(git, tips, going)?;
        Ok(unsaved)
    }

    /// Whether its files, its index and what is checked out are still those that were looked at.
    ///
    /// # Errors
    /// Where Git can't say, or a directory can't be read.
    pub fn is_unchanged(&self, git: &dyn GitProgram, since: &Unsaved) -> Result<bool, SalvageError> {
        Ok(Sight::of(git, self)? == since.sight)
    }

    /// Files that Git is told to ignore.
    pub(crate) fn ignored(&self, git: &dyn GitProgram) -> Result<BTreeSet<Vec<u8>>, ProgramError> {
        let listed = self
            .at()
            .ask(git, &with_look(&["ls-files", "-z", "--others", "--ignored", "--exclude-standard"]))?;
        Ok(entries(&listed).map(<[u8]>::to_vec).collect())
    }

    /// Changes of files that Git was told not to look at (`--assume-unchanged`, `--skip-worktree`).
    fn hidden(&self, git: &dyn GitProgram, contents: &Contents) -> Result<Vec<String>, ProgramError> {
        let at = self.at();
        let tagged = at.ask(git, &with_look(&["ls-files", "-v", "-z"]))?;
        let unseen = |entry: &[u8]| entry.first().is_some_and(|tag| tag.is_ascii_lowercase() || *tag == b'S');
        let paths = entries(&tagged).filter(|entry| unseen(entry)).filter_map(|entry| entry.get(2..));
        let paths: Vec<&[u8]> = paths.filter(|path| contents.files.contains_key(*path)).collect();
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let staged = at.ask(git, &["ls-files", "-s", "-z"])?;
        let staged: BTreeMap<&[u8], (&[u8], &[u8])> = entries(&staged)
            .filter_map(|entry| {
                let tab = entry.iter().position(|byte| *byte == b'\t')?;
                let mut words = entry[..tab].split(|byte| *byte == b' ');
                Some((&entry[tab + 1..], (words.next()?, words.next()?)))
            })
            .collect();
        let is_link = |path: &&[u8]| contents.files.get(*path).is_some_and(|seen| seen.kind == Kind::Symlink);
        let was_link = |path: &&[u8]| staged.get(*path).is_some_and(|(mode, _)| *mode == b"120000");
        let (mut changed, same): (Vec<_>, Vec<_>) =
            paths.into_iter().partition(|path| is_link(path) != was_link(path));
        let (links, files): (Vec<_>, Vec<_>) = same.into_iter().partition(is_link);
        let asked: Vec<u8> = files.iter().flat_map(|path| [&quoted(path)[..], b"\n"].concat()).collect();
        let hashes = at.run(git, &["hash-object", "--stdin-paths"], &asked)?.successful()?.stdout;
        let mut hashes: Vec<Vec<u8>> =
            hashes.trim_ascii().split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        hashes.truncate(files.len());
        for link in &links {
            let target = std::fs::read_link(self.path.join(paths::from_bytes(link))).unwrap_or_default();
            let hash = at.run(git, &["hash-object", "--stdin"], paths::bytes(&target))?.successful()?.stdout;
            hashes.push(hash.trim_ascii().to_vec());
        }
        let differs =
            |(path, hash): &(&&[u8], &Vec<u8>)| staged.get(**path).is_none_or(|(_, was)| was != hash);
        let all = files.iter().chain(&links).zip(&hashes).filter(differs).map(|(path, _)| *path);
        changed.extend(all.collect::<Vec<_>>());
        Ok(changed.into_iter().map(shown).collect())
    }

    fn under_way(&self) -> Option<&'static str> {
        let marks = [
            ("rebase-merge", "a rebase"),
            ("rebase-apply/applying", "applying mails (git am)"),
            ("rebase-apply", "a rebase"),
            ("MERGE_HEAD", "a merge"),
            ("CHERRY_PICK_HEAD", "a cherry-pick"),
            ("REVERT_HEAD", "a revert"),
            ("sequencer", "a cherry-pick or revert of several commits"),
            ("BISECT_LOG", "a bisection"),
        ];
        let found = marks.into_iter().find(|(mark, _)| self.git_dir.join(mark).symlink_metadata().is_ok());
        found.map(|(_, what)| what)
    }

    /// Commits that only this worktree and the branch that goes with it lead to. What is kept of
    /// others, and a stash, don't count: they are taken away too some day.
    fn own_commits<'t>(
        &self,
        git: &dyn GitProgram,
        checked_out: impl Iterator<Item = &'t str>,
        going: Option<&str>,
    ) -> Result<Vec<String>, ProgramError> {
        let own = self.own_references(git)?;
        let mut tips: Vec<String> = own.into_iter().map(|(commit, _)| commit).collect();
        tips.extend(checked_out.map(str::to_owned));
        if tips.is_empty() {
            return Ok(Vec::new());
        }
        let mut excluded: Vec<String> = ["jit/*", "stash", "bisect/*", "worktree/*", "rewritten/*"]
            .map(|kind| format!("refs/{kind}"))
            .into();
        excluded.extend(going.map(|branch| format!("refs/heads/{branch}")));
        let excluded: Vec<String> = excluded.iter().map(|kind| format!("--exclude={kind}")).collect();
        let mut arguments =
            vec!["log", "--no-show-signature", "--no-decorate", "--format=%h %s", "--stdin", "--not"];
        arguments.extend(excluded.iter().map(String::as_str));
        arguments.push("--glob=refs/*");
        // Behind `--not`, what is read counts as said before it.
        let tips: String = tips.iter().map(|tip| format!("{tip}\n")).collect();
        let listed = self.at().run(git, &arguments, tips.as_bytes())?.successful()?.stdout;
        Ok(String::from_utf8_lossy(&listed).lines().map(str::to_owned).collect())
    }

    /// References that are this worktree's alone, and go with it.
    pub(crate) fn own_references(&self, git: &dyn GitProgram) -> Result<Vec<(String, String)>, ProgramError> {
        let kinds = ["refs/bisect", "refs/worktree", "refs/rewritten"];
        let arguments: Vec<&str> =
            ["for-each-ref", "--format=%(objectname) %(refname)"].into_iter().chain(kinds).collect();
        let listed = self.at().ask(git, &arguments)?;
        let pairs = String::from_utf8_lossy(&listed).into_owned();
        let pairs = pairs.lines().filter_map(|line| line.split_once(' '));
        Ok(pairs.map(|(commit, name)| (commit.to_owned(), name.to_owned())).collect())
    }

    /// How this worktree differs from its upstream; from `main` where it has none.
    ///
    /// # Errors
    /// Where Git can't say.
    pub fn drift(&self, git: &dyn GitProgram, main: Option<&str>) -> Result<Drift, ProgramError> {
        let status = [
            "status",
            "--porcelain=v2",
            "--branch",
            "-z",
            "-unormal",
            "--no-renames",
            "--ignore-submodules=dirty",
        ];
        let listed = self.at().ask(git, &with_look(&status))?;
        let mut drift = Drift::default();
        for line in entries(&listed).map(String::from_utf8_lossy) {
            match line.strip_prefix("# ") {
                None => drift.changes += 1,
                Some(head) => {
                    if let Some(upstream) = head.strip_prefix("branch.upstream ") {
                        drift.compared_with = Some(upstream.to_owned());
                    }
                    if let Some(counts) = head.strip_prefix("branch.ab ") {
                        drift.ahead_behind = counts.split_once(' ').and_then(|(ahead, behind)| {
                            Some((
                                ahead.strip_prefix('+')?.parse().ok()?,
                                behind.strip_prefix('-')?.parse().ok()?,
                            ))
                        });
                    }
                }
            }
        }
        if let (None, Some(main)) = (&drift.compared_with, main) {
            let range = format!("HEAD...refs/heads/{main}");
            let counted = self.at().run(git, &["rev-list", "--left-right", "--count", &range, "--"], b"")?;
            let counts = String::from_utf8_lossy(counted.stdout.trim_ascii()).into_owned();
            // Fails where one of the two has no commit.
            drift.ahead_behind = counts
                .split_once('\t')
                .and_then(|(ahead, behind)| Some((ahead.parse().ok()?, behind.parse().ok()?)));
            drift.compared_with = Some(main.to_owned()).filter(|_| drift.ahead_behind.is_some());
        }
        Ok(drift)
    }
}

fn with_look<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    LOOK.into_iter().chain(arguments.iter().copied()).collect()
}

/// What a NUL ends.
pub(crate) fn entries(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == 0).filter(|entry| !entry.is_empty())
}

pub(crate) fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}
