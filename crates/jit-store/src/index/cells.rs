//! Where an index is: a file, memory while it is made, or a file with changes that nobody else
//! sees.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;

use super::header::Header;
use crate::disk::DiskFile;

/// Bytes that can be read and written in place.
pub(crate) trait Cells {
    /// Fills the buffer from `offset` on. What is not there is an error: zeros would be taken for
    /// entries that are free.
    fn read(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes all of it at `offset`.
    fn write(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
}

/// In a file.
pub(crate) struct InFile<F> {
    file: F,
    /// All of it, for one who asks about much.
    copy: RefCell<Vec<u8>>,
}

impl<F: DiskFile> InFile<F> {
    pub(crate) fn new(file: F) -> Self {
        Self { file, copy: RefCell::default() }
    }

    /// Reads the file at once, so that a thousand questions cost no more calls than one. Only for
    /// reading: what is written afterwards is not in it.
    pub(crate) fn read_whole(&self) -> io::Result<()> {
        *self.copy.borrow_mut() = self.file.read_from(0)?;
        Ok(())
    }
}

impl<F: DiskFile> Cells for InFile<F> {
    fn read(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let at = offset as usize;
        // The header says whether a writer came by, so it is always read anew.
        let copy = self.copy.borrow();
        if let Some(bytes) = copy.get(at..at + buffer.len()).filter(|_| at >= Header::SIZE) {
            buffer.copy_from_slice(bytes);
            return Ok(());
        }
        let read = self.file.read_at(buffer, offset)?;
        if read == buffer.len() { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    fn write(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_at(bytes, offset)
    }
}

/// In memory, of a size that is given.
pub(crate) struct InMemory(RefCell<Vec<u8>>);

impl InMemory {
    pub(crate) fn new(size: usize) -> Self {
        Self(RefCell::new(vec![0; size]))
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0.into_inner()
    }
}

impl Cells for InMemory {
    fn read(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let bytes = self.0.borrow();
        let at = offset as usize;
        buffer.copy_from_slice(bytes.get(at..at + buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut all = self.0.borrow_mut();
        let at = offset as usize;
        all.get_mut(at..at + bytes.len()).ok_or(io::ErrorKind::UnexpectedEof)?.copy_from_slice(bytes);
        Ok(())
    }
}

/// The numbers that the bytes hold, eight bytes each; zero where they end.
pub(super) fn longs<const N: usize>(bytes: &[u8]) -> [u64; N] {
    let mut longs = [0; N];
    for (long, bytes) in longs.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *long = u64::from_le_bytes(*bytes);
    }
    longs
}

/// Other cells, with changes in memory only.
///
/// Entries, slots and the header are each written whole and never read in part, so a change is
/// kept by its offset.
pub(crate) struct Ahead<C> {
    base: C,
    began_at: Header,
    changes: RefCell<BTreeMap<u64, Vec<u8>>>,
}

impl<C> Ahead<C> {
    pub(super) fn of(base: C, began_at: Header) -> Self {
        Self { base, began_at, changes: RefCell::default() }
    }

    /// The header as it was before the changes.
    pub(super) fn began_at(&self) -> &Header {
        &self.began_at
    }

    pub(super) fn base(&self) -> &C {
        &self.base
    }
}

impl<C: Cells> Cells for Ahead<C> {
    fn read(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.base.read(buffer, offset)?;
        for (at, bytes) in self.changes.borrow().range(offset..offset + buffer.len() as u64) {
            let at = (at - offset) as usize;
            let room = buffer.get_mut(at..at + bytes.len()).ok_or(io::ErrorKind::InvalidInput)?;
            room.copy_from_slice(bytes);
        }
        Ok(())
    }

    fn write(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.changes.borrow_mut().insert(offset, bytes.to_vec());
        Ok(())
    }
}
