//! The tests' own tools in C: built once a run with the machine's compiler.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock};

use serde::Deserialize;

use crate::support::answer::Answer;
use crate::support::repo::Agent;

/// The tool that `tests/support/NAME.c` is built into.
pub(crate) fn tool(name: &str) -> PathBuf {
    static BUILDING: Mutex<()> = Mutex::new(());
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    let _one_at_a_time = BUILDING.lock();
    let dir = DIR.get_or_init(|| {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("tools-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        dir
    });
    let built = dir.join(name);
    if !built.exists() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/support/{name}.c"));
        // Static where that works: less of its own in what it measures.
        let compile = |options: &[&str]| {
            let output = Command::new("cc")
                .args(["-O1", "-Wall", "-Werror", "-o"])
                .arg(&built)
                .args(options)
                .arg(&source)
                .output();
            output.unwrap_or_else(|error| panic!("the C compiler: {error}"))
        };
        let first = compile(&["-static"]);
        let output = if first.status.success() { first } else { compile(&[]) };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    built
}

/// What a whole process cost.
#[derive(Debug, Deserialize)]
pub(crate) struct Usage {
    pub(crate) max_rss_kib: u64,
    pub(crate) minor_faults: u64,
    pub(crate) cpu_us: u64,
}

/// Runs the program and says what it cost, itself alone.
pub(crate) fn measured(agent: &Agent<'_>, arguments: &[&str]) -> (Answer, Usage) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let wrap = [tool("usage").into_os_string(), OsString::from(file.path())];
    let answer = agent.clone().through(wrap).jit(arguments);
    let usage = serde_json::from_slice(&std::fs::read(file.path()).unwrap()).unwrap();
    (answer, usage)
}
