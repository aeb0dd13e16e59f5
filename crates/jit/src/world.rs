//! The real world, built once and only as far as a command needs it.

mod caller;
mod writing;

use std::cell::{OnceCell, RefCell};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use clap::ArgMatches;
use jit_core::decide::{Bar, Barred};
use jit_core::{
    AgentId, ControlPlaneId, Event, Holder, IssueId, Lease, LeaseId, Note, Now, Policy, PolicyError,
    PolicyWarning, Query, Reference, Refusal, Request, Token, View, WorktreeId, parse_duration,
};
use jit_git::{ConfigEnv, GitEnv, Repo, SystemGit};
use jit_store::clock::Clock;
use jit_store::os::{Modes, OsClock, OsDisk, random};
use jit_store::{Options, StepError, Store, StoreError, read_text};
use jit_tracker::{Actor, Held, SharedLock};
use uuid::Builder;

use crate::error::{Failure, unknown_setting};
use crate::running::stopping::Stopping;

pub(crate) use caller::options;

/// The store as the program uses it.
pub(crate) type RealStore = Store<OsDisk, OsClock>;

/// The lease policy's file, in the control plane.
pub(crate) const POLICY: &str = "config.toml";

/// Everything outside the program.
pub(crate) struct World<'m> {
    matches: &'m ArgMatches,
    /// How long another process is waited for at most, whatever the caller said.
    patience: Option<Duration>,
    /// Where it is looked at from, and as whom, whatever the caller said.
    place: Option<PathBuf>,
    acting: Option<AgentId>,
    repo: OnceCell<Repo>,
    policy: OnceCell<Result<Policy, PolicyError>>,
    store: OnceCell<RealStore>,
    /// What the policy's file says that nobody knows.
    unknown: RefCell<Vec<PolicyWarning>>,
    warnings: RefCell<Vec<String>>,
    /// That this process makes a worktree.
    pub(crate) making: RefCell<Option<SharedLock>>,
    /// What there is to undo, should this process be asked to stop.
    pub(crate) stopping: OnceCell<Stopping>,
}

/// What is minted for one acquisition.
pub(crate) struct Minted {
    pub(crate) lease: LeaseId,
    pub(crate) token: Token,
}

impl<'m> World<'m> {
    pub(crate) fn new(matches: &'m ArgMatches) -> Self {
        Self {
            matches,
            patience: None,
            place: None,
            acting: None,
            repo: OnceCell::new(),
            policy: OnceCell::new(),
            store: OnceCell::new(),
            unknown: RefCell::default(),
            warnings: RefCell::default(),
            making: RefCell::default(),
            stopping: OnceCell::new(),
        }
    }

    /// The same world, looked at again, as another process would: for one that runs for hours.
    pub(crate) fn anew(&self, patience: Duration) -> Self {
        Self { patience: Some(patience), ..Self::new(self.matches) }
    }

    /// Whether a program reads what is said.
    pub(crate) fn speaks_json(&self) -> bool {
        self.matches.get_flag("json")
    }

    /// Whether a question would be read by somebody who can answer it.
    pub(crate) fn somebody_can_answer(&self) -> bool {
        !self.speaks_json() && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// What the user should know besides, whether the command worked or not.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let unknown = self.unknown.borrow();
        let path = self.control_plane().unwrap_or_default().join(POLICY);
        let unknown = unknown.iter().map(|warning| unknown_setting(&path, warning));
        let unsealed = self.store.get().and_then(Store::unsealed).map(ToString::to_string);
        let unsealed = unsealed.map(|damage| {
            format!("{damage}: leases may get lost; show this to a person, who is told what can be done by: jit doctor")
        });
        unknown.chain(self.warnings.borrow().iter().cloned()).chain(unsealed).collect()
    }

    /// What the policy's file says that nobody knows; whoever takes it answers for it, and it is
    /// not warned of any more.
    pub(crate) fn take_unknown(&self) -> Vec<PolicyWarning> {
        self.unknown.take()
    }

    /// As the file is now.
    pub(crate) fn set_unknown(&self, unknown: Vec<PolicyWarning>) {
        self.unknown.replace(unknown);
    }

    /// Tells the user something besides, once.
    pub(crate) fn warn(&self, warning: String) {
        let mut warnings = self.warnings.borrow_mut();
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    /// The repository around the current directory, or around `-C`.
    pub(crate) fn repo(&self) -> Result<&Repo, Failure> {
        if let Some(repo) = self.repo.get() {
            return Ok(repo);
        }
        let env = GitEnv::from_process();
        let repo = match self.dir() {
            Some(dir) => match std::fs::metadata(&dir) {
                Ok(found) if found.is_dir() => Repo::discover_from(&dir, &env)?,
                Ok(_) => return Err(Failure::bad_directory(&dir, "it is no directory")),
                Err(error) => return Err(Failure::bad_directory(&dir, &error.to_string())),
            },
            None => {
                let cwd = std::env::current_dir().map_err(|error| Failure::no_directory(&error))?;
                Repo::discover(&cwd, &env)?
            }
        };
        Ok(self.repo.get_or_init(|| repo))
    }

    /// Where the control plane is, or would be.
    pub(crate) fn control_plane(&self) -> Result<PathBuf, Failure> {
        Ok(self.repo()?.common_dir().join("jit"))
    }

    fn disk(&self) -> Result<OsDisk, Failure> {
        let path = self.control_plane()?;
        // Only one who makes the control plane needs to know how it is shared.
        let modes = match path.symlink_metadata() {
            Ok(_) => Modes::default(),
            Err(_) => {
                let shared = self.repo()?.shared_repository(&ConfigEnv::from_process())?;
                Modes { dir: shared.dir_mode() }
            }
        };
        Ok(OsDisk::at(path, modes))
    }

    /// The policy that binds this repository. Who only looks does not need it.
    pub(crate) fn policy(&self) -> Result<&Policy, Failure> {
        self.store()?;
        match self.policy.get() {
            Some(Ok(policy)) => Ok(policy),
            Some(Err(error)) => Err(Failure::policy(error)),
            // Set together with the store.
            None => Err(Failure::policy_text("it was not read")),
        }
    }

    /// The leases.
    pub(crate) fn store(&self) -> Result<&RealStore, Failure> {
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        let disk = self.disk()?;
        let text = match read_text(&disk, POLICY) {
            Ok(text) => Ok(text),
            // Who only looks does not need it.
            Err(StoreError::Io { source, .. }) => Err(PolicyError::Unreadable(source.to_string())),
            Err(error) => return Err(self.trouble(error)),
        };
        let policy = text.and_then(|text| Policy::parse(&text)).map(|(policy, unknown)| {
            self.set_unknown(unknown);
            policy
        });
        let rules = policy.clone().unwrap_or_default();
        let options = Options {
            lock_timeout: self.lock_timeout()?,
            allow_shared_filesystem: rules.allow_shared_filesystem,
            compact_at: rules.compact_at,
            fresh: ControlPlaneId::new(self.uuid()?),
        };
        let _ = self.policy.set(policy);
        Ok(self.store.get_or_init(|| Store::new(disk, OsClock, options)))
    }

    /// How long another process that changes something is waited for.
    pub(crate) fn lock_timeout(&self) -> Result<Duration, Failure> {
        let said = self.option("lock-timeout").map(parse_duration).transpose();
        let said = said.map_err(|error| Failure::usage(&format!("--lock-timeout: {error}"), ""))?;
        let timeout = said.unwrap_or(Duration::from_secs(5));
        Ok(self.patience.map_or(timeout, |patience| patience.min(timeout)))
    }

    /// Both clocks, now.
    pub(crate) fn now(&self) -> Result<Now, Failure> {
        OsClock.now().map_err(|error| Failure::clock(&error))
    }

    pub(crate) fn uuid(&self) -> Result<uuid::Uuid, Failure> {
        let bytes = random().map_err(|error| Failure::clock(&error))?;
        Ok(Builder::from_random_bytes(bytes).into_uuid())
    }

    /// A number that nobody else has.
    pub(crate) fn nonce(&self) -> Result<u64, Failure> {
        random().map(u64::from_ne_bytes).map_err(|error| Failure::clock(&error))
    }

    /// What a new lease needs.
    pub(crate) fn mint(&self) -> Result<Minted, Failure> {
        // One call to the kernel for both.
        let bits: [u8; 32] = random().map_err(|error| Failure::clock(&error))?;
        let [mut lease, mut token] = [[0; 16]; 2];
        lease.copy_from_slice(&bits[..16]);
        token.copy_from_slice(&bits[16..]);
        Ok(Minted {
            lease: LeaseId::new(Builder::from_random_bytes(lease).into_uuid()),
            token: Token::new(token),
        })
    }

    /// Who asks, to read; `None` where this worktree never wrote.
    pub(crate) fn reader(&self) -> Result<Option<Holder>, Failure> {
        let agent = self.agent()?;
        let identity = self.repo()?.read_identity()?;
        Ok(identity.map(|identity| Holder { agent, worktree: WorktreeId::new(identity.id) }))
    }

    /// Who asks, to read, as one who may have no leases.
    pub(crate) fn reading_holder(&self) -> Result<Holder, Failure> {
        let nobody = || Ok(Holder { agent: self.agent()?, worktree: WorktreeId::new(uuid::Uuid::nil()) });
        self.reader()?.map_or_else(nobody, Ok)
    }

    /// Who changes each of these issues: the holder, with the lease that the change is made under.
    pub(crate) fn actors_on(&self, issues: Vec<Reference>, holder: &Holder) -> Result<Vec<Actor>, Failure> {
        let leases = self.read(&Covering(issues))?;
        let actor = |lease: Option<Lease>| {
            let held = lease.filter(|lease| lease.holder.acts_for(holder));
            let lease = held.map(|lease| Held { lease_id: lease.id, fence: lease.fence });
            Actor { agent: holder.agent.clone(), worktree: holder.worktree, lease }
        };
        Ok(leases.into_iter().map(actor).collect())
    }

    /// The branch that is checked out here.
    pub(crate) fn branch(&self) -> Result<Option<String>, Failure> {
        Ok(self.repo()?.branch(&SystemGit::on_path())?.map(|branch| branch.to_string()))
    }

    /// Asks for a change of the leases.
    pub(crate) fn transact<R: Request>(&self, request: &R) -> Result<R::Answer, Failure> {
        self.transact_as(&self.holder()?, request)
    }

    /// The same for a holder who was told apart before.
    pub(crate) fn transact_as<R: Request>(&self, holder: &Holder, request: &R) -> Result<R::Answer, Failure> {
        let (store, policy) = (self.store()?, self.policy()?);
        store.transact(request, holder, policy).map_err(|error| self.step_failed::<R>(error))
    }

    /// Wakes those who wait for something to claim.
    pub(crate) fn something_changed(&self) {
        if let Ok(store) = self.store() {
            store.tell();
        }
    }

    /// Notes for statistics what changed no lease; nobody learns of it when that fails.
    pub(crate) fn note(&self, issues: Vec<Reference>, event: Event) {
        if let (Ok(store), Ok(agent), Ok(now)) = (self.store(), self.agent(), self.now()) {
            store.note(&Note { at: now.wall, agent, issues, event });
        }
    }

    /// Asks a question about the leases.
    pub(crate) fn read<Q: Query>(&self, query: &Q) -> Result<Q::Answer, Failure> {
        self.store()?.read(query).map_err(|error| self.trouble(error))
    }

    /// What can't be done to an issue that ended.
    pub(crate) fn ended(&self, issue: IssueId, bar: Bar) -> Failure {
        let barred = vec![Barred { reference: Reference::Issue(issue), bar }];
        match self.now() {
            Ok(now) => Failure::refused(&Refusal::Barred(barred), &self.look(now)),
            Err(failure) => failure,
        }
    }

    /// What trouble with the store means to the user.
    pub(crate) fn trouble(&self, error: StoreError) -> Failure {
        Failure::store(&error, &self.control_plane().unwrap_or_default())
    }

    /// What a step that did not end in a durable grant means to the user.
    pub(crate) fn step_failed<R: Request>(&self, error: StepError<R::Answer>) -> Failure {
        match error {
            StepError::Refused(refusal) => match self.now() {
                Ok(now) => Failure::refused(&refusal, &self.look(now)),
                Err(failure) => failure,
            },
            StepError::DurabilityUnknown { answer, seq } => {
                Failure::durability_unknown(&R::leases(&answer), seq)
            }
            StepError::Store(error) => self.trouble(error),
        }
    }
}

/// The leases that cover references and stand.
struct Covering(Vec<Reference>);

impl Query for Covering {
    type Answer = Vec<Option<Lease>>;

    fn asks_much(&self) -> bool {
        self.0.len() > 16
    }

    fn ask<V: View>(&self, view: &V, now: &Now) -> Result<Self::Answer, V::Error> {
        let standing = |reference| -> Result<Option<Lease>, V::Error> {
            Ok(view.covering(reference)?.filter(|lease| !lease.lapsed(&now.stamp)))
        };
        self.0.iter().map(standing).collect()
    }
}
