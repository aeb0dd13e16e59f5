//! The store on a simulated machine: crashes, losses of power, failing disks, lying clocks.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests"
)]

mod beside;
mod contract;
mod corruption;
mod crash;
mod errors;
mod examining;
mod following;
mod interleaving;
mod model;
mod notes;
mod queue;
mod reading;
mod salvage;
mod salvaged;
mod simulation;
mod support;
