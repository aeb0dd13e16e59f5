//! `jit-git` against real Git in scratch repositories.

#[cfg(test)]
mod at_work;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod commits;
#[cfg(test)]
mod committed;
#[cfg(test)]
mod config;
#[cfg(test)]
mod discovery;
#[cfg(test)]
mod environment;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod merging;
#[cfg(test)]
mod other_owner;
#[cfg(test)]
mod salvage;
#[cfg(test)]
mod submodules;
#[cfg(test)]
mod support;
#[cfg(test)]
mod unsaved;
#[cfg(test)]
mod worktrees;
