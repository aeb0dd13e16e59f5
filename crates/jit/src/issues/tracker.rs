//! The issues, as this worktree sees them: its own files first, then what is committed at HEAD,
//! then the main worktree's.

mod elsewhere;
mod half_deleted;
mod head;
mod later;
mod uncommitted;
mod unmerged;
mod unwritable;

use std::collections::HashSet;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jit_core::{IssueId, Reference, WallTime};
use jit_git::WorktreeKind;
use jit_tracker::events::{self, Events};
use jit_tracker::issue_file;
use jit_tracker::{
    Cache, Change, Dir, Event, EventId, Issue, Issues, Kept, Listed, Listing, Origin, ResolveError, Source,
    changes, issues, read_cache, write_cache,
};

use crate::error::{Code, Failure};
use crate::issues::lock::IssueLock;
use crate::issues::merging::ensure_driver;
use crate::issues::tracker::head::Head;
use crate::world::World;

pub(crate) use elsewhere::{HEADS, Said, head_name};
pub(crate) use uncommitted::warn_of_uncommitted;
pub(crate) use unmerged::Unmerged;
pub(crate) use unwritable::warn_of_unwritable;

/// Where issues are, below a worktree's root.
const ISSUES: &str = ".jit/issues";
/// What need not be read again, in the worktree's Git directory.
const CACHE: &str = "issues.cache";
/// Where events are.
const EVENTS: &str = ".jit/events";

/// The files of issues that this worktree consults.
pub(crate) struct Tracker<'w> {
    world: &'w World<'w>,
    /// This worktree's; a bare repository has none.
    own: Option<Dir>,
    head: Head<'w>,
    /// What the main worktree's HEAD has otherwise, seen from a linked one.
    main_head: Option<Head<'w>>,
    /// The main worktree's, seen from a linked one.
    main: Option<Dir>,
}

impl<'w> Tracker<'w> {
    /// What is around the current directory; nothing is read yet.
    pub(crate) fn around(world: &'w World<'w>) -> Result<Self, Failure> {
        let repo = world.repo()?;
        let own = repo.worktree().map(|root| opened(root, ISSUES, Origin::Worktree)).transpose()?;
        let main = match repo.is_linked() {
            true => main_root(world)?.map(|root| opened(&root, ISSUES, Origin::Main)).transpose()?,
            false => None,
        };
        let main_head = repo.is_linked().then(|| Head::of_main(repo, ISSUES));
        Ok(Self { world, own, head: Head::of(repo, ISSUES), main_head, main })
    }

    fn issues(&self) -> Issues<'_> {
        let own = self.own.as_ref().map(|dir| dir as &dyn Source);
        let main = self.main.as_ref().map(|dir| dir as &dyn Source);
        Issues::new(own.into_iter().chain([&self.head as &dyn Source]).chain(main).collect())
    }

    /// The issue that a word is the id of, or the beginning of one.
    pub(crate) fn resolve(&self, word: &str) -> Result<IssueId, Failure> {
        self.issues().resolve(word).map_err(|error| match error {
            ResolveError::Unreadable(error) => self.broken(&error),
            ResolveError::Ambiguous { word, candidates } => Failure::ambiguous(&word, &candidates),
            ResolveError::NoPrefix { .. } if word.chars().all(|c| c.is_ascii_hexdigit()) => {
                Failure::too_few_digits(word, &error)
            }
            ResolveError::NoPrefix { .. } | ResolveError::NotFound { .. } => Failure::no_such_issue(word),
        })
    }

    /// Where the file of an issue is in this worktree, relative to its root.
    pub(crate) fn file(&self, id: IssueId) -> String {
        format!("{ISSUES}/{}", issue_file::file_name(id))
    }

    /// Whether one of the directories has a file of this issue; Git is not asked.
    pub(crate) fn has_file(&self, id: IssueId) -> bool {
        let name = issue_file::file_name(id);
        let has = |dir: &Dir| dir.identity(&name).is_ok_and(|identity| identity.is_some());
        self.own.iter().chain(&self.main).any(has)
    }

    /// An issue, and where it was found.
    pub(crate) fn read(&self, id: IssueId) -> Result<Listed<Issue>, Failure> {
        if self.is_half_deleted(id) {
            let (what, way) = self.half_deleted(id);
            self.world.warn(format!("{what}; {way}"));
        }
        self.there(id)
    }

    /// The same for whoever need not be told that its deletion was left half done.
    pub(crate) fn there(&self, id: IssueId) -> Result<Listed<Issue>, Failure> {
        self.find(id)?.ok_or_else(|| Failure::no_such_issue(&id.to_string()))
    }

    /// An issue, if there is one.
    pub(crate) fn find(&self, id: IssueId) -> Result<Option<Listed<Issue>>, Failure> {
        self.issues().read(id).map_err(|error| self.broken(&error))
    }

    /// Every issue with its description. One that is broken is not left out silently.
    pub(crate) fn whole(&self) -> Result<Vec<Issue>, Failure> {
        let listing = self.list()?;
        if let Some(error) = listing.broken.first() {
            return Err(self.broken(error));
        }
        let found = listing.issues.iter().map(|listed| self.find(listed.issue.id));
        Ok(found.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().map(|found| *found.issue).collect())
    }

    /// Every event, from the same places as the issues.
    pub(crate) fn events(&self) -> Result<Events, Failure> {
        let repo = self.world.repo()?;
        let at = |root: &Path, origin| opened(root, EVENTS, origin);
        let own = repo.worktree().map(|root| at(root, Origin::Worktree)).transpose()?;
        let main = match repo.is_linked() {
            true => main_root(self.world)?.map(|root| at(&root, Origin::Main)).transpose()?,
            false => None,
        };
        let head = Head::of(repo, EVENTS);
        let dirs = own.iter().chain(&main).map(|dir| dir as &dyn Source);
        Ok(events::read(&dirs.chain([&head as &dyn Source]).collect::<Vec<_>>()))
    }

    /// Every issue, and what is broken. Of ends that were written later elsewhere, those are noted
    /// that the main worktree has committed: to look at all of its files would cost as much again.
    pub(crate) fn list(&self) -> Result<Listing, Failure> {
        let repo = self.world.repo()?;
        let path = repo.git_dir().join("jit").join(CACHE);
        let mut cache = Cache::new(read_cache(&path), self.world.now()?.wall);
        let ends = self.main_head.iter().map(|head| head as &dyn Source).collect();
        let listing = self.issues().with_ends(ends).list(&mut cache);
        if let Some(bytes) = cache.finish() {
            // Without it the next listing reads the files again.
            let _ = self.world.cache_dir().map(|dir| write_cache(&dir.join(CACHE), &bytes));
        }
        Ok(listing)
    }

    fn writable(&self) -> Result<&Dir, Failure> {
        self.own.as_ref().ok_or_else(Failure::no_worktree)
    }

    fn not_written(&self, error: &std::io::Error) -> Failure {
        Failure::not_made(&self.root().join(ISSUES), error)
    }

    /// The worktree's root; in a bare repository, where Git can be asked.
    pub(crate) fn root(&self) -> PathBuf {
        let repo = self.world.repo().ok();
        repo.map_or(Path::new(""), |repo| repo.worktree().unwrap_or(repo.git_dir())).to_owned()
    }

    /// What is to be told of changes.
    fn events_of(&self, rewrites: &[Rewrite<'_>]) -> Result<Vec<Event>, Failure> {
        let holder = self.world.holder()?;
        let at = self.world.now()?.wall;
        let ids = rewrites.iter().map(|rewrite| Reference::Issue(rewrite.id)).collect();
        let actors = self.world.actors_on(ids, &holder)?;
        let mut events = Vec::new();
        for (Rewrite { id: issue, before, after }, actor) in rewrites.iter().zip(actors) {
            for change in changes(*before, *after) {
                let id = EventId::new(self.world.uuid()?);
                let (schema_version, actor) = (Default::default(), actor.clone());
                events.push(Event { schema_version, id, at, actor, issue: *issue, change });
            }
        }
        Ok(events)
    }

    /// This worktree's file of events, from its root.
    pub(crate) fn events_file(&self) -> Result<String, Failure> {
        Ok(format!("{EVENTS}/{}", events::file_name(self.world.holder()?.worktree)))
    }

    /// Appends to this worktree's file.
    fn append(&self, events: &[Event]) -> Result<(), Failure> {
        let dir = opened(&self.root(), EVENTS, Origin::Worktree)?;
        events::append(&dir, self.world.holder()?.worktree, events)
            .map_err(|error| Failure::not_made(&self.root().join(EVENTS), &error))
    }
}

/// An issue as it was seen, and as its file is to say; nothing where there is none.
#[derive(Clone, Copy)]
pub(crate) struct Rewrite<'i> {
    id: IssueId,
    before: Option<&'i Issue>,
    after: Option<&'i Issue>,
}

impl<'i> Rewrite<'i> {
    /// It is written.
    pub(crate) fn of(before: Option<&'i Issue>, after: &'i Issue) -> Self {
        Self { id: after.id, before, after: Some(after) }
    }

    /// It is deleted.
    pub(crate) fn away(before: &'i Issue) -> Self {
        Self { id: before.id, before: Some(before), after: None }
    }

    fn reversed(self) -> Self {
        Self { before: self.after, after: self.before, ..self }
    }
}

/// The files of issues, to be changed: no other process of this worktree does so meanwhile. What
/// is read before is not to be relied on.
pub(crate) struct Changing<'w> {
    tracker: Tracker<'w>,
    _lock: IssueLock,
}

impl<'w> Deref for Changing<'w> {
    type Target = Tracker<'w>;

    fn deref(&self) -> &Tracker<'w> {
        &self.tracker
    }
}

impl<'w> Changing<'w> {
    /// What is around the current directory, locked.
    pub(crate) fn around(world: &'w World<'w>) -> Result<Self, Failure> {
        let tracker = Tracker::around(world)?;
        tracker.writable()?;
        let lock = world.lock_issues()?;
        if let Err(failure) = ensure_driver(world) {
            world.warn(format!(
                "Git will merge issues by lines until this works: jit init: {}",
                failure.message
            ));
        }
        Ok(Self { tracker, _lock: lock })
    }

    /// Writes what a change made of issues into this worktree's files, behind the events of it: of a
    /// process that dies in between, the events may be told twice, and are never lost.
    pub(crate) fn write(&self, rewrites: &[Rewrite<'_>]) -> Result<(), Failure> {
        self.adopt(Vec::new(), rewrites)
    }

    /// The same together with events that came from elsewhere. What stops half way is completed by
    /// writing the same again: each file is the old one or the new one.
    pub(crate) fn adopt(&self, events: Vec<Event>, rewrites: &[Rewrite<'_>]) -> Result<(), Failure> {
        self.tell(events, rewrites)?;
        self.put(rewrites)
    }

    /// Writes files, then lets the log follow by `step`.
    pub(crate) fn write_then<T>(
        &self,
        rewrites: &[Rewrite<'_>],
        step: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.adopt_then(Vec::new(), rewrites, step)
    }

    /// The same as [`Self::adopt`], then lets the log follow by `step`. What fails is taken back, so
    /// that the files are what they were, unless the log may have followed all the same. To write an
    /// issue takes the word away that it was deleted, so one that is half deleted is changed by it.
    pub(crate) fn adopt_then<T>(
        &self,
        events: Vec<Event>,
        rewrites: &[Rewrite<'_>],
        step: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let is_change =
            |rewrite: &&Rewrite<'_>| rewrite.before != rewrite.after || self.is_half_deleted(rewrite.id);
        let changed: Vec<_> = rewrites.iter().filter(is_change).copied().collect();
        let own = self.writable()?;
        let kept = changed.iter().map(|rewrite| Kept::of(own, rewrite.id)).collect::<Result<Vec<_>, _>>();
        let kept = kept.map_err(|error| self.not_written(&error))?;
        self.tell(events, &changed)?;
        self.put(&changed).and_then(|()| step()).inspect_err(|failure| {
            if failure.code != Code::DurabilityUnknown {
                // Whatever is in the way of it was told already.
                let _ = kept.iter().try_for_each(|kept| kept.put_back(own));
                let back: Vec<_> = changed.iter().map(|rewrite| rewrite.reversed()).collect();
                let _ = self.tell(Vec::new(), &back);
            }
        })
    }

    fn tell(&self, mut events: Vec<Event>, rewrites: &[Rewrite<'_>]) -> Result<(), Failure> {
        let is_creation = |event: &Event| event.change == Change::Created;
        // That comes with its own.
        let created: HashSet<IssueId> =
            events.iter().filter(|event| is_creation(event)).map(|event| event.issue).collect();
        let own = self.events_of(rewrites)?.into_iter();
        events.extend(own.filter(|event| !(is_creation(event) && created.contains(&event.issue))));
        self.append(&events)
    }

    fn put(&self, rewrites: &[Rewrite<'_>]) -> Result<(), Failure> {
        let own = self.writable()?;
        let after: Vec<&Issue> = rewrites.iter().filter_map(|rewrite| rewrite.after).collect();
        let mut away = rewrites.iter().filter(|rewrite| rewrite.after.is_none());
        issues::write(own, &after)
            .and_then(|()| away.try_for_each(|rewrite| issues::delete(own, rewrite.id)))
            .map_err(|error| self.not_written(&error))
    }
}

fn opened(root: &Path, below: &str, origin: Origin) -> Result<Dir, Failure> {
    Dir::below(root, below, origin).map_err(|error| Failure::not_read(&root.join(below), &error))
}

/// The root of the main worktree, if there is one.
fn main_root(world: &World<'_>) -> Result<Option<PathBuf>, Failure> {
    let worktrees = world.repo()?.worktrees(&jit_git::SystemGit::on_path())?;
    let main = worktrees.into_iter().find(|worktree| worktree.kind == WorktreeKind::Main);
    Ok(main.map(|worktree| worktree.path))
}

/// The time that a change is said to be of: after the one it changes, whose clock may have been ahead.
pub(crate) fn later(now: WallTime, before: WallTime) -> WallTime {
    now.max(before.plus(Duration::from_millis(1)))
}
