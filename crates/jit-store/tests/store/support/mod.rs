//! What the tests share.

pub mod ask;
pub mod backend;
pub mod check;
pub mod disk;
pub mod dump;
pub mod inode;
pub mod machine;
pub mod past;
pub mod random;
pub mod scenarios;

use std::rc::Rc;
use std::time::Duration;

use jit_core::{
    Case, Claim, ControlPlaneId, Holder, LeaseId, Mode, Policy, Reference, References, Scope, Token, Ttl,
    WorktreeId,
};
use jit_store::{Keeper, Options, Store};
use uuid::Uuid;

use disk::{MemDisk, SimClock};
use machine::Machine;

/// A store on a simulated machine.
pub type SimStore = Store<MemDisk, SimClock>;

pub const SEC: u64 = 1_000_000_000;

/// `a`, `a/sub`, `a@2` (worktree 2; without it, 1).
pub fn holder(text: &str) -> Holder {
    let (agent, worktree) = text.split_once('@').unwrap_or((text, "1"));
    let worktree = WorktreeId::new(Uuid::from_u128(0x3000 + worktree.parse::<u128>().unwrap()));
    Holder { agent: format!("agent:{agent}").parse().unwrap(), worktree }
}

/// The things that a request names.
pub fn asked(names: &str) -> References {
    things(names).try_into().unwrap()
}

/// Things, and paths as `@src/*.rs`.
pub fn claimed(names: &str) -> Claim {
    let is_path = |word: &&str| word.starts_with('@');
    let things = names.split_whitespace().filter(|word| !is_path(word)).map(thing).collect();
    let paths = names.split_whitespace().filter_map(|word| word.strip_prefix('@'));
    let paths = paths.map(|path| path.parse().unwrap()).collect();
    Claim::new(things, Scope::new(paths, Mode::Exclusive, Case::Sensitive).unwrap()).unwrap()
}

/// `x` is a thing, `#1` is an issue.
fn thing(name: &str) -> Reference {
    match name.strip_prefix('#') {
        Some(n) => Uuid::from_u128(n.parse().unwrap()).to_string().parse().unwrap(),
        None => format!("name:{name}").parse().unwrap(),
    }
}

pub fn things(names: &str) -> Vec<Reference> {
    let mut things: Vec<Reference> = names.split_whitespace().map(thing).collect();
    things.sort();
    things
}

pub fn lease_id(n: u64) -> LeaseId {
    LeaseId::new(Uuid::from_u128(0x1000 + u128::from(n)))
}

pub fn secret(n: u64) -> Token {
    Token::new(u128::from(n).to_be_bytes())
}

pub fn ttl(secs: u64) -> Ttl {
    Ttl::from_secs(secs).unwrap()
}

/// The default policy, and a TTL of 100 seconds.
pub fn policy() -> Policy {
    // A quarantine would only keep what is tested from happening.
    Policy { ttl: ttl(100), max_failures: u32::MAX, ..Policy::default() }
}

/// Who has a damaged log salvaged.
pub fn keeper() -> Keeper {
    let (lease, token) = (lease_id(900), secret(900).hash());
    Keeper { holder: holder("doctor"), lease, token, least: policy().max_ttl }
}

pub fn options() -> Options {
    Options {
        lock_timeout: Duration::from_secs(5),
        allow_shared_filesystem: false,
        compact_at: 1 << 40,
        fresh: ControlPlaneId::new(Uuid::from_u128(0xc0)),
    }
}

/// A new process on a machine, with its store.
pub fn process(machine: &Rc<Machine>) -> SimStore {
    process_with(machine, options())
}

pub fn process_with(machine: &Rc<Machine>, options: Options) -> SimStore {
    let clock = SimClock { machine: machine.clone(), wall_off_ms: 0 };
    Store::new(MemDisk::start(machine), clock, options)
}

/// A new process that fails the test when it changes anything or takes a lock.
pub fn reader(machine: &Rc<Machine>) -> SimStore {
    let store = process(machine);
    store.disk().process(|process| process.reads_only = true);
    store
}
