//! Real directories: several sources, broken files, durable writing.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use jit_tracker::{Dir, Issue, Issues, Kept, Origin, ResolveError, Sink, Source, issue_file, issues};

use crate::support::{full, id, issue, no_cache};

fn put(dir: &Path, issue: &Issue) {
    fs::create_dir_all(dir).unwrap();
    fs::write(dir.join(issue_file::file_name(issue.id)), issue_file::text(issue)).unwrap();
}

fn titled(n: u128, title: &str) -> Issue {
    Issue { title: title.parse().unwrap(), ..issue(n) }
}

/// `title origin` of each issue.
fn shown(listing: &jit_tracker::Listing) -> Vec<String> {
    listing.issues.iter().map(|listed| format!("{} {:?}", listed.issue.title, listed.origin)).collect()
}

#[test]
fn the_nearest_source_that_has_an_issue_wins() {
    let home = tempfile::tempdir().unwrap();
    let [near, far] = ["near", "far"].map(|name| home.path().join(name));
    put(&near, &titled(1, "near"));
    put(&far, &titled(1, "far"));
    put(&far, &titled(2, "far"));
    put(&far, &titled(3, "far"));
    put(&near, &titled(4, "near"));
    let dirs = [Dir::open(&near, Origin::Worktree).unwrap(), Dir::open(&far, Origin::Main).unwrap()];
    let all = Issues::new(dirs.iter().map(|dir| dir as &dyn Source).collect());
    issues::delete(&dirs[0], id(3)).unwrap();
    issues::delete(&dirs[0], id(4)).unwrap();
    assert_eq!(shown(&all.list(&mut no_cache())), ["near Worktree", "far Main"]);
    assert_eq!(all.read(id(1)).unwrap().unwrap().issue.title.as_str(), "near");
    assert_eq!(all.read(id(2)).unwrap().unwrap().origin, Origin::Main);
    assert!(all.read(id(3)).unwrap().is_none(), "deleted here");
    assert!(matches!(all.resolve(&id(3).to_string()), Err(ResolveError::NotFound { .. })));
    // Made anew, it is there again.
    issues::write(&dirs[0], &[&titled(3, "anew")]).unwrap();
    assert_eq!(all.read(id(3)).unwrap().unwrap().issue.title.as_str(), "anew");
    assert_eq!(all.list(&mut no_cache()).issues.len(), 3);
}

#[test]
fn an_issue_that_was_deleted_and_kept_is_there() {
    let home = tempfile::tempdir().unwrap();
    for n in 1..=20 {
        put(home.path(), &issue(n));
        fs::write(home.path().join(issue_file::deleted_name(id(n))), "").unwrap();
    }
    let dir = Dir::open(home.path(), Origin::Worktree).unwrap();
    let all = Issues::new(vec![&dir]);
    assert_eq!(all.list(&mut no_cache()).issues.len(), 20);
    for n in 1..=20 {
        assert!(all.read(id(n)).unwrap().is_some());
        assert_eq!(all.resolve(&id(n).to_string()).unwrap(), id(n));
    }
}

#[test]
fn a_broken_file_is_told_apart_and_not_looked_for_elsewhere() {
    let home = tempfile::tempdir().unwrap();
    let [near, far] = ["near", "far"].map(|name| home.path().join(name));
    put(&near, &titled(1, "good"));
    put(&far, &titled(2, "far"));
    let torn = issue_file::text(&titled(2, "near"));
    fs::write(near.join(issue_file::file_name(id(2))), &torn[..50]).unwrap();
    fs::write(near.join("todo.json"), "{}").unwrap();
    fs::write(near.join(".draft.json"), "{").unwrap();
    put(&home.path().join("outside"), &titled(3, "outside"));
    let [link, outside] =
        [&near, &home.path().join("outside")].map(|dir| dir.join(issue_file::file_name(id(3))));
    symlink(outside, link).unwrap();
    fs::create_dir(near.join(issue_file::file_name(id(4)))).unwrap();
    let fifo = near.join(issue_file::file_name(id(5)));
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let dirs = [Dir::open(&near, Origin::Worktree).unwrap(), Dir::open(&far, Origin::Main).unwrap()];
    let all = Issues::new(dirs.iter().map(|dir| dir as &dyn Source).collect());
    let listing = all.list(&mut no_cache());
    assert_eq!(shown(&listing), ["good Worktree"]);
    let place = format!("{}/", near.display());
    let mut said: Vec<_> = listing.broken.iter().map(|error| error.to_string().replace(&place, "")).collect();
    said.sort();
    insta::assert_snapshot!(said.join("\n"));
    for n in 2..=5 {
        assert_eq!(all.read(id(n)).unwrap_err().issue, Some(id(n)));
    }
}

#[test]
fn what_cannot_be_read_is_never_an_empty_list() {
    let home = tempfile::tempdir().unwrap();
    let absent = Dir::open(&home.path().join("nothing"), Origin::Worktree).unwrap();
    let none = Issues::new(vec![&absent]).list(&mut no_cache());
    assert!(none.issues.is_empty() && none.broken.is_empty());
    fs::write(home.path().join("file"), "").unwrap();
    assert!(Dir::open(&home.path().join("file"), Origin::Worktree).is_err());

    struct Unreadable;
    impl Source for Unreadable {
        fn origin(&self) -> Origin {
            Origin::Head
        }
        fn place(&self, name: &str) -> String {
            format!("HEAD:.jit/issues/{name}")
        }
        fn tell_names(&self, _: &mut dyn FnMut(&str)) -> std::io::Result<()> {
            Err(std::io::ErrorKind::PermissionDenied.into())
        }
        fn identity(&self, _: &str) -> std::io::Result<Option<jit_tracker::Identity>> {
            Err(std::io::ErrorKind::PermissionDenied.into())
        }
        fn read(&self, _: &str) -> std::io::Result<Option<Vec<u8>>> {
            Err(std::io::ErrorKind::PermissionDenied.into())
        }
    }
    put(home.path(), &issue(1));
    let dir = Dir::open(home.path(), Origin::Worktree).unwrap();
    let all = Issues::new(vec![&dir, &Unreadable]);
    let listing = all.list(&mut no_cache());
    assert_eq!((listing.issues.len(), listing.broken.len()), (1, 1));
    assert!(all.read(id(1)).unwrap().is_some());
    assert!(all.read(id(2)).is_err());
    assert!(matches!(all.resolve("0000"), Err(ResolveError::Unreadable(_))));
}

#[test]
fn a_prefix_is_resolved_by_names_alone() {
    let home = tempfile::tempdir().unwrap();
    // Names only: there is nothing in the files.
    for name in ["abcd0000-0000-4000-8000-000000000001", "abcd1111-0000-4000-8000-000000000001"] {
        fs::write(home.path().join(format!("{name}.json")), "").unwrap();
    }
    let dir = Dir::open(home.path(), Origin::Worktree).unwrap();
    let all = Issues::new(vec![&dir, &dir]);
    assert_eq!(all.resolve("abcd0").unwrap().to_string(), "abcd0000-0000-4000-8000-000000000001");
    assert_eq!(all.resolve("ABCD1111-0").unwrap().to_string(), "abcd1111-0000-4000-8000-000000000001");
    match all.resolve("abcd") {
        Err(ResolveError::Ambiguous { candidates, .. }) => assert_eq!(candidates.len(), 2),
        other => panic!("{other:?}"),
    }
    assert!(matches!(all.resolve("abce"), Err(ResolveError::NotFound { .. })));
    for word in ["abc", "", "wxyz", "../..", &"a".repeat(10_000)] {
        let error = all.resolve(word).unwrap_err();
        assert!(matches!(error, ResolveError::NoPrefix { .. }) && error.to_string().len() < 200, "{error}");
    }
}

#[test]
fn writing_replaces_whole_files_and_leaves_no_drafts() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("a/b/issues");
    let dir = Dir::below(home.path(), "a/b/issues", Origin::Worktree).unwrap();
    issues::write(&dir, &[&full(1)]).unwrap();
    let before = dir.identity(&issue_file::file_name(id(1))).unwrap().unwrap();
    issues::write(&dir, &[&titled(1, "new")]).unwrap();
    let after = dir.identity(&issue_file::file_name(id(1))).unwrap().unwrap();
    assert_ne!(before, after);
    assert_eq!(dir.names().unwrap().iter().filter(|name| name.len() > 2).count(), 1);
    assert_eq!(*Issues::new(vec![&dir]).read(id(1)).unwrap().unwrap().issue, titled(1, "new"));
    // What can't be put leaves nothing behind.
    fs::create_dir(path.join("taken")).unwrap();
    assert!(dir.put("taken", b"x").is_err());
    assert_eq!(dir.names().unwrap().iter().filter(|name| name.len() > 2).count(), 2);
    dir.remove("nothing").unwrap();
}

#[test]
fn writers_that_meet_leave_one_whole_file() {
    let home = tempfile::tempdir().unwrap();
    let dir = Dir::open(home.path(), Origin::Worktree).unwrap();
    // All threads of a process have its number, as processes of several containers may.
    let versions: Vec<_> = (1..=4usize)
        .map(|n| Issue { description: "x".repeat(n * 10_000).parse().unwrap(), ..issue(1) })
        .collect();
    std::thread::scope(|scope| {
        for version in &versions {
            let dir = &dir;
            scope.spawn(move || (0..20).for_each(|_| issues::write(dir, &[version]).unwrap()));
        }
        for _ in 0..200 {
            if let Some(read) = Issues::new(vec![&dir]).read(id(1)).unwrap() {
                assert!(versions.contains(&read.issue));
            }
        }
    });
    assert_eq!(dir.names().unwrap().iter().filter(|name| name.len() > 2).count(), 1);
}

/// Wherever a symlink stands on the way, nothing is read through it or written.
#[test]
fn a_symlink_leads_nowhere() {
    let home = tempfile::tempdir().unwrap();
    let [root, outside] = ["root", "outside"].map(|name| home.path().join(name));
    fs::create_dir_all(outside.join("issues")).unwrap();
    fs::create_dir(&root).unwrap();
    let below = || Dir::below(&root, ".jit/issues", Origin::Worktree);
    // It is put there after the directory was looked for.
    let absent = below().unwrap();
    for (link, to) in
        [(".jit", &outside), (".jit/issues", &outside.join("issues")), (".jit", &root.join("gone"))]
    {
        fs::remove_file(root.join(".jit")).ok();
        if link != ".jit" {
            fs::create_dir(root.join(".jit")).unwrap();
        }
        symlink(to, root.join(link)).unwrap();
        assert_eq!(below().unwrap_err().kind(), std::io::ErrorKind::NotADirectory);
        assert!(issues::write(&absent, &[&issue(1)]).is_err());
        assert_eq!(fs::read_dir(outside.join("issues")).unwrap().count(), 0);
        if link != ".jit" {
            fs::remove_dir_all(root.join(".jit")).unwrap();
        }
    }
    // What leads to the root is the caller's choice.
    symlink(&root, home.path().join("link")).unwrap();
    fs::remove_file(root.join(".jit")).unwrap();
    let dir = Dir::below(&home.path().join("link"), ".jit/issues", Origin::Worktree).unwrap();
    issues::write(&dir, &[&issue(1)]).unwrap();
    assert!(root.join(".jit/issues").join(issue_file::file_name(id(1))).exists());
}

/// A directory that was asked for as it is, is not made.
#[test]
fn what_is_named_is_not_made() {
    let home = tempfile::tempdir().unwrap();
    let dir = Dir::open(&home.path().join("typo"), Origin::Worktree).unwrap();
    assert_eq!(dir.put("x", b"x").unwrap_err().kind(), std::io::ErrorKind::NotFound);
    assert!(!home.path().join("typo").exists());
}

/// What a killed writer left is written over by the next, and taken away when asked; what somebody
/// writes at the moment is left alone.
#[test]
fn drafts_of_the_dead_are_nobodys() {
    let home = tempfile::tempdir().unwrap();
    let dir = Dir::open(home.path(), Origin::Worktree).unwrap();
    let (draft, other) = (".a.json.draft", ".b.json.draft");
    fs::write(home.path().join(draft), "a long rest of the dead").unwrap();
    dir.put("a.json", b"new").unwrap();
    assert_eq!(dir.read("a.json").unwrap().unwrap(), b"new");
    assert_eq!(dir.leftovers().unwrap(), [""; 0]);

    fs::write(home.path().join(draft), "x").unwrap();
    fs::write(home.path().join(other), "x").unwrap();
    let writer = fs::File::open(home.path().join(draft)).unwrap();
    writer.lock().unwrap();
    dir.put("a.json", b"beside it").unwrap();
    assert_eq!(fs::read(home.path().join(draft)).unwrap(), b"x");
    assert_eq!(dir.leftovers().unwrap(), [other]);
    dir.tidy().unwrap();
    assert!(home.path().join(draft).exists() && !home.path().join(other).exists());
    drop(writer);
    assert_eq!(dir.leftovers().unwrap(), [draft]);
}

#[test]
fn what_root_makes_belongs_to_the_owner_of_the_directory() {
    use std::os::unix::fs::{MetadataExt, chown};
    let home = tempfile::tempdir().unwrap();
    if home.path().metadata().unwrap().uid() != 0 {
        use std::io::Write;
        writeln!(std::io::stderr(), "skipped: only root can give files away").unwrap();
        assert!(std::env::var_os("JIT_TESTS_MUST_NOT_SKIP").is_none());
        return;
    }
    chown(home.path(), Some(1234), Some(1235)).unwrap();
    let path = home.path().join("jit/issues");
    let dir = Dir::below(home.path(), "jit/issues", Origin::Worktree).unwrap();
    issues::write(&dir, &[&issue(1)]).unwrap();
    dir.append("log.jsonl", "{}\n").unwrap();
    jit_tracker::write_cache(&path.join("cache"), b"x").unwrap();
    for made in [
        home.path().join("jit"),
        path.clone(),
        path.join(issue_file::file_name(id(1))),
        path.join("log.jsonl"),
        path.join("cache"),
    ] {
        let owner = made.metadata().unwrap();
        assert_eq!((owner.uid(), owner.gid()), (1234, 1235), "{}", made.display());
    }
}

/// A directory whose files are taken away as soon as their names were read.
struct Vanishing(Dir);

impl Source for Vanishing {
    fn origin(&self) -> Origin {
        Origin::Worktree
    }
    fn place(&self, name: &str) -> String {
        self.0.place(name)
    }
    fn tell_names(&self, tell: &mut dyn FnMut(&str)) -> std::io::Result<()> {
        self.0.tell_names(tell)
    }
    fn identity(&self, _: &str) -> std::io::Result<Option<jit_tracker::Identity>> {
        Ok(None)
    }
    fn read(&self, _: &str) -> std::io::Result<Option<Vec<u8>>> {
        Ok(None)
    }
}

#[test]
fn what_is_taken_away_meanwhile_is_looked_for_in_the_next_source() {
    let home = tempfile::tempdir().unwrap();
    put(home.path(), &titled(1, "far"));
    let far = Dir::open(home.path(), Origin::Main).unwrap();
    let near = Vanishing(Dir::open(home.path(), Origin::Worktree).unwrap());
    let listing = Issues::new(vec![&near, &far]).list(&mut no_cache());
    assert_eq!((shown(&listing), listing.broken.len()), (vec!["far Main".to_owned()], 0));
}

/// A lock says who has it, and is free when it was dropped.
#[test]
fn a_lock_names_its_holder() {
    let home = tempfile::tempdir().unwrap();
    let dir = Dir::open(home.path(), Origin::Worktree).unwrap();
    let ours = dir.try_lock("l", "agent:ann").unwrap().unwrap();
    assert_eq!(dir.try_lock("l", "agent:bob").unwrap().unwrap_err().as_deref(), Some("agent:ann"));
    drop(ours);
    drop(dir.try_lock("l", "agent:bob").unwrap().unwrap());
    assert!(fs::read_to_string(home.path().join("l")).unwrap().trim().is_empty());
}

/// Whatever was there, one that was written or deleted since is put back to it, and nothing is left of
/// one that was not there.
#[test]
fn what_was_there_is_put_back() {
    let home = tempfile::tempdir().unwrap();
    let dir = Dir::open(home.path(), Origin::Worktree).unwrap();
    let (file, deleted) = (issue_file::file_name(id(1)), issue_file::deleted_name(id(1)));
    let by_hand = issue_file::text(&issue(1)).replace("  ", "    ");
    let here = || [&file, &deleted].map(|name| fs::read_to_string(home.path().join(name)).ok());
    for was in [[None, None], [Some(&*by_hand), None], [None, Some("\n")], [Some(&*by_hand), Some("\n")]] {
        for written in [true, false] {
            for (name, content) in [&file, &deleted].into_iter().zip(was) {
                let path = home.path().join(name);
                content.map_or_else(|| drop(fs::remove_file(&path)), |text| fs::write(&path, text).unwrap());
            }
            let kept = Kept::of(&dir, id(1)).unwrap();
            match written {
                true => issues::write(&dir, &[&titled(1, "anew")]).unwrap(),
                false => issues::delete(&dir, id(1)).unwrap(),
            }
            assert_ne!(here(), was.map(|text| text.map(str::to_owned)));
            kept.put_back(&dir).unwrap();
            assert_eq!(here(), was.map(|text| text.map(str::to_owned)));
        }
    }
}
