//! `jit worktree add`

use std::path::{Path, PathBuf};

use clap::{ArgMatches, Command};
use jit_core::decide::{Attempted, Release, Renew, Target};
use jit_core::{Holder, IssueId, Lease, Reference, WorktreeId};
use jit_git::{
    Added, ConfigEnv, GitEnv, NewWorktree, Repo, SalvageError, SystemGit, Worktree, WorktreeKind, real,
};

use crate::commands::claim::acquire::Asked;
use crate::commands::{all, one, option, repeated, texts};
use crate::error::{Again, Code, Failure};
use crate::hooks::spread_to;
use crate::input::paths;
use crate::issues::tracker::Tracker;
use crate::output::{MadeWorktree, Output};
use crate::worktrees::{MAKING, branch, is_half_made};
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    paths::arguments(command)
        .arg(texts("REF", "REF", "What to claim for whoever works there: issues by their id or its beginning, things as name:THING"))
        .arg(option("branch", "BRANCH", "The branch that it is on; a new one begins at the commit that is checked out here [default: jit/<beginning of the id>-<title>]"))
        .arg(option("at", "DIR", "Where [default: ../<repository>-<beginning of the id, or branch>]"))
        .arg(option("task", "TEXT", "What the lease is for, in a line; others see it"))
        .arg(option("ttl", "DURATION", "How long the lease stands without a renewal: 90s, 10m, 2h"))
        .arg(option("wait", "DURATION", "Wait in turn, at most so long, if somebody holds it: 90s, 10m, 2h"))
        .after_help(
            "All of it, or nothing: where the claim is refused there is no worktree and no branch, and where Git\n\
             fails, or a signal asks to stop (exit 128+N), the claim is given back. The lease is that of --agent in\n\
             the new worktree, and counts anew once that is whole: renew and release it from there. Without a REF\n\
             or a --path nothing is claimed. A branch that is there already is checked out as it is. Git\n\
             does not prune the worktree: it is locked until jit worktree remove takes it away.\n\
             Where core.hooksPath leads into each worktree, jit's hooks are put there, too, if another has them.\n\
             Exit status 5: somebody holds some of it; 7: there is such a directory, or the branch is checked out\n\
             elsewhere.\n\n\
             Example: jit --agent agent:bob worktree add 3f2a91bc --path src/\n\
             Example: jit worktree add --branch try-it --at ../try-it",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let plan = Plan::read(world, matches)?;
    let asked = plan.asked(world, matches)?;
    plan.is_free(world).or_else(|_| plan.is_free_by_now(world)).map_err(|occupied| {
        // Who works there says more.
        let refusal = asked.as_ref().and_then(|asked| asked.refusal(world, &again(asked, matches)));
        refusal.unwrap_or(occupied)
    })?;
    let holder = Holder { agent: world.agent()?, worktree: WorktreeId::new(world.uuid()?) };
    if asked.is_some() {
        world.make_known()?;
    }
    // Who waits in turn has nothing to undo yet, and just ends.
    if asked.as_ref().is_some_and(|asked| !asked.waits()) {
        world.undo_when_asked_to_stop();
    }
    let lease = asked.as_ref().map(|asked| asked.granted_to(world, &holder, &again(asked, matches)));
    let lease = lease.transpose()?;
    let git = world.undo_when_asked_to_stop();
    let lease =
        plan.made(world, &git, &holder, lease.as_ref()).map_err(|failure| match (&lease, &asked) {
            (Some(_), Some(asked)) if failure.code == Code::LeaseLost => {
                failure.or_begin_anew(&again(asked, matches))
            }
            (Some(lease), _) => given_back(world, &holder, lease, failure),
            (None, _) => failure,
        })?;
    if let Err(failure) = spread_to(world, &plan.path) {
        world.warn(format!(
            "Git may ask jit nothing there, where it does elsewhere: {}: jit hooks install",
            failure.message
        ));
    }
    let now = world.now()?;
    let look = world.look(now);
    let token = asked.map(|asked| asked.minted.token);
    Ok(Output::MadeWorktree(Box::new(MadeWorktree {
        path: plan.path,
        branch: plan.branch,
        id: holder.worktree,
        lease,
        token,
        look,
    })))
}

/// The failure, with the lease given back that was taken for what came to nothing.
fn given_back(world: &World<'_>, holder: &Holder, lease: &Lease, failure: Failure) -> Failure {
    let release = Release { target: Target::Lease(lease.id), attempted: Attempted::default() };
    match world.transact_as(holder, &release) {
        Ok(_) => failure,
        Err(why) => failure.not_given_back(lease, &why),
    }
}

/// What is to be made.
struct Plan {
    branch: String,
    path: PathBuf,
}

impl Plan {
    fn read(world: &World<'_>, matches: &ArgMatches) -> Result<Self, Failure> {
        let named = all(matches, "REF");
        let first = match named.first() {
            Some(text) => Some(Named::of(world, text)?),
            None => None,
        };
        let branch = match (one(matches, "branch"), &first) {
            (Some(branch), _) => branch.to_owned(),
            (None, Some(first)) => first.branch(),
            (None, None) => {
                return Err(Failure::usage("a worktree for no REF needs a branch: --branch", ""));
            }
        };
        if !world.repo()?.may_name_branch(&SystemGit::on_path(), &branch)? {
            return Err(Failure::usage(&format!("{branch:?} can't be the name of a branch"), ""));
        }
        let path = match one(matches, "at") {
            Some(at) => real(&world.path(at)),
            None => {
                let short = first.as_ref().filter(|_| one(matches, "branch").is_none()).map(Named::short);
                beside(world, &short.unwrap_or_else(|| branch.replace('/', "-")))?
            }
        };
        outside(world, &path)?;
        Ok(Self { branch, path })
    }

    /// Whether nothing is in the way of the place and the branch; says whether there is such a branch.
    fn is_free(&self, world: &World<'_>) -> Result<bool, Failure> {
        let path = &self.path;
        let elsewhere = "name another place: --at DIR";
        let is_empty = path.read_dir().map(|mut dir| dir.next().is_none());
        if path.symlink_metadata().is_ok() && !is_empty.unwrap_or(false) {
            return Err(Failure::occupied(format!("{} is there already", path.display()), elsewhere));
        }
        let all = world.worktrees()?;
        if let Some(other) = all
            .iter()
            .find(|other| other.kind != WorktreeKind::Bare && branch(other).as_deref() == Some(&*self.branch))
        {
            if let Err(SalvageError::Gone { path, locked }) = other.is_at_its_place() {
                return Err(Failure::place_of_gone(&path, locked));
            }
            let what = format!("branch {} is checked out in {}", self.branch, other.path.display());
            return Err(Failure::occupied(what, "work there, or name another branch: --branch BRANCH"));
        }
        let at_path = |other: &&Worktree| other.kind == WorktreeKind::Linked && real(&other.path) == *path;
        if let Some(gone) = all.iter().find(at_path) {
            return Err(Failure::place_of_gone(path, gone.locked.is_some()));
        }
        Ok(world.repo()?.tip(&SystemGit::on_path(), &self.branch)?.is_some())
    }

    /// The same once what somebody left half made is taken away.
    fn is_free_by_now(&self, world: &World<'_>) -> Result<bool, Failure> {
        if world.worktrees()?.iter().any(is_half_made) {
            world.lock_worktrees()?;
        }
        self.is_free(world)
    }

    /// The lease that is asked for, if one is.
    fn asked(&self, world: &World<'_>, matches: &ArgMatches) -> Result<Option<Asked>, Failure> {
        let wants = ["REF", "path", "paths-from"].iter().any(|name| !all(matches, name).is_empty());
        wants.then(|| Ok(Asked::read(world, matches)?.of_branch(&self.branch))).transpose()
    }

    /// The worktree with its branch and its identity; what is made of it before something fails is
    /// taken away again, and nothing else. `stoppable` is a `git` that ends when this process is asked
    /// to. The answer is the lease as it stands then.
    fn made(
        &self,
        world: &World<'_>,
        stoppable: &SystemGit,
        holder: &Holder,
        lease: Option<&Lease>,
    ) -> Result<Option<Lease>, Failure> {
        let (repo, git) = (world.repo()?, SystemGit::on_path());
        let lock = world.lock_worktrees()?;
        let is_there = self.is_free(world)?;
        let start = repo.head(&git)?.filter(|_| !is_there);
        // First, and by itself: a branch that somebody else made meanwhile is theirs.
        if let Some(start) = &start {
            repo.begin_branch(&git, &self.branch, start)?;
        }
        let orphan = !is_there && start.is_none();
        let new = NewWorktree { path: &self.path, branch: &self.branch, orphan, reason: MAKING };
        let made = repo.add_worktree(stoppable, &new).map_err(Failure::from);
        // Why Git failed is known then.
        let made = world.go_on().and(made);
        let whole = made.and_then(|()| self.completed(world, holder, lease, is_there));
        let lease = whole.inspect_err(|_| {
            let gone = world.take_back(&lock, &self.path, lease.map(|lease| lease.id));
            if let (true, Some(start)) = (gone, &start) {
                let _ = repo.delete_branch(&git, &self.branch, start);
                let _ = repo.forget_begun(&git, &self.branch);
            }
        })?;
        // It is whole. What can't be locked for good now, the next one locks.
        if let Err(failure) = world.settle(&lock) {
            world.warn(failure.message);
        }
        Ok(lease)
    }

    fn completed(
        &self,
        world: &World<'_>,
        holder: &Holder,
        lease: Option<&Lease>,
        is_there: bool,
    ) -> Result<Option<Lease>, Failure> {
        // It may have taken Git longer than the lease stands, or somebody ended it.
        let renew = lease.map(|lease| Renew { target: Target::Lease(lease.id), ttl: None });
        let renewed = renew.map(|renew| world.transact_as(holder, &renew)).transpose()?;
        let modes = world.repo()?.shared_repository(&ConfigEnv::from_process())?.modes();
        let there = Repo::discover_from(&self.path, &GitEnv::default())?;
        let id = there.ensure_identity(holder.worktree.uuid(), modes, world.lock_timeout()?)?.id;
        if WorktreeId::new(id) != holder.worktree {
            let what = format!("{} was used by somebody before it was whole", self.path.display());
            return Err(Failure::occupied(what, "say it again"));
        }
        let branch = Some(self.branch.clone()).filter(|_| !is_there);
        let noted = there.note_added(&Added { branch }, modes);
        noted.map_err(|(path, error)| Failure::not_made(&path, &error))?;
        Ok(renewed.and_then(|mut renewed| renewed.leases.pop()))
    }
}

/// What a worktree is named after.
enum Named {
    Issue { id: IssueId, title: String },
    Thing(String),
}

impl Named {
    fn of(world: &World<'_>, text: &str) -> Result<Self, Failure> {
        let reference = crate::input::reference::references(world, std::slice::from_ref(&text.to_owned()))?;
        Ok(match reference.first() {
            Some(Reference::Issue(id)) => {
                let title = Tracker::around(world)?.read(*id)?.issue.title.to_string();
                Self::Issue { id: *id, title }
            }
            Some(thing) => Self::Thing(thing.to_string()),
            None => Self::Thing(text.to_owned()),
        })
    }

    fn short(&self) -> String {
        match self {
            Self::Issue { id, .. } => id.to_string().chars().take(8).collect(),
            Self::Thing(name) => slug(name.strip_prefix("name:").unwrap_or(name)),
        }
    }

    fn branch(&self) -> String {
        match self {
            Self::Issue { title, .. } => match slug(title) {
                slug if slug.is_empty() => format!("jit/{}", self.short()),
                slug => format!("jit/{}-{slug}", self.short()),
            },
            Self::Thing(_) => format!("jit/{}", self.short()),
        }
    }
}

/// Lower-case words joined by hyphens, not too many.
fn slug(text: &str) -> String {
    const MOST: usize = 40;
    let mut slug = String::new();
    for word in text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let joined = if slug.is_empty() { word.to_owned() } else { format!("{slug}-{word}") };
        if joined.chars().count() > MOST && !slug.is_empty() {
            break;
        }
        slug = joined;
    }
    slug.chars().take(MOST).collect()
}

/// A place beside the repository.
fn beside(world: &World<'_>, short: &str) -> Result<PathBuf, Failure> {
    let main = world.worktrees()?.into_iter().next().map(|main| main.path).unwrap_or_default();
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let parent = main.parent();
    // A bare repository may be called `shop.git`, or be hidden in a directory of its own.
    let called = match name(&main) {
        Some(hidden) if hidden.starts_with('.') => parent.and_then(name),
        called => called,
    };
    match (parent, called) {
        (Some(parent), Some(called)) => {
            Ok(real(&parent.join(format!("{}-{short}", called.strip_suffix(".git").unwrap_or(&called)))))
        }
        _ => Err(Failure::usage("there is no place beside this repository; name one: --at DIR", "")),
    }
}

/// Whether a place is not in Git's directory, and in no worktree of the repository unless Git ignores it
/// there.
pub(crate) fn outside(world: &World<'_>, path: &Path) -> Result<(), Failure> {
    let common = real(world.repo()?.common_dir());
    let all = world.worktrees()?;
    let roots = all.iter().filter(|other| other.kind != WorktreeKind::Bare).map(|other| real(&other.path));
    let around = |root: &PathBuf| path.starts_with(root) && path != root;
    let innermost = roots.filter(around).max_by_key(|root| root.as_os_str().len());
    let root = match innermost {
        _ if around(&common) => common,
        Some(root) if !is_ignored(&root, path)? => root,
        _ => return Ok(()),
    };
    Err(Failure::usage(
        &format!("{} is inside of {}, where it would be taken for its files", path.display(), root.display()),
        "name a place outside of the repository, or one that Git ignores: --at DIR",
    ))
}

/// Whether Git ignores a directory that is not there yet, in the worktree with this root.
fn is_ignored(root: &Path, path: &Path) -> Result<bool, Failure> {
    let Some(name) = path.strip_prefix(root).ok().and_then(Path::to_str) else { return Ok(false) };
    let around = Repo::discover_from(root, &GitEnv::default())?;
    Ok(!around.ignored(&SystemGit::on_path(), &[name, &format!("{name}/")])?.is_empty())
}

/// The command that asks for the same again.
fn again(asked: &Asked, matches: &ArgMatches) -> Again {
    let named = asked.claim.references().iter().map(|reference| format!(" {reference}"));
    let head = format!("jit worktree add{}", named.collect::<String>());
    let head = repeated(head, matches, &["path", "paths-from", "branch", "at", "ttl", "task"]);
    Again { head: paths::repeated_shared(head, matches), tail: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_is_named_after_what_is_to_be_done() {
        let id: IssueId = "3f2a91bc-37ac-4462-a5be-93b03e8de64e".parse().unwrap();
        for (title, branch) in [
            ("Rename users", "jit/3f2a91bc-rename-users"),
            ("  fix: `a..b` ~ (again)! ", "jit/3f2a91bc-fix-a-b-again"),
            ("Überprüfung 日本", "jit/3f2a91bc-überprüfung-日本"),
            (
                "a title that goes on for much longer than any branch should",
                "jit/3f2a91bc-a-title-that-goes-on-for-much-longer",
            ),
            ("?!", "jit/3f2a91bc"),
        ] {
            assert_eq!(Named::Issue { id, title: title.into() }.branch(), branch);
        }
        assert_eq!(Named::Thing("name:deploy/db.lock".into()).branch(), "jit/deploy-db-lock");
        assert_eq!(slug(&"x".repeat(100)).len(), 40);
    }
}
