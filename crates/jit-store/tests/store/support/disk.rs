//! The store's disk and clock on a simulated [`Machine`], for one of its processes.

use std::cell::OnceCell;
use std::io;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::time::Duration;

use chrono::DateTime;
use jit_core::{ClockId, Now, Stamp, WallTime};
use jit_store::clock::Clock;
use jit_store::disk::{Disk, DiskFile, Open, Words};
use uuid::Uuid;

use super::inode::{Inode, WordsPage};
use super::machine::{Entry, Machine, Op, Process, Verdict, parent};

/// A process's view of its machine's disk.
#[derive(Clone)]
pub struct MemDisk {
    pub machine: Rc<Machine>,
    pub pid: usize,
}

impl MemDisk {
    /// A new process on a machine.
    pub fn start(machine: &Rc<Machine>) -> Self {
        let mut processes = machine.processes.borrow_mut();
        processes.push(Process::default());
        Self { machine: machine.clone(), pid: processes.len() - 1 }
    }

    pub fn process<T>(&self, look: impl FnOnce(&mut Process) -> T) -> T {
        look(&mut self.machine.processes.borrow_mut()[self.pid])
    }

    /// An operation that is done whole or not at all.
    fn whole(&self, op: impl FnOnce() -> Op) -> io::Result<()> {
        match self.machine.step(self.pid, op)? {
            Verdict::Go => Ok(()),
            Verdict::Torn(_, error) => Err(error),
            Verdict::Lost { .. } => Err(io::Error::other("input/output error")),
        }
    }
}

impl Disk for MemDisk {
    type File = MemFile;
    type Words = MemWords;

    fn make_root(&self) -> io::Result<()> {
        self.whole(|| Op::MakeDir(String::new()))?;
        let mut files = self.machine.files.borrow_mut();
        files.rename("/", vec![(String::new(), Some(Entry::Dir))]);
        files.sync_dir("/");
        Ok(())
    }

    fn open(&self, path: &str, how: Open) -> io::Result<MemFile> {
        let there = self.machine.files.borrow().file(path);
        let creates = how == Open::Fresh || (how == Open::Create && there.is_none());
        self.whole(|| Op::Open { path: path.to_owned(), creates })?;
        let mut files = self.machine.files.borrow_mut();
        let inode = match (files.file(path), how) {
            _ if files.names.get(path) == Some(&Entry::Dir) => return Err(io::ErrorKind::IsADirectory.into()),
            (Some(inode), _) => inode,
            (None, Open::Create | Open::Fresh) if files.names.contains_key(parent(path)) => {
                files.inodes.push(Inode::default());
                let inode = files.inodes.len() - 1;
                files.rename(parent(path), vec![(path.to_owned(), Some(Entry::File(inode)))]);
                inode
            }
            _ => return Err(io::ErrorKind::NotFound.into()),
        };
        if how == Open::Fresh {
            files.inodes[inode].empty();
        }
        let writes = how != Open::Read;
        let handle = files.next_handle();
        Ok(MemFile { disk: self.clone(), path: path.to_owned(), inode, handle, writes })
    }

    fn append(&self, path: &str, bytes: &[u8]) -> io::Result<u64> {
        let file = self.open(path, Open::Create)?;
        file.write_at(bytes, file.len()?)?;
        file.len()
    }

    fn words(&self, path: &str, how: Open) -> io::Result<MemWords> {
        let file = self.open(path, how)?;
        let mut files = self.machine.files.borrow_mut();
        let words = &mut files.inodes[file.inode].words;
        if words.is_none() && !file.writes {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let page = words.get_or_insert_with(Rc::default).clone();
        drop(files);
        let disk = self.clone();
        Ok(MemWords { disk, page, writes: file.writes, grave: OnceCell::new() })
    }

    fn make_dir(&self, path: &str) -> io::Result<()> {
        self.whole(|| Op::MakeDir(path.to_owned()))?;
        let mut files = self.machine.files.borrow_mut();
        if !files.names.contains_key(path) {
            files.rename(parent(path), vec![(path.to_owned(), Some(Entry::Dir))]);
        }
        Ok(())
    }

    fn list(&self, path: &str) -> io::Result<Vec<String>> {
        self.whole(|| Op::Read(path.to_owned()))?;
        let files = self.machine.files.borrow();
        let inside = files.names.keys().filter(|name| parent(name) == path && !name.is_empty());
        Ok(inside.map(|name| name.rsplit('/').next().unwrap().to_owned()).collect())
    }

    fn exists(&self, path: &str) -> io::Result<bool> {
        self.whole(|| Op::Read(path.to_owned()))?;
        Ok(self.machine.files.borrow().names.contains_key(path))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        // Nobody relies on what was moved aside.
        let aside = to.starts_with("archive/aside-");
        assert!(aside || parent(from) == parent(to), "a rename across directories is two changes");
        self.whole(|| Op::Rename(to.to_owned()))?;
        let mut files = self.machine.files.borrow_mut();
        let entry = *files.names.get(from).ok_or(io::ErrorKind::NotFound)?;
        if entry == Entry::Dir && files.names.keys().any(|name| parent(name) == to) {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        files.rename(parent(to), vec![(to.to_owned(), Some(entry)), (from.to_owned(), None)]);
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.whole(|| Op::Rename(path.to_owned()))?;
        self.machine.files.borrow_mut().rename(parent(path), vec![(path.to_owned(), None)]);
        Ok(())
    }

    fn sync_dir(&self, path: &str) -> io::Result<()> {
        match self.machine.step(self.pid, || Op::SyncDir(path.to_owned()))? {
            Verdict::Go => {
                self.machine.files.borrow_mut().sync_dir(path);
                Ok(())
            }
            Verdict::Torn(_, error) => Err(error),
            Verdict::Lost { .. } => {
                self.machine.files.borrow_mut().give_up(path);
                Err(io::Error::other("input/output error"))
            }
        }
    }

    fn free(&self) -> io::Result<u64> {
        self.whole(|| Op::Read(String::new()))?;
        Ok(self.machine.free.get())
    }

    fn locks_may_be_local(&self) -> io::Result<Option<&'static str>> {
        self.whole(|| Op::Read(String::new()))?;
        let there = self.machine.files.borrow().names.contains_key("");
        if there { Ok(None) } else { Err(io::ErrorKind::NotFound.into()) }
    }
}

/// An open file of a process.
pub struct MemFile {
    disk: MemDisk,
    path: String,
    inode: usize,
    handle: u64,
    writes: bool,
}

impl MemFile {
    fn inode<T>(&self, look: impl FnOnce(&mut Inode) -> T) -> T {
        look(&mut self.disk.machine.files.borrow_mut().inodes[self.inode])
    }

    fn let_go(&self) {
        let owner = (self.disk.pid, self.handle);
        self.inode(|inode| inode.lock.take_if(|lock| *lock == owner));
    }
}

impl DiskFile for MemFile {
    fn len(&self) -> io::Result<u64> {
        self.disk.whole(|| Op::Read(self.path.clone()))?;
        Ok(self.inode(|inode| inode.written.len()) as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.disk.whole(|| Op::Read(self.path.clone()))?;
        let read = self.inode(|inode| {
            let from = (offset as usize).min(inode.written.len());
            let read = buffer.len().min(inode.written.len() - from);
            buffer[..read].copy_from_slice(&inode.written[from..from + read]);
            read
        });
        self.disk.process(|process| process.bytes_read += read as u64);
        Ok(read)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        assert!(self.writes, "{} was opened to read", self.path);
        let op = || Op::Write { path: self.path.clone(), length: bytes.len() };
        match self.disk.machine.step(self.disk.pid, op)? {
            Verdict::Torn(done, error) => {
                self.inode(|inode| inode.write(&bytes[..done.min(bytes.len())], offset as usize));
                Err(error)
            }
            _ => {
                self.inode(|inode| inode.write(bytes, offset as usize));
                Ok(())
            }
        }
    }

    fn sync(&self) -> io::Result<()> {
        match self.disk.machine.step(self.disk.pid, || Op::Sync(self.path.clone()))? {
            Verdict::Lost { at_once } => {
                self.inode(|inode| inode.lose_unsynced(at_once));
                Err(io::Error::other("input/output error"))
            }
            Verdict::Torn(_, error) => Err(error),
            Verdict::Go => {
                self.inode(Inode::sync);
                Ok(())
            }
        }
    }

    fn try_lock(&self) -> io::Result<bool> {
        self.disk.whole(|| Op::Lock(self.path.clone()))?;
        let owner = (self.disk.pid, self.handle);
        Ok(self.inode(|inode| *inode.lock.get_or_insert(owner) == owner))
    }

    fn unlock(&self) -> io::Result<()> {
        self.disk.whole(|| Op::Unlock(self.path.clone()))?;
        self.let_go();
        Ok(())
    }
}

impl Drop for MemFile {
    fn drop(&mut self) {
        // The dead hold no locks any more; the living lose this one by closing.
        self.let_go();
    }
}

/// Shared words of a process. What a dead process still stores goes into its grave.
pub struct MemWords {
    disk: MemDisk,
    page: Rc<WordsPage>,
    writes: bool,
    grave: OnceCell<WordsPage>,
}

impl MemWords {
    fn page(&self) -> &WordsPage {
        if self.writes {
            let _ = self.disk.whole(|| Op::Word);
        }
        if self.disk.machine.is_dead(self.disk.pid) {
            return self.grave.get_or_init(|| {
                let grave = WordsPage::default();
                grave.copy_from(&self.page);
                grave
            });
        }
        &self.page
    }
}

impl Words for MemWords {
    fn long(&self, i: usize) -> &AtomicU64 {
        &self.page().longs[i]
    }

    fn bell(&self, i: usize) -> &AtomicU32 {
        &self.page().bells[i]
    }

    fn wait(&self, _: usize, _: u32, most: Duration) {
        let _ = self.disk.whole(|| Op::Wait);
        if self.disk.process(|process| process.dies_waiting) {
            self.disk.machine.kill(self.disk.pid);
        }
        self.disk.machine.pass_ns(most.as_nanos() as u64);
    }

    fn wake(&self, _: usize, _: bool) {}
}

/// A process's clocks.
#[derive(Clone)]
pub struct SimClock {
    pub machine: Rc<Machine>,
    /// What this process's wall clock is off by, in milliseconds.
    pub wall_off_ms: i64,
}

impl Clock for SimClock {
    fn now(&self) -> io::Result<Now> {
        if self.machine.no_clock.get() {
            return Err(io::Error::other("no boot id"));
        }
        let boot = ClockId::new(Uuid::from_u128(0xb007_0000 + self.machine.boot.get()));
        let wall = DateTime::from_timestamp_millis(self.machine.wall_ms.get() + self.wall_off_ms);
        let wall = WallTime::new(wall.unwrap_or(DateTime::UNIX_EPOCH));
        Ok(Now { stamp: Stamp { boot, ns: self.machine.monotonic_ns.get() }, wall })
    }
}
