//! One file of the simulated machine: what was written, and what would survive the power.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicU32, AtomicU64};

use jit_store::disk::Words;

use super::disk::MemWords;

/// The smallest part of a file that reaches the disk as one.
pub const PAGE: usize = 512;

/// Shared words: memory that outlives processes, and no reboot.
#[derive(Default)]
pub struct WordsPage {
    pub longs: [AtomicU64; MemWords::LONGS],
    pub bells: [AtomicU32; MemWords::BELLS],
}

impl WordsPage {
    /// Takes over the values of another page.
    pub fn copy_from(&self, other: &Self) {
        for (to, from) in self.longs.iter().zip(&other.longs) {
            to.store(from.load(SeqCst), SeqCst);
        }
        for (to, from) in self.bells.iter().zip(&other.bells) {
            to.store(from.load(SeqCst), SeqCst);
        }
    }
}

/// Who has a file's lock: a process, by one of its handles.
pub type LockOwner = (usize, u64);

/// A file without its names.
#[derive(Default)]
pub struct Inode {
    /// The page cache: what every process reads.
    pub written: Vec<u8>,
    /// What the platters have.
    pub durable: Vec<u8>,
    /// The pages of `written` that are on their way.
    pub dirty: BTreeSet<usize>,
    /// Emptied since it was last synced: the old content may still come back.
    pub emptied: bool,
    pub lock: Option<LockOwner>,
    pub words: Option<Rc<WordsPage>>,
}

impl Inode {
    pub fn write(&mut self, bytes: &[u8], offset: usize) {
        if bytes.is_empty() {
            return;
        }
        let end = offset + bytes.len();
        let from = offset.min(self.written.len());
        if self.written.len() < end {
            self.written.resize(end, 0);
        }
        self.written[offset..end].copy_from_slice(bytes);
        self.dirty.extend(from / PAGE..=(end - 1) / PAGE);
    }

    pub fn empty(&mut self) {
        if !self.written.is_empty() {
            self.emptied = true;
        }
        self.written.clear();
        self.dirty.clear();
    }

    /// Makes what is written durable; pages that were lost before are not among it.
    pub fn sync(&mut self) {
        if self.emptied {
            self.durable.clear();
            self.emptied = false;
        }
        for page in std::mem::take(&mut self.dirty) {
            copy_page(&self.written, &mut self.durable, page);
        }
        self.durable.resize(self.written.len(), 0);
    }

    /// The kernel tried to write the pages back, failed, and takes them for clean. Whether the
    /// content is gone at once depends on when it drops them from memory.
    pub fn lose_unsynced(&mut self, at_once: bool) {
        for page in std::mem::take(&mut self.dirty) {
            if at_once {
                let end = ((page + 1) * PAGE).min(self.written.len());
                self.written[page * PAGE..end].fill(0);
                copy_page(&self.durable, &mut self.written, page);
            }
        }
    }

    /// What is found after the power was lost, when these dirty pages made it.
    pub fn restart(&mut self, emptied: bool, grown: bool, survives: impl Fn(usize) -> bool) {
        if self.emptied && emptied {
            self.durable.clear();
        }
        if grown && self.durable.len() < self.written.len() {
            self.durable.resize(self.written.len(), 0);
        }
        for page in std::mem::take(&mut self.dirty) {
            if survives(page) {
                copy_page(&self.written, &mut self.durable, page);
            }
        }
        self.emptied = false;
        self.written = self.durable.clone();
        self.lock = None;
    }

    pub fn fork(&self) -> Self {
        let words = self.words.as_ref().map(|page| {
            let copy = WordsPage::default();
            copy.copy_from(page);
            Rc::new(copy)
        });
        Self {
            written: self.written.clone(),
            durable: self.durable.clone(),
            dirty: self.dirty.clone(),
            emptied: self.emptied,
            lock: None,
            words,
        }
    }
}

fn copy_page(from: &[u8], to: &mut Vec<u8>, page: usize) {
    let start = (page * PAGE).min(from.len());
    let end = (start + PAGE).min(from.len());
    if to.len() < end {
        to.resize(end, 0);
    }
    to[start..end].copy_from_slice(&from[start..end]);
}
