//! Lists a directory of issues: `listing make N DIR`, then `listing list DIR CACHE` under a timer.
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::path::Path;

use jit_core::{IssueId, WallTime};
use jit_tracker::{Cache, Dir, Issue, Issues, Origin, Priority, SchemaVersion, State};
use uuid::Uuid;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[1..] {
        ["make", n, dir] => make(n.parse().unwrap(), Path::new(dir)),
        ["list", dir, cache] => list(Path::new(dir), Path::new(cache)),
        _ => panic!("make N DIR | list DIR CACHE"),
    }
}

fn make(n: u128, dir: &Path) {
    std::fs::create_dir_all(dir).unwrap();
    let id =
        |n: u128| IssueId::new(Uuid::from_u128(n.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)));
    let at: WallTime = "2026-01-01T00:00:00Z".parse().unwrap();
    for i in 1..=n {
        let issue = Issue {
            schema_version: SchemaVersion,
            id: id(i),
            title: format!("Make the {i}th part of the work a little better than it was").parse().unwrap(),
            state: if i % 3 == 0 { State::Done } else { State::Ready },
            priority: Priority::ALL[i as usize % 4],
            labels: ["ui", "backend"].map(|label| label.parse().unwrap()).into(),
            assignee: None,
            dependencies: (1..=i % 3).filter(|d| i > *d).map(|d| id(i - d).into()).collect(),
            gates: Default::default(),
            created_at: at.plus_secs(i as u64),
            updated_at: at.plus_secs(2 * i as u64),
            description: "Some words about it.\n".repeat(20).parse().unwrap(),
        };
        let name = dir.join(jit_tracker::issue_file::file_name(issue.id));
        std::fs::write(name, jit_tracker::issue_file::text(&issue)).unwrap();
    }
}

fn list(dir: &Path, path: &Path) {
    let source = Dir::open(dir, Origin::Worktree).unwrap();
    let mut cache = Cache::new(jit_tracker::read_cache(path), "2100-01-01T00:00:00Z".parse().unwrap());
    let listing = Issues::new(vec![&source]).list(&mut cache);
    println!("{} issues, {} broken", listing.issues.len(), listing.broken.len());
    if let Some(bytes) = cache.finish() {
        println!("a cache of {} bytes", bytes.len());
        jit_tracker::write_cache(path, &bytes).unwrap();
    }
    // As programs end: nothing is given back piece by piece.
    std::process::exit(0);
}
