//! Which paths are leased: lists of patterns, by the directory that each leads to.
//!
//! Every pattern leads to a directory, its anchor: no path of it is outside. Two patterns share a
//! path only if one's anchor is the other's or above it. So each pattern stands in the list of its
//! anchor (*at*), and its lease in those of all directories above (*under*); whoever looks for
//! what a pattern may meet reads the *at* of its anchor and of all above, and the *under* of its
//! anchor. A list may be of several directories that share a hash, and case is ignored in it: what
//! is found is compared before it is believed.

use std::collections::BTreeSet;
use std::io;

use jit_core::{Case, Lease, LeaseId, Pattern, Scope};

use super::Index;
use super::cells::{Cells, longs};
use super::header::Header;
use super::slots::NONE;
use super::table::{Key, Value};

/// The size of an entry in bytes.
pub(super) const ENTRY: usize = 128;
const TEXT: usize = ENTRY - 32;

/// Somebody's pattern in a directory's list.
#[derive(Clone)]
struct Entry {
    /// The hash of the list's key.
    list: u64,
    /// The lease: its slot while it stands, the record of its end after that.
    owner: Value,
    previous: u32,
    /// In the list; of a free entry, the next free one.
    next: u32,
    /// Of the same lease.
    sibling: u32,
    /// What it says, if that is short enough and the list is an *at*: a filter that saves reading
    /// the lease.
    text: Option<String>,
}

impl Entry {
    fn at(header: &Header, i: u32) -> u64 {
        header.paths_at() + u64::from(i) * ENTRY as u64
    }

    fn read<C: Cells>(cells: &C, header: &Header, i: u32) -> io::Result<Self> {
        if i >= header.paths_used {
            return Err(io::Error::other("the index names a path that it does not have"));
        }
        let mut bytes = [0; ENTRY];
        cells.read(&mut bytes, Self::at(header, i))?;
        let [list, owner, links, more] = longs(&bytes);
        let text = bytes[32..].get(..more as u32 as usize).filter(|text| !text.is_empty());
        Ok(Self {
            list,
            owner: Value::of(owner),
            previous: (links >> 32) as u32,
            next: links as u32,
            sibling: (more >> 32) as u32,
            text: text.and_then(|text| std::str::from_utf8(text).ok()).map(str::to_owned),
        })
    }

    fn write<C: Cells>(&self, cells: &C, header: &Header, i: u32) -> io::Result<()> {
        let mut bytes = [0; ENTRY];
        let text = self.text.as_deref().filter(|text| text.len() <= TEXT).unwrap_or_default();
        let longs = [
            self.list,
            self.owner.word(),
            u64::from(self.previous) << 32 | u64::from(self.next),
            u64::from(self.sibling) << 32 | text.len() as u64,
        ];
        for (to, long) in bytes.chunks_exact_mut(8).zip(longs) {
            to.copy_from_slice(&long.to_le_bytes());
        }
        bytes[32..][..text.len()].copy_from_slice(text.as_bytes());
        cells.write(&bytes, Self::at(header, i))
    }
}

/// How many entries a scope takes at most.
pub(super) fn entries(scope: &Scope) -> usize {
    scope.patterns().iter().map(|pattern| pattern.directories().len()).sum()
}

/// The lists that a scope stands in, with what it says there.
fn lists(scope: &Scope) -> Vec<(Key, Option<&Pattern>)> {
    let mut lists = Vec::new();
    let mut above = BTreeSet::new();
    for pattern in scope.patterns() {
        let mut directories = pattern.directories();
        if let Some(anchor) = directories.pop() {
            lists.push((Key::at(&anchor), Some(pattern)));
        }
        above.extend(directories);
    }
    lists.extend(above.iter().map(|directory| (Key::under(directory), None)));
    lists
}

impl<C: Cells> Index<C> {
    /// Enters the paths of a lease and says which entry is the first; `None` when there is no room.
    pub(super) fn enter_paths(&mut self, scope: &Scope, owner: Value) -> io::Result<Option<u32>> {
        let mut sibling = NONE;
        for (key, text) in lists(scope) {
            let Some(i) = self.free_path()?.filter(|_| self.room(1)) else { return Ok(None) };
            let text = text.filter(|_| scope.case() == Case::Sensitive).map(Pattern::to_string);
            let entry = Entry { list: key.hash(), owner, previous: NONE, next: NONE, sibling, text };
            self.put_first(i, key, entry)?;
            sibling = i;
        }
        Ok(Some(sibling))
    }

    fn put_first(&mut self, i: u32, key: Key, mut entry: Entry) -> io::Result<()> {
        match self.table().find(key)?.into_iter().next() {
            Some(value @ Value::Slot(head)) => {
                let mut second = self.path(head)?;
                second.previous = i;
                second.write(&self.cells, &self.header, head)?;
                entry.next = head;
                self.table().replace(key, value, Value::Slot(i))?;
            }
            _ => self.add(key, Value::Slot(i))?,
        }
        entry.write(&self.cells, &self.header, i)
    }

    /// Takes out the entries of a lease, from its first one on.
    pub(super) fn leave_paths(&mut self, first: u32) -> io::Result<()> {
        self.each_path(first, |index, i, entry| {
            let key = Key::from_hash(entry.list);
            if entry.next != NONE {
                let mut next = index.path(entry.next)?;
                next.previous = entry.previous;
                next.write(&index.cells, &index.header, entry.next)?;
            }
            if entry.previous != NONE {
                let mut previous = index.path(entry.previous)?;
                previous.next = entry.next;
                previous.write(&index.cells, &index.header, entry.previous)?;
            } else if entry.next == NONE {
                index.take(key, Value::Slot(i))?;
            } else {
                index.table().replace(key, Value::Slot(i), Value::Slot(entry.next))?;
            }
            let free = Entry { next: index.header.free_path, text: None, ..entry };
            free.write(&index.cells, &index.header, i)?;
            index.header.free_path = i;
            Ok(())
        })
    }

    /// Gives the entries of a lease to the record of its end.
    pub(super) fn own_paths(&mut self, first: u32, owner: Value) -> io::Result<()> {
        self.each_path(first, |index, i, entry| {
            Entry { owner, ..entry }.write(&index.cells, &index.header, i)
        })
    }

    fn each_path(
        &mut self,
        first: u32,
        mut change: impl FnMut(&mut Self, u32, Entry) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut i = first;
        for _ in 0..=self.header.paths_used {
            if i == NONE {
                return Ok(());
            }
            let entry = self.path(i)?;
            let sibling = entry.sibling;
            change(self, i, entry)?;
            i = sibling;
        }
        Err(io::Error::other("the paths of a lease in the index go round"))
    }

    fn path(&self, i: u32) -> io::Result<Entry> {
        Entry::read(&self.cells, &self.header, i)
    }

    fn free_path(&mut self) -> io::Result<Option<u32>> {
        let i = self.header.free_path;
        if i != NONE {
            self.header.free_path = self.path(i)?.next;
            return Ok(Some(i));
        }
        let i = self.header.paths_used;
        if i >= self.header.paths_capacity {
            return Ok(None);
        }
        self.header.paths_used += 1;
        Ok(Some(i))
    }

    /// The first entry of the paths of a lost lease, if they are not claimed again.
    pub(super) fn lost_paths(&self, id: &LeaseId, end: Value) -> io::Result<Option<u32>> {
        for value in self.table().find(Key::lost_paths(id))? {
            if let Value::Slot(i) = value
                && self.path(i)?.owner == end
            {
                return Ok(Some(i));
            }
        }
        Ok(None)
    }

    /// The owners of what may share a path with this scope, each once.
    pub(super) fn owners_over(&self, scope: &Scope) -> io::Result<Vec<Value>> {
        let mut owners = BTreeSet::new();
        for pattern in scope.patterns() {
            let directories = pattern.directories();
            let at = directories.iter().map(|directory| Key::at(directory));
            let under = directories.last().map(|anchor| Key::under(anchor));
            for key in at.chain(under) {
                self.follow_list(key, pattern, scope.case(), &mut owners)?;
            }
        }
        Ok(owners.into_iter().map(Value::of).collect())
    }

    fn follow_list(
        &self,
        key: Key,
        pattern: &Pattern,
        case: Case,
        owners: &mut BTreeSet<u64>,
    ) -> io::Result<()> {
        let Some(Value::Slot(mut i)) = self.table().find(key)?.into_iter().next() else { return Ok(()) };
        let wanted = pattern.to_string();
        for _ in 0..=self.header.paths_used {
            if i == NONE {
                return Ok(());
            }
            let entry = self.path(i)?;
            if entry.text.is_none_or(|text| may_overlap(&text, pattern, &wanted, case)) {
                owners.insert(entry.owner.word());
            }
            i = entry.next;
        }
        Err(io::Error::other("a list of paths in the index goes round"))
    }
}

/// Whether the pattern of this text may share a path with another. Most in a directory differ in
/// their first characters: that is seen before anything is parsed.
fn may_overlap(text: &str, pattern: &Pattern, wanted: &str, case: Case) -> bool {
    let plain = |text: &str| !text.starts_with(':') && text != ".";
    let special = |byte: u8| b"*?[{\\".contains(&byte);
    if case == Case::Sensitive && plain(text) && plain(wanted) {
        let both = text.bytes().zip(wanted.bytes()).take_while(|(a, b)| !special(*a) && !special(*b));
        if both.into_iter().any(|(a, b)| a != b) {
            return false;
        }
    }
    text.parse::<Pattern>().map_or(true, |text| text.overlaps(pattern, case))
}

/// Whether a lease has a path that the scope may have too.
pub(super) fn shares(lease: &Lease, scope: &Scope) -> bool {
    !lease.scope.overlaps(scope).is_empty()
}
