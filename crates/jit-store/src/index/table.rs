//! A hash table in place: open addressing, linear probing, deletion by shifting back.

use std::io;

use super::cells::{Cells, longs};
use super::header::Header;

/// The size of an entry in bytes: the key's hash and a value.
pub(super) const ENTRY: usize = 16;

/// What is looked up: a hash that is not zero. Two keys may share one; whoever looks up compares
/// with the record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(u64);

impl Key {
    /// The key of what has this hash among its kind. Keys of different kinds never share one: what
    /// is found is of the kind that was looked for.
    pub(super) fn new(kind: Kind, hash: u64) -> Self {
        // Zero is an empty entry.
        Self(((kind as u64) << 60 | hash >> 4).max(1))
    }

    pub(super) const fn from_hash(hash: u64) -> Self {
        Self(hash)
    }

    pub(super) const fn hash(self) -> u64 {
        self.0
    }
}

/// What a key is of.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// A lease, by its id.
    Lease,
    /// What a lease covers.
    Reference,
    /// What a lease covered that was lost.
    Lost,
    /// What is held in a worktree.
    HeldIn,
    /// What was lost there.
    LostIn,
    /// What all who act for a holder lost.
    LostBy,
    /// What superseded a lease.
    Successor,
    /// The paths of a lease that was lost.
    LostPaths,
    /// What is known of an issue.
    Facts,
    /// The patterns that lead to a directory.
    At,
    /// The leases of patterns that lead further.
    Under,
}

/// What is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// The slot of a lease that stands, or the first entry of a list of paths.
    Slot(u32),
    /// In a record that stands alone.
    Record(Place),
}

/// Where in the log something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The record's first byte.
    pub(super) offset: u64,
    /// Which of the things that the record is of, so that two whose keys collide can be told apart.
    pub(super) part: u16,
}

impl Place {
    /// A record as a whole.
    pub(super) fn whole(offset: u64) -> Self {
        Self { offset, part: 0 }
    }

    /// One of many things in a record; `None` beyond what can be counted.
    pub(super) fn part(offset: u64, i: usize) -> Option<Self> {
        u16::try_from(i).ok().map(|part| Self { offset, part })
    }
}

const RECORD: u64 = 1 << 63;
const OFFSET_BITS: u32 = 47;

impl Value {
    pub(super) fn word(self) -> u64 {
        match self {
            Self::Slot(i) => u64::from(i),
            Self::Record(place) => RECORD | u64::from(place.part) << OFFSET_BITS | place.offset,
        }
    }

    pub(super) fn of(word: u64) -> Self {
        if word & RECORD == 0 {
            return Self::Slot(word as u32);
        }
        let (part, offset) = ((word & !RECORD) >> OFFSET_BITS, word & ((1 << OFFSET_BITS) - 1));
        Self::Record(Place { offset, part: part as u16 })
    }
}

/// The table, in its cells. The same key may stand in it with several values.
pub(super) struct Table<'c, C> {
    pub(super) cells: &'c C,
    pub(super) capacity: u32,
}

/// Entries are read so many at a time: a chain is seldom longer.
const WINDOW: u32 = 8;

#[derive(Clone, Copy)]
struct Entry {
    hash: u64,
    word: u64,
}

const EMPTY: Entry = Entry { hash: 0, word: 0 };

impl<C: Cells> Table<'_, C> {
    fn mask(&self) -> u32 {
        self.capacity - 1
    }

    fn home(&self, hash: u64) -> u32 {
        hash as u32 & self.mask()
    }

    fn put(&self, i: u32, entry: Entry) -> io::Result<()> {
        let mut bytes = [0; ENTRY];
        bytes[..8].copy_from_slice(&entry.hash.to_le_bytes());
        bytes[8..].copy_from_slice(&entry.word.to_le_bytes());
        self.cells.write(&bytes, Self::at(i))
    }

    fn at(i: u32) -> u64 {
        Header::SIZE as u64 + u64::from(i) * ENTRY as u64
    }

    /// The entries from `start` on up to an empty one, which comes last.
    ///
    /// Errors when there is none: the table is never more than half full.
    fn chain(&self, start: u32) -> io::Result<Vec<(u32, Entry)>> {
        let mut chain = Vec::with_capacity(WINDOW as usize);
        let mut i = start;
        while chain.len() <= self.capacity as usize {
            let many = WINDOW.min(self.capacity - i);
            let mut bytes = [0; WINDOW as usize * ENTRY];
            let bytes = &mut bytes[..many as usize * ENTRY];
            self.cells.read(bytes, Self::at(i))?;
            for entry in bytes.chunks_exact(ENTRY) {
                let [hash, word] = longs(entry);
                let entry = Entry { hash, word };
                chain.push((i, entry));
                if entry.hash == 0 {
                    return Ok(chain);
                }
                i = (i + 1) & self.mask();
            }
        }
        Err(io::Error::other("the index's table has no empty entry"))
    }

    /// The values of a key.
    pub(super) fn find(&self, key: Key) -> io::Result<Vec<Value>> {
        let chain = self.chain(self.home(key.hash()))?;
        let found = chain.iter().filter(|(_, entry)| entry.hash == key.hash());
        Ok(found.map(|(_, entry)| Value::of(entry.word)).collect())
    }

    /// Adds a value to a key.
    pub(super) fn insert(&self, key: Key, value: Value) -> io::Result<()> {
        let chain = self.chain(self.home(key.hash()))?;
        let (i, _) = chain.last().ok_or_else(|| io::Error::other("an empty chain"))?;
        self.put(*i, Entry { hash: key.hash(), word: value.word() })
    }

    /// Puts one value of a key in the place of another.
    pub(super) fn replace(&self, key: Key, old: Value, new: Value) -> io::Result<()> {
        let chain = self.chain(self.home(key.hash()))?;
        self.put(place(&chain, key, old)?.1, Entry { hash: key.hash(), word: new.word() })
    }

    /// Takes a value from a key.
    pub(super) fn remove(&self, key: Key, value: Value) -> io::Result<()> {
        let chain = self.chain(self.home(key.hash()))?;
        let (mut hole, mut hole_at) = place(&chain, key, value)?;
        // What comes after moves into the hole when its own chain reaches back that far.
        for (k, (i, entry)) in chain.iter().enumerate().skip(hole + 1) {
            let home = self.home(entry.hash);
            let distance = |from: u32, to: u32| to.wrapping_sub(from) & self.mask();
            if entry.hash != 0 && distance(home, *i) >= distance(hole_at, *i) {
                self.put(hole_at, *entry)?;
                (hole, hole_at) = (k, *i);
            }
        }
        debug_assert!(hole < chain.len());
        self.put(hole_at, EMPTY)
    }
}

/// Where a key stands with a value: its place in the chain and in the table.
fn place(chain: &[(u32, Entry)], key: Key, value: Value) -> io::Result<(usize, u32)> {
    chain
        .iter()
        .enumerate()
        .find(|(_, (_, entry))| entry.hash == key.hash() && entry.word == value.word())
        .map(|(k, (i, _))| (k, *i))
        .ok_or_else(|| io::Error::other("the index's table lacks an entry that it should have"))
}
