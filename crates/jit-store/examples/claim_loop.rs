//! Many processes that claim through the library as fast as they can, for `scripts/bench`.
//!
//! `claim_loop --dir CONTROL_PLANE --count N --workers W --mode acquire|acquire-release --prefix P`
//! starts W processes that make N claims in all, each waiting until its claim is durable, and
//! prints how many operations that were a second. With `--paths K` each claim covers K globs besides,
//! which are in a thousand directories and in nobody's way.

#![allow(clippy::disallowed_methods, reason = "a benchmark starts processes and takes the time")]
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark may stop at trouble"
)]

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use jit_core::decide::{Acquire, Attempted, Release, Target, Terms};
use jit_core::{
    Case, Claim, ControlPlaneId, Holder, LeaseId, Mode, Pattern, Policy, Reference, Scope, Token, WorktreeId,
};
use jit_store::os::{Modes, OsClock, OsDisk, random};
use jit_store::{Options, Store};
use uuid::Uuid;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str, default: &str| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1)).map_or(default, |value| value).to_owned()
    };
    let count: u64 = value("--count", "1000").parse().expect("--count");
    let workers: u64 = value("--workers", "1").parse().expect("--workers");
    let release = value("--mode", "acquire") == "acquire-release";
    let paths: u64 = value("--paths", "0").parse().expect("--paths");
    let prefix = value("--prefix", "bench");
    let dir = PathBuf::from(value("--dir", ""));
    if let Ok(worker) = value("--worker", "").parse::<u64>() {
        return work(dir, count, release, paths, &format!("{prefix}-{worker}"));
    }
    let began = Instant::now();
    let children: Vec<_> = (0..workers)
        .map(|worker| {
            let share = count / workers + u64::from(worker < count % workers);
            let rest = ["--worker", &worker.to_string(), "--count", &share.to_string()].map(String::from);
            let mut own = arguments[1..].to_vec();
            own.splice(0..0, rest);
            Command::new(&arguments[0]).args(own).spawn().expect("a worker starts")
        })
        .collect();
    for mut child in children {
        assert!(child.wait().expect("a worker ends").success());
    }
    let count = if release { 2 * count } else { count };
    let took = began.elapsed().as_secs_f64();
    println!("{count} operations by {workers} processes in {took:.3} s: {:.0} ops/s", count as f64 / took);
}

fn uuid() -> Uuid {
    uuid::Builder::from_random_bytes(random().expect("random bytes")).into_uuid()
}

fn work(dir: PathBuf, count: u64, release: bool, paths: u64, prefix: &str) {
    let policy = Policy::default();
    let options = Options {
        lock_timeout: Duration::from_secs(60),
        allow_shared_filesystem: true,
        compact_at: policy.compact_at,
        fresh: ControlPlaneId::new(uuid()),
    };
    let store = Store::new(OsDisk::at(dir, Modes::default()), OsClock, options);
    let agent = format!("agent:{prefix}").parse().expect("an agent id");
    let holder = Holder { agent, worktree: WorktreeId::new(uuid()) };
    for i in 0..count {
        let reference: Reference = format!("name:{prefix}-{i}").parse().expect("a reference");
        let acquire = Acquire {
            id: LeaseId::new(uuid()),
            token: Token::new(random().expect("random bytes")).hash(),
            claim: Claim::of(reference.clone(), scope(prefix, i * paths, paths)),
            filed: Vec::new(),
            despite_failures: false,
            terms: Terms::default(),
            ticket: None,
        };
        store.transact(&acquire, &holder, &policy).expect("a grant");
        if release {
            let release =
                Release { target: Target::Issues(reference.into()), attempted: Attempted::default() };
            store.transact(&release, &holder, &policy).expect("a release");
        }
    }
}

fn scope(prefix: &str, first: u64, paths: u64) -> Scope {
    let glob = |n: u64| format!("d{}/{prefix}_{n}_*.rs", n % 1000).parse::<Pattern>().expect("a pattern");
    Scope::new((first..first + paths).map(glob).collect(), Mode::Exclusive, Case::Sensitive).expect("a scope")
}
