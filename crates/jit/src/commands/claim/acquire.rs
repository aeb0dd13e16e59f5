//! `jit claim acquire`

use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command};
use jit_core::decide::{Acquire, Candidate, Resume, Terms};
use jit_core::{Claim, Holder, IssueId, Lease, Now, Reference, Token, Touch};

use crate::commands::{all, duration, option, parsed, repeated, texts, warn_of_its_end};
use crate::error::{Again, Code, Failure};
use crate::input::paths;
use crate::input::reference::{claim, references};
use crate::issues::known;
use crate::issues::tracker::{Tracker, warn_of_uncommitted, warn_of_unwritable};
use crate::issues::unrecorded::warn_of_left;
use crate::output::Output;
use crate::waiting;
use crate::world::{Minted, World};

pub(crate) fn arguments(command: Command) -> Command {
    paths::arguments(command)
        .arg(texts("REF", "REF", "What to take, all of it or nothing: issues by their id or its beginning, things as name:THING; none for a lease of paths alone"))
        .arg(option("task", "TEXT", "What for, in a line; others see it"))
        .arg(option("ttl", "DURATION", "How long it stands without a renewal: 90s, 10m, 1h30m, 1d, a plain number is seconds; more than `jit config get max_ttl` says is bad usage [default: 10m, or what `jit config get ttl` says]"))
        .arg(option("wait", "DURATION", "Wait in turn, at most so long, if somebody holds it: 90s, 10m, 2h"))
        .arg(
            option("resume", "TOKEN", "Carry on with a lease of one's own, in the worktree that holds it: the token that its grant showed")
                .conflicts_with_all(["task", "ttl", "wait", "dry-run", "path", "paths-from", "shared"]),
        )
        .arg(
            Arg::new("dry-run")
                .long("dry-run")
                .action(ArgAction::SetTrue)
                .help("Take nothing; say whether it would be granted, with the same exit status"),
        )
        .arg(
            Arg::new("override-quarantine")
                .long("override-quarantine")
                .action(ArgAction::SetTrue)
                .help("Take what failed too often all the same"),
        )
        .after_help(
            "The answer shows the lease's id and, this once, its token. Exit status 5: somebody holds some of\n\
             it (each holder is named), or waits for it; 8: waited in vain.\n\n\
             Paths are relative to the current directory. One that exists, is tracked, or has nothing of a glob\n\
             covers itself and all below it; any other is a glob of whole paths, `*` and `?` within a directory,\n\
             `**` across. :(literal)PATH and :(glob)PATH force it, :/PATH is relative to the root.\n\n\
             Examples: jit claim acquire name:schema name:docs --ttl 30m --task \"rename users\" --wait 2m\n          \
             jit claim acquire --path src/parser/ --path 'tests/parse*.rs' --task \"new lexer\"",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    if let Some(token) = parsed::<Token>(matches, "resume")? {
        let issues = references(world, &all(matches, "REF"))?;
        let request = Resume { issues, token: token.hash() };
        let lease = world.transact(&request)?;
        let look = world.glance(world.now()?, Some(&lease));
        return Ok(Output::Granted { did: "resumed", lease, token: None, look });
    }
    let asked =
        Asked { despite_failures: matches.get_flag("override-quarantine"), ..Asked::read(world, matches)? };
    let again = Again { head: again(&asked.claim, matches), tail: String::new() };
    if matches.get_flag("dry-run") {
        return rehearse(world, &asked, &again);
    }
    let granted = asked.granted(world, &again);
    if asked.claim.references().iter().any(Reference::is_issue) {
        // What can't be found out is not told.
        let _ = warn_of_left(world);
    }
    let lease = granted?;
    let now = Now { stamp: lease.renewed, wall: lease.acquired_at };
    warn_of_its_end(world, &lease, &now)?;
    warn_of_uncommitted(world, std::slice::from_ref(&lease));
    warn_of_unwritable(world, std::slice::from_ref(&lease));
    let look = world.glance(now, Some(&lease));
    Ok(Output::Granted { did: "acquired", lease, token: Some(asked.minted.token), look })
}

/// A lease that is asked for.
pub(crate) struct Asked {
    pub(crate) claim: Claim,
    pub(crate) minted: Minted,
    terms: Terms,
    wait: Option<Duration>,
    despite_failures: bool,
}

impl Asked {
    /// What the arguments name, with paths, task, TTL and how long to wait.
    pub(crate) fn read(world: &World<'_>, matches: &ArgMatches) -> Result<Self, Failure> {
        let terms = Terms { task: parsed(matches, "task")?, branch: None, ttl: parsed(matches, "ttl")? };
        let wait = duration(matches, "wait")?;
        let claim = claim(world, &all(matches, "REF"), paths::scope(world, matches)?)?;
        let (minted, branch) = (world.mint()?, world.branch()?);
        Ok(Self { claim, minted, terms: Terms { branch, ..terms }, wait, despite_failures: false })
    }

    fn request(&self, world: &World<'_>, ticket: Option<u64>) -> Result<Acquire, Failure> {
        Ok(Acquire {
            id: self.minted.lease,
            token: self.minted.token.hash(),
            claim: self.claim.clone(),
            filed: filed(world, self.claim.references())?,
            despite_failures: self.despite_failures,
            terms: self.terms.clone(),
            ticket,
        })
    }

    /// Whether it may wait in turn.
    pub(crate) fn waits(&self) -> bool {
        self.wait.is_some()
    }

    /// The same of another branch than the one that is checked out here.
    pub(crate) fn of_branch(mut self, branch: &str) -> Self {
        self.terms.branch = Some(branch.to_owned());
        self
    }

    /// Why it would be refused, if it would be; nobody's failure to look counts.
    pub(crate) fn refusal(&self, world: &World<'_>, again: &Again) -> Option<Failure> {
        let refused = world.rehearse(&self.request(world, None).ok()?).err()?;
        Some(Failure { refused: None, ..refused }.with_wait(again))
    }

    /// The lease, for a holder who is not here, once nothing is in the way.
    pub(crate) fn granted_to(
        &self,
        world: &World<'_>,
        holder: &Holder,
        again: &Again,
    ) -> Result<Lease, Failure> {
        let granted = waiting::transact_as(world, holder, self.wait, Some(&self.claim), |ticket| {
            self.request(world, ticket)
        });
        granted.map_err(|failure| failure.with_token(&self.minted.token).with_wait(again))
    }

    /// The lease, once nothing is in the way. `again` is the command that asks for the same again.
    pub(crate) fn granted(&self, world: &World<'_>, again: &Again) -> Result<Lease, Failure> {
        let granted =
            waiting::transact(world, self.wait, Some(&self.claim), |ticket| self.request(world, ticket));
        granted.map_err(|failure| {
            failure
                .with_token(&self.minted.token)
                .or_renew(&format!("jit claim renew {}", self.minted.lease))
                .with_wait(again)
        })
    }
}

/// What files say of the issues among these.
fn filed(world: &World<'_>, issues: &[Reference]) -> Result<Vec<Candidate>, Failure> {
    let ids: Vec<IssueId> = issues.iter().filter_map(Reference::issue).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    known::all_filed(&Tracker::around(world)?, &ids)
}

/// The command that asks for the same again.
fn again(claim: &Claim, matches: &ArgMatches) -> String {
    let named = claim.references().iter().map(|reference| format!(" {reference}"));
    let command = format!("jit claim acquire{}", named.collect::<String>());
    let command = repeated(command, matches, &["path", "paths-from", "ttl", "task"]);
    paths::repeated_shared(command, matches)
}

fn rehearse(world: &World<'_>, asked: &Asked, again: &Again) -> Result<Output, Failure> {
    world.could_write()?;
    let failure = match world.rehearse(&asked.request(world, None)?) {
        Ok(lease) => return Ok(Output::WouldGrant { lease }),
        // A rehearsal is not counted.
        Err(failure) => Failure { refused: None, ..failure },
    };
    if failure.code != Code::Held || failure.hint.is_some() || asked.claim.scope().is_none() {
        return Err(failure.with_wait(again));
    }
    let paths = asked.claim.scope().clone();
    let touched = world.read(&Touch { actor: world.reading_holder()?, paths, against: None })?;
    Err(failure.with_wait(again).with_ways(&touched, &world.look(touched.now)))
}
