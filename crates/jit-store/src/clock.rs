//! What the store asks of time.

use std::io;

use jit_core::Now;

/// The two clocks. The store reads them inside its atomic step, so that readings grow with the
/// log.
pub trait Clock {
    /// Reads both.
    ///
    /// # Errors
    /// When the machine can't say which monotonic clock it has: expiry could then not be told.
    fn now(&self) -> io::Result<Now>;

    /// Makes sure that the monotonic clock is named as all processes of its kernel name it. Some
    /// containers are given a boot id of their own: theirs would be another clock to others.
    ///
    /// # Errors
    /// When it is not.
    fn vouch(&self) -> io::Result<()> {
        Ok(())
    }
}
