//! The real world: the only place of this crate that talks to the kernel.

mod clock;
mod disk;
mod owner;
mod words;

pub use clock::OsClock;
pub use disk::{OsDisk, OsFile};
pub use owner::Modes;
pub use words::MappedWords;

/// Fills a buffer with random bytes that nobody can guess.
///
/// # Errors
/// When the kernel has none to give.
pub fn random<const N: usize>() -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    let got = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
    if got == N { Ok(bytes) } else { Err(std::io::Error::other("the kernel gave too few random bytes")) }
}
