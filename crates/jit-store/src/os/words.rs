//! Words that processes share: a mapped page of a file, and futexes on it.

use std::fs::File;
use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::time::Duration;

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

use crate::disk::Words;

/// One mapped page: the counters first, the bells after them.
pub struct MappedWords {
    page: NonNull<u8>,
}

const PAGE: usize = 4096;
const BELLS_AT: usize = 2048;
const _: () = assert!(<MappedWords as Words>::LONGS * 8 <= BELLS_AT);
const _: () = assert!(BELLS_AT + <MappedWords as Words>::BELLS * 4 <= PAGE);

impl MappedWords {
    /// Maps the first page of a file; to write to it, an empty file gets one.
    ///
    /// # Errors
    /// What the kernel says.
    pub(super) fn map(file: &File, write: bool) -> io::Result<Self> {
        if file.metadata()?.len() < PAGE as u64 {
            if !write {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            make_room(file)?;
        }
        let access = if write { ProtFlags::READ | ProtFlags::WRITE } else { ProtFlags::READ };
        // SAFETY: a new mapping at an address of the kernel's choosing overlaps nothing; the file
        // is at least a page long and nothing ever shortens it.
        let page = unsafe { mmap(std::ptr::null_mut(), PAGE, access, MapFlags::SHARED, file, 0) }?;
        let page = NonNull::new(page.cast()).ok_or_else(|| io::Error::other("mmap gave no address"))?;
        Ok(Self { page })
    }
}

/// Gives the file its page without touching what another process may have stored there already.
fn make_room(file: &File) -> io::Result<()> {
    // A store into a hole is SIGBUS on a full disk, so blocks are taken now where the file system
    // can.
    #[cfg(target_os = "linux")]
    match rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, PAGE as u64) {
        Err(rustix::io::Errno::OPNOTSUPP) => {}
        done => return Ok(done?),
    }
    file.set_len(PAGE as u64)
}

impl Drop for MappedWords {
    fn drop(&mut self) {
        // SAFETY: this is the mapping that `map` made, and no reference into it outlives `self`.
        // A failure leaves it mapped, which harms nobody.
        let _ = unsafe { munmap(self.page.as_ptr().cast(), PAGE) };
    }
}

impl Words for MappedWords {
    fn long(&self, i: usize) -> &AtomicU64 {
        assert!(i < Self::LONGS);
        // SAFETY: in the page by the assertion, aligned (the page is), only touched as an atomic.
        unsafe { self.page.cast::<AtomicU64>().add(i).as_ref() }
    }

    fn bell(&self, i: usize) -> &AtomicU32 {
        assert!(i < Self::BELLS);
        // SAFETY: as in `long`; the bells begin at a multiple of their alignment.
        unsafe { self.page.byte_add(BELLS_AT).cast::<AtomicU32>().add(i).as_ref() }
    }

    fn wait(&self, i: usize, seen: u32, most: Duration) {
        futex::wait(self.bell(i), seen, most);
    }

    fn wake(&self, i: usize, all: bool) {
        futex::wake(self.bell(i), all);
    }
}

#[cfg(target_os = "linux")]
mod futex {
    use std::sync::atomic::AtomicU32;
    use std::time::Duration;

    use rustix::thread::futex;
    use rustix::time::Timespec;

    pub(super) fn wait(word: &AtomicU32, seen: u32, most: Duration) {
        let most = Timespec {
            tv_sec: i64::try_from(most.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(most.subsec_nanos()),
        };
        // Woken, timed out, interrupted or changed before: the caller looks again in any case.
        // Without the PRIVATE flag the futex is found by file and offset, so that it reaches
        // processes in other containers.
        let _ = futex::wait(word, futex::Flags::empty(), seen, Some(&most));
    }

    pub(super) fn wake(word: &AtomicU32, all: bool) {
        let _ = futex::wake(word, futex::Flags::empty(), if all { i32::MAX as u32 } else { 1 });
    }
}

/// Without futexes: short naps. Not run so far: see dev/architecture.md.
#[cfg(not(target_os = "linux"))]
mod futex {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    #[allow(clippy::disallowed_methods, reason = "this is the adapter")]
    pub(super) fn wait(word: &AtomicU32, seen: u32, most: Duration) {
        if word.load(Ordering::SeqCst) == seen {
            std::thread::sleep(most.min(Duration::from_millis(2)));
        }
    }

    pub(super) fn wake(_: &AtomicU32, _: bool) {}
}
