//! The cache: what it spares, and when it is not believed.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::sync::Mutex;

use jit_core::WallTime;
use jit_tracker::{
    Cache, Dir, Identity, Issue, Issues, Listing, Origin, Source, issue_file, read_cache, write_cache,
};

use crate::support::{at, full, id, issue};

/// Files in memory that count how often they are looked at, and read.
struct Files {
    files: Mutex<BTreeMap<String, (Identity, Vec<u8>)>>,
    looks: Mutex<usize>,
    reads: Mutex<usize>,
}

const SEC: i64 = 1_000_000_000;

/// An identity of that size, of a file that was changed so many seconds after [`at`]'s zero.
fn changed(size: u64, secs: i64) -> Identity {
    let zero = at(0).secs_since(&"1970-01-01T00:00:00Z".parse::<WallTime>().unwrap());
    let ns = (zero + secs) * SEC;
    Identity::File { size, mtime: ns, ctime: ns, inode: 1 }
}

impl Files {
    fn new() -> Self {
        Self { files: Mutex::default(), looks: Mutex::default(), reads: Mutex::default() }
    }

    fn put(&self, issue: &Issue, identity: Identity) {
        let content = issue_file::text(issue).into_bytes();
        self.files.lock().unwrap().insert(issue_file::file_name(issue.id), (identity, content));
    }

    /// A listing at that second with these bytes as the cache; how much was read, and the bytes
    /// after it.
    fn list(&self, secs: u64, cache: &[u8]) -> (Listing, usize, Option<Vec<u8>>) {
        let mut cache = Cache::new(cache.to_vec(), at(secs));
        (*self.looks.lock().unwrap(), *self.reads.lock().unwrap()) = (0, 0);
        let listing = Issues::new(vec![self]).list(&mut cache);
        let reads = *self.reads.lock().unwrap();
        (listing, reads, cache.finish())
    }
}

impl Source for Files {
    fn origin(&self) -> Origin {
        Origin::Worktree
    }
    fn place(&self, name: &str) -> String {
        name.to_owned()
    }
    fn tell_names(&self, tell: &mut dyn FnMut(&str)) -> io::Result<()> {
        self.files.lock().unwrap().keys().for_each(|name| tell(name));
        Ok(())
    }
    fn identity(&self, name: &str) -> io::Result<Option<Identity>> {
        *self.looks.lock().unwrap() += 1;
        Ok(self.files.lock().unwrap().get(name).map(|(identity, _)| *identity))
    }
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        *self.reads.lock().unwrap() += 1;
        Ok(self.files.lock().unwrap().get(name).map(|(_, content)| content.clone()))
    }
}

#[test]
fn what_did_not_change_is_not_read_again() {
    let files = Files::new();
    for n in 1..=700 {
        files.put(&full(n), changed(n as u64, 0));
    }
    let (first, reads, cache) = files.list(10, b"");
    assert_eq!((first.issues.len(), reads), (700, 700));
    let cache = cache.unwrap();
    let (second, reads, again) = files.list(10, &cache);
    assert_eq!((reads, *files.looks.lock().unwrap()), (0, 700), "each is looked at once");
    assert_eq!(second.issues, first.issues);
    assert!(again.is_none(), "nothing was learned");
    // One of 700 is not worth writing all; a dozen is.
    files.put(&issue(1), changed(1, 1));
    let (_, reads, cache_of_one) = files.list(10, &cache);
    assert_eq!((reads, cache_of_one), (1, None));
    for n in 1..=12 {
        files.put(&issue(n), changed(1, 1));
    }
    let (third, reads, next) = files.list(10, &cache);
    assert_eq!(reads, 12);
    assert_eq!(*third.issues[0].issue, issue(1).outline());
    let (_, reads, _) = files.list(10, &next.unwrap());
    assert_eq!(reads, 0);
}

#[test]
fn each_part_of_the_identity_counts() {
    let files = Files::new();
    files.put(&issue(1), changed(5, 0));
    let (_, _, cache) = files.list(10, b"");
    let cache = cache.unwrap();
    let Identity::File { size, mtime, ctime, inode } = changed(5, 0) else { unreachable!() };
    for other in [
        Identity::File { size: size + 1, mtime, ctime, inode },
        Identity::File { size, mtime: mtime + 1, ctime, inode },
        Identity::File { size, mtime, ctime: ctime + 1, inode },
        Identity::File { size, mtime, ctime, inode: inode + 1 },
        Identity::Content([0; 32]),
    ] {
        files.put(&full(1), other);
        let (listing, reads, _) = files.list(10, &cache);
        assert_eq!((reads, &*listing.issues[0].issue), (1, &full(1).outline()), "{other:?}");
    }
}

#[test]
fn what_changed_a_moment_before_is_not_believed() {
    let files = Files::new();
    files.put(&issue(1), changed(5, 9));
    let (_, _, cache) = files.list(10, b"");
    assert!(cache.is_none(), "it could change again within the same tick");
    // A set-back mtime hides nothing: nobody can set the other time.
    let (Identity::File { mtime, .. }, Identity::File { ctime, size, inode, .. }) =
        (changed(5, 0), changed(5, 9))
    else {
        unreachable!()
    };
    files.put(&issue(1), Identity::File { size, mtime, ctime, inode });
    assert!(files.list(10, b"").2.is_none());
    // Later, the same file is settled. And what never changes always is.
    assert!(files.list(12, b"").2.is_some());
    files.put(&issue(1), Identity::Content([7; 32]));
    assert!(files.list(0, b"").2.is_some());
}

#[test]
fn a_damaged_cache_is_worth_nothing_and_costs_nothing_else() {
    let files = Files::new();
    (1..=3).for_each(|n| files.put(&full(n), changed(5, 0)));
    let (good, _, cache) = files.list(10, b"");
    let cache = cache.unwrap();
    for at in 0..cache.len() {
        let mut damaged = cache.clone();
        damaged[at] ^= 0x10;
        let (listing, reads, _) = files.list(10, &damaged);
        assert_eq!(reads, 3, "byte {at}");
        assert_eq!(listing.issues, good.issues);
        assert_eq!(files.list(10, &cache[..at]).1, 3, "cut at {at}");
    }
    // What a longer one left behind it does no harm.
    assert_eq!(files.list(10, &[cache, vec![1; 100]].concat()).1, 0);
}

/// The bytes do not say what they mean, so a change of their meaning has to change their first
/// eight: when this fails, raise the number in `MAGIC`.
#[test]
fn the_format_has_a_number() {
    let files = Files::new();
    files.put(&full(1), changed(5, 0));
    let cache = files.list(10, b"").2.unwrap();
    let hex: Vec<_> = cache
        .chunks(32)
        .map(|row| row.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        .collect();
    insta::assert_snapshot!(hex.join("\n"));
}

#[test]
fn broken_files_are_read_each_time_and_those_taken_away_forgotten() {
    let files = Files::new();
    (1..=3).for_each(|n| files.put(&full(n), changed(5, 0)));
    files.files.lock().unwrap().get_mut(&issue_file::file_name(id(2))).unwrap().1.truncate(20);
    let (first, _, cache) = files.list(10, b"");
    assert_eq!((first.issues.len(), first.broken.len()), (2, 1));
    files.files.lock().unwrap().remove(&issue_file::file_name(id(3)));
    let (second, reads, _) = files.list(10, &cache.unwrap());
    assert_eq!((second.issues.len(), second.broken.len(), reads), (1, 1, 1));
}

#[test]
fn a_real_file_holds_the_cache() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("cache");
    assert!(read_cache(&path).is_empty());
    let issues = home.path().join("issues");
    fs::create_dir(&issues).unwrap();
    for n in 1..=600 {
        fs::write(issues.join(issue_file::file_name(id(n))), issue_file::text(&full(n))).unwrap();
    }
    let dir = Dir::open(&issues, Origin::Worktree).unwrap();
    let later: WallTime = "2100-01-01T00:00:00Z".parse().unwrap();
    let list = || {
        let mut cache = Cache::new(read_cache(&path), later);
        (Issues::new(vec![&dir]).list(&mut cache).issues, cache.finish())
    };
    let (first, cache) = list();
    write_cache(&path, &[cache.unwrap(), vec![0; 500]].concat()).unwrap();
    let (second, none) = list();
    assert_eq!((first.len(), &first), (600, &second));
    assert!(none.is_none());
    fs::write(issues.join(issue_file::file_name(id(5))), issue_file::text(&issue(5))).unwrap();
    assert_eq!(*list().0[4].issue, issue(5).outline());
}
