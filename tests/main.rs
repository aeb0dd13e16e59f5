//! The real program, in scratch repositories: what its users are promised, shown end to end.
//!
//! One file a subject. Each test says what it guards; the numbers are those of "What must always
//! hold" in the design. What a machine can't do is skipped aloud (`support/skip.rs`).

#![allow(clippy::disallowed_methods, reason = "these tests drive real processes, files and clocks")]

#[cfg(test)]
mod history;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod places;
#[cfg(test)]
mod race;
#[cfg(test)]
mod support;
#[cfg(all(test, target_os = "linux"))]
mod time;
