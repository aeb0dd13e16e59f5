//! What `jit` asks of Git: where the repository is, which worktree this is and what it is
//! called, which worktrees there are, some settings, hooks, and how Git merges. It knows nothing of leases or policy.
//!
//! [`Repo::discover`] and [`Repo::read_identity`] run before every edit of an agent; they make
//! a handful of system calls and never start Git. Reading configuration and listing worktrees
//! are slower and are asked for by name. `dev/decisions/git-reading.md` says what is read how.

mod added;
mod adding;
mod begun;
mod branch;
mod commits;
mod committed;
mod config;
mod config_env;
mod contents;
mod core_config;
mod discover;
mod discover_error;
mod env;
mod git_files;
mod hooks;
mod identity;
mod identity_file;
mod ignored;
mod merging;
mod named_path;
mod paths;
mod place;
mod probe;
mod program;
mod removing;
mod repo;
mod salvage;
mod shared_repository;
mod staged;
mod superproject;
mod unmerged;
mod unsaved;
mod worktrees;

pub use added::Added;
pub use adding::NewWorktree;
pub use begun::BegunBranch;
pub use branch::{Branch, BranchError};
pub use commits::{Destination, Outgoing, Trailed};
pub use committed::{CommittedFile, CommittedFiles};
pub use config_env::ConfigEnv;
pub use core_config::ConfigError;
pub use discover_error::DiscoverError;
pub use env::GitEnv;
pub use git_files::GitFileFault;
pub use hooks::{HookChange, HookDir, HookState, HooksError};
pub use identity::{IdentityError, IdentityFault, WorktreeIdentity};
pub use merging::merge_file;
pub use named_path::{NamedPath, NamedPathError};
pub use paths::real;
pub use program::{At, Feed, GitOutput, GitProgram, ProgramError, SystemGit};
pub use repo::{Repo, Submodule};
pub use salvage::{Kept, KeptNow, Occasion, Restored, SalvageError};
pub use shared_repository::{Modes, SharedRepository};
pub use staged::Staged;
pub use unmerged::UnmergedFile;
pub use unsaved::{Drift, Unsaved};
pub use worktrees::{Worktree, WorktreeKind, WorktreesError};
