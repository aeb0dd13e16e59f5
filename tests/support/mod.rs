//! What the tests share. `repo` is the one way to run the program; `skip` the one way to not run
//! a test.

pub(crate) mod answer;
pub(crate) mod calls;
pub(crate) mod control;
pub(crate) mod hint;
pub(crate) mod issue;
pub(crate) mod linear;
pub(crate) mod log;
pub(crate) mod repo;
pub(crate) mod rng;
pub(crate) mod skip;
#[cfg(target_os = "linux")]
pub(crate) mod strace;
pub(crate) mod told;
pub(crate) mod tools;
pub(crate) mod two;

pub(crate) use hint::{follow, shell};
pub(crate) use repo::{Agent, Repo, Running};
