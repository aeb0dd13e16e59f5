//! The real world: the only place of this crate that talks to the kernel.

mod clock;
#[cfg(unix)]
mod disk;
#[cfg(unix)]
mod filesystem;
#[cfg(unix)]
mod owner;
#[cfg(unix)]
mod survey;
#[cfg(unix)]
mod words;

pub use clock::OsClock;
#[cfg(unix)]
pub use disk::{OsDisk, OsFile};
#[cfg(unix)]
pub use owner::Modes;
#[cfg(unix)]
pub use survey::{Odd, Oddity, may_write, mend, survey};
#[cfg(unix)]
pub use words::MappedWords;

/// Fills a buffer with random bytes that nobody can guess.
///
/// # Errors
/// When the kernel has none to give.
#[cfg(target_os = "linux")]
pub fn random<const N: usize>() -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    let got = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
    if got == N { Ok(bytes) } else { Err(std::io::Error::other("the kernel gave too few random bytes")) }
}

/// The same on macOS, for at most 256 bytes.
///
/// # Errors
/// As there.
#[cfg(target_os = "macos")]
pub fn random<const N: usize>() -> std::io::Result<[u8; N]> {
    let mut bytes = [0_u8; N];
    // SAFETY: at most `N` bytes are written to the array, which has as many.
    match unsafe { libc::getentropy(bytes.as_mut_ptr().cast(), N) } {
        0 => Ok(bytes),
        _ => Err(std::io::Error::last_os_error()),
    }
}
