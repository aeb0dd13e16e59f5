//! A machine: a disk on which "written" and "durable" are apart, processes that can be stopped at
//! any operation, and clocks.
//!
//! Names are durable once their directory was synced. Until then each change of a name may be
//! lost for itself. After a sync of a directory that failed, the changes before it are never known
//! to be durable, whatever later syncs say.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::sync::atomic::Ordering::SeqCst;

use super::inode::{Inode, WordsPage};

/// What a process asks of its machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    Open { path: String, creates: bool },
    Read(String),
    Write { path: String, length: usize },
    Sync(String),
    Lock(String),
    Unlock(String),
    Rename(String),
    MakeDir(String),
    SyncDir(String),
    Word,
    Wait,
}

impl Op {
    /// Whether it changes anything that others can see.
    fn mutates(&self) -> bool {
        !matches!(self, Self::Open { creates: false, .. } | Self::Read(_) | Self::Wait)
    }
}

/// What befalls a process at one of its operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is killed before.
    Die,
    /// It is killed in the middle of a write, after so many bytes.
    DieTorn(usize),
    /// The operation fails, having done nothing.
    Fail(io::ErrorKind),
    /// A write fails after so many bytes.
    FailTorn(usize, io::ErrorKind),
    /// A sync fails and the unsynced content is gone: at once, or with the power.
    LoseSync { at_once: bool },
    /// The same, and the process is killed before it can tell anybody.
    LoseSyncAndDie { at_once: bool },
}

/// What has become of an operation.
pub enum Verdict {
    Go,
    /// So much of it is done, then it fails.
    Torn(usize, io::Error),
    Lost {
        at_once: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    File(usize),
    Dir,
}

/// A change of names that is not durable yet: all of it survives, or nothing.
#[derive(Clone, Debug)]
struct Renaming {
    dir: String,
    changes: Vec<(String, Option<Entry>)>,
    /// A sync of it failed.
    given_up: bool,
}

/// Something that may or may not survive the power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unsynced {
    Page { inode: usize, page: usize },
    Emptied { inode: usize },
    Grown { inode: usize },
    Name(usize),
    Words,
}

type Action = Box<dyn FnOnce()>;

#[derive(Default)]
pub struct Process {
    pub ops: u64,
    pub dead: bool,
    /// It may not change anything, and fails the test if it tries.
    pub reads_only: bool,
    pub trace: Option<Vec<Op>>,
    pub fault: Option<(u64, Fault)>,
    /// What befalls it when it next flushes the log.
    pub fault_at_flush: Option<Fault>,
    /// Something that happens just before one of its operations.
    pub meanwhile: Option<(u64, Action)>,
    /// Bytes read from files.
    pub bytes_read: u64,
    /// While it waits, nobody else will come along: it is taken to be killed there.
    pub dies_waiting: bool,
}

#[derive(Default)]
pub struct Files {
    pub inodes: Vec<Inode>,
    pub names: BTreeMap<String, Entry>,
    durable_names: BTreeMap<String, Entry>,
    renamings: Vec<Renaming>,
    next_handle: u64,
}

/// See the module.
pub struct Machine {
    pub files: RefCell<Files>,
    pub processes: RefCell<Vec<Process>>,
    pub boot: Cell<u128>,
    pub monotonic_ns: Cell<u64>,
    /// Milliseconds since 1970.
    pub wall_ms: Cell<i64>,
    pub no_clock: Cell<bool>,
    /// How many bytes the disk says are free.
    pub free: Cell<u64>,
}

pub const LOG: &str = "claims.jsonl";

pub fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

fn killed() -> io::Error {
    io::Error::other("the process was killed")
}

impl Machine {
    pub fn new() -> Rc<Self> {
        Rc::new(Self {
            files: RefCell::default(),
            processes: RefCell::default(),
            boot: Cell::new(1),
            monotonic_ns: Cell::new(1_000_000_000_000),
            wall_ms: Cell::new(1_700_000_000_000),
            no_clock: Cell::new(false),
            free: Cell::new(1 << 40),
        })
    }

    /// A copy with the same files, written and durable, on which no process runs.
    pub fn fork(&self) -> Rc<Self> {
        let files = self.files.borrow();
        let copy = Files {
            inodes: files.inodes.iter().map(Inode::fork).collect(),
            names: files.names.clone(),
            durable_names: files.durable_names.clone(),
            renamings: files.renamings.clone(),
            next_handle: files.next_handle,
        };
        Rc::new(Self {
            files: RefCell::new(copy),
            processes: RefCell::default(),
            boot: self.boot.clone(),
            monotonic_ns: self.monotonic_ns.clone(),
            wall_ms: self.wall_ms.clone(),
            no_clock: self.no_clock.clone(),
            free: self.free.clone(),
        })
    }

    pub fn pass_ns(&self, ns: u64) {
        self.monotonic_ns.set(self.monotonic_ns.get() + ns);
        self.wall_ms.set(self.wall_ms.get() + (ns / 1_000_000) as i64);
    }

    pub fn pass(&self, secs: u64) {
        self.pass_ns(secs * 1_000_000_000);
    }

    pub fn kill(&self, pid: usize) {
        self.processes.borrow_mut()[pid].dead = true;
        for inode in &mut self.files.borrow_mut().inodes {
            if inode.lock.is_some_and(|(owner, _)| owner == pid) {
                inode.lock = None;
            }
        }
    }

    pub fn is_dead(&self, pid: usize) -> bool {
        self.processes.borrow()[pid].dead
    }

    /// Lets a process come to its next operation: what happens to it there?
    pub fn step(&self, pid: usize, op: impl FnOnce() -> Op) -> io::Result<Verdict> {
        let mut processes = self.processes.borrow_mut();
        let process = &mut processes[pid];
        if process.dead {
            return Err(killed());
        }
        let at = process.ops;
        process.ops += 1;
        let looked_at = process.reads_only || process.trace.is_some() || process.fault_at_flush.is_some();
        if !looked_at && process.meanwhile.is_none() && process.fault.is_none() {
            return Ok(Verdict::Go);
        }
        if looked_at {
            let op = op();
            assert!(!(process.reads_only && op.mutates()), "a reader did {op:?}");
            let flush = process.fault_at_flush.take_if(|_| op == Op::Sync(LOG.into()));
            process.fault = flush.map(|fault| (at, fault)).or(process.fault);
            process.trace.iter_mut().for_each(|trace| trace.push(op.clone()));
        }
        if let Some((_, action)) = process.meanwhile.take_if(|(when, _)| *when == at) {
            drop(processes);
            action();
            processes = self.processes.borrow_mut();
        }
        let process = &mut processes[pid];
        if process.dead {
            return Err(killed());
        }
        let Some((_, fault)) = process.fault.take_if(|(when, _)| *when == at) else { return Ok(Verdict::Go) };
        drop(processes);
        match fault {
            Fault::Die => {
                self.kill(pid);
                Err(killed())
            }
            Fault::DieTorn(done) => {
                self.kill(pid);
                Ok(Verdict::Torn(done, killed()))
            }
            Fault::Fail(kind) => Err(kind.into()),
            Fault::FailTorn(done, kind) => Ok(Verdict::Torn(done, kind.into())),
            Fault::LoseSync { at_once } => Ok(Verdict::Lost { at_once }),
            Fault::LoseSyncAndDie { at_once } => {
                self.kill(pid);
                Ok(Verdict::Lost { at_once })
            }
        }
    }

    /// Everything that a loss of power could take.
    pub fn unsynced(&self) -> Vec<Unsynced> {
        let files = self.files.borrow();
        let mut all: Vec<Unsynced> = (0..files.renamings.len()).map(Unsynced::Name).collect();
        for (i, inode) in files.inodes.iter().enumerate() {
            all.extend(inode.emptied.then_some(Unsynced::Emptied { inode: i }));
            all.extend((inode.durable.len() < inode.written.len()).then_some(Unsynced::Grown { inode: i }));
            all.extend(inode.dirty.iter().map(|page| Unsynced::Page { inode: i, page: *page }));
            all.extend(inode.words.is_some().then_some(Unsynced::Words));
        }
        all
    }

    /// The power goes; what survives says the function. The machine then boots again.
    pub fn lose_power(&self, survives: impl Fn(Unsynced) -> bool) {
        self.stop_all();
        let had_log = self.files.borrow().durable_names.contains_key(LOG);
        let mut files = self.files.borrow_mut();
        for (n, renaming) in std::mem::take(&mut files.renamings).into_iter().enumerate() {
            if survives(Unsynced::Name(n)) {
                apply(&mut files.durable_names, renaming);
            }
        }
        let durable = files.durable_names.clone();
        let named: Vec<usize> = durable
            .values()
            .filter_map(|entry| if let Entry::File(i) = entry { Some(*i) } else { None })
            .collect();
        files.names = durable.clone();
        files.names.retain(|name, _| parent(name).is_empty() || durable.contains_key(parent(name)));
        files.durable_names = files.names.clone();
        for (i, inode) in files.inodes.iter_mut().enumerate() {
            if !named.contains(&i) {
                *inode = Inode::default();
                continue;
            }
            inode.restart(
                survives(Unsynced::Emptied { inode: i }),
                survives(Unsynced::Grown { inode: i }),
                |page| survives(Unsynced::Page { inode: i, page }),
            );
            if !survives(Unsynced::Words) {
                inode.words = None;
            }
        }
        assert!(!had_log || files.names.contains_key(LOG), "the log's name was lost with the power");
        drop(files);
        self.boot_again();
    }

    /// An orderly restart: everything reaches the disk, and only the words are worthless.
    pub fn reboot(&self) {
        self.lose_power(|_| true);
    }

    fn stop_all(&self) {
        let count = self.processes.borrow().len();
        (0..count).for_each(|pid| self.kill(pid));
    }

    fn boot_again(&self) {
        self.boot.set(self.boot.get() + 1);
        self.monotonic_ns.set(5_000_000_000);
    }

    /// Overwrites a file behind everybody's back.
    pub fn tamper(&self, path: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut files = self.files.borrow_mut();
        let i = files.file(path).unwrap();
        let inode = &mut files.inodes[i];
        change(&mut inode.written);
        inode.durable = inode.written.clone();
        inode.dirty.clear();
    }

    /// Takes a name away behind everybody's back.
    pub fn tear_off(&self, path: &str) {
        let mut files = self.files.borrow_mut();
        files.names.remove(path);
        files.durable_names.remove(path);
        files.renamings.retain(|renaming| renaming.changes.iter().all(|(name, _)| name != path));
    }

    pub fn content(&self, path: &str) -> Option<Vec<u8>> {
        let files = self.files.borrow();
        files.file(path).map(|i| files.inodes[i].written.clone())
    }

    pub fn names(&self) -> Vec<String> {
        self.files.borrow().names.keys().cloned().collect()
    }

    /// All files with their content, but for the words.
    pub fn contents(&self) -> BTreeMap<String, Option<Vec<u8>>> {
        self.names().into_iter().map(|name| (name.clone(), self.content(&name))).collect()
    }

    /// A number that two machines share if nothing tells them apart.
    pub fn fingerprint(&self) -> u64 {
        let files = self.files.borrow();
        let mut hash = xxhash_rust::xxh3::Xxh3::new();
        for inode in &files.inodes {
            hash.update(&inode.written);
            hash.update(&inode.durable);
            hash.update(format!("{:?} {}", inode.dirty, inode.emptied).as_bytes());
            let longs = inode.words.iter().flat_map(|words| &words.longs);
            longs.for_each(|long| hash.update(&long.load(SeqCst).to_le_bytes()));
        }
        hash.update(format!("{:?} {:?} {:?}", files.names, files.durable_names, files.renamings).as_bytes());
        hash.digest()
    }

    /// The words as they are now, if there are any.
    pub fn words(&self) -> Option<Rc<WordsPage>> {
        let files = self.files.borrow();
        files.file("locks/shared").and_then(|i| files.inodes[i].words.clone())
    }

    /// Puts garbage in the words.
    pub fn garble_words(&self, seed: u64) {
        if let Some(words) = self.words() {
            let mut random = super::random::Random::new(seed);
            words.longs.iter().for_each(|long| long.store(random.next(), SeqCst));
        }
    }
}

fn apply(names: &mut BTreeMap<String, Entry>, renaming: Renaming) {
    for (name, entry) in renaming.changes {
        match entry {
            Some(entry) => names.insert(name, entry),
            None => names.remove(&name),
        };
    }
}

impl Files {
    pub fn file(&self, path: &str) -> Option<usize> {
        match self.names.get(path) {
            Some(Entry::File(i)) => Some(*i),
            _ => None,
        }
    }

    /// Changes names now; whether that lasts is seen when the directory is synced.
    pub fn rename(&mut self, dir: &str, changes: Vec<(String, Option<Entry>)>) {
        let had_log = self.names.contains_key(LOG);
        let renaming = Renaming { dir: dir.to_owned(), changes, given_up: false };
        apply(&mut self.names, renaming.clone());
        self.renamings.push(renaming);
        assert!(!had_log || self.names.contains_key(LOG), "the log's name is absent");
    }

    pub fn sync_dir(&mut self, dir: &str) {
        let (synced, rest) = std::mem::take(&mut self.renamings)
            .into_iter()
            .partition(|renaming: &Renaming| renaming.dir == dir && !renaming.given_up);
        self.renamings = rest;
        let synced: Vec<Renaming> = synced;
        for renaming in synced {
            // What was given up and came before can't come back over it.
            for (name, _) in &renaming.changes {
                let older = self.renamings.iter_mut();
                older.for_each(|older| older.changes.retain(|(other, _)| other != name));
            }
            apply(&mut self.durable_names, renaming);
        }
        self.renamings.retain(|renaming| !renaming.changes.is_empty());
    }

    /// The sync of a directory fails, and the kernel takes its names for clean.
    pub fn give_up(&mut self, dir: &str) {
        let all = self.renamings.iter_mut();
        all.filter(|renaming| renaming.dir == dir).for_each(|renaming| renaming.given_up = true);
    }

    pub fn next_handle(&mut self) -> u64 {
        self.next_handle += 1;
        self.next_handle
    }
}
