//! What runs before every edit, alone, to be counted with strace or perf: find the repository,
//! read this worktree's identity. Exits 10 outside of a repository.

use std::process::ExitCode;

use jit_git::{GitEnv, Repo};

fn main() -> ExitCode {
    let Ok(cwd) = std::env::current_dir() else {
        return ExitCode::from(10);
    };
    let found = Repo::discover(&cwd, &GitEnv::from_process());
    match found.map(|repo| repo.read_identity().is_ok()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(9),
        Err(_) => ExitCode::from(10),
    }
}
