//! What asks this process to stop, told to the program in place of ending it: what it started has to
//! end first.

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::ptr;

use libc::{SIG_BLOCK, SIG_IGN, SIG_SETMASK, SIGHUP, SIGINT, SIGQUIT, SIGTERM, sigset_t};

/// While this lives, what asks the process to stop does not end it. To be made before any thread
/// is, for each one that is made later holds these signals back too.
pub(crate) struct HeldBack {
    before: sigset_t,
}

impl HeldBack {
    /// Tells each signal from now on, from a thread of its own, as long as `tell` says to go on.
    pub(crate) fn telling(tell: impl Fn(i32) -> bool + Send + 'static) -> Self {
        let asking = asking();
        let mut before = MaybeUninit::uninit();
        // SAFETY: both sets live here, and the call fills the second.
        let before = unsafe {
            libc::pthread_sigmask(SIG_BLOCK, &asking, before.as_mut_ptr());
            before.assume_init()
        };
        std::thread::spawn(move || {
            let mut signal: c_int = 0;
            // SAFETY: the set and the number live here; the signals are held back in this thread.
            while unsafe { libc::sigwait(&asking, &mut signal) } == 0 && tell(signal) {}
        });
        Self { before }
    }

    /// What is started would hold these signals back too.
    pub(crate) fn let_through(&self, command: &mut Command) {
        let before = self.before;
        let restore = move || {
            // SAFETY: the set is one that the kernel gave.
            unsafe { libc::pthread_sigmask(SIG_SETMASK, &before, ptr::null_mut()) };
            Ok(())
        };
        // SAFETY: between `fork` and `exec`, it makes one call that may be made there, on a copy.
        unsafe { command.pre_exec(restore) };
    }
}

impl Drop for HeldBack {
    fn drop(&mut self) {
        // SAFETY: the set is one that the kernel gave.
        unsafe { libc::pthread_sigmask(SIG_SETMASK, &self.before, ptr::null_mut()) };
    }
}

/// What asks a process to stop, without what this one was told to ignore (by `nohup`, say).
fn asking() -> sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: the call fills the set.
    let mut set = unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        set.assume_init()
    };
    for signal in [SIGINT, SIGQUIT, SIGTERM, SIGHUP] {
        let mut now = MaybeUninit::<libc::sigaction>::uninit();
        // SAFETY: the call only tells what is done with a signal that there is, and then fills `now`.
        let ignored = unsafe {
            libc::sigaction(signal, ptr::null(), now.as_mut_ptr()) == 0
                && now.assume_init().sa_sigaction == SIG_IGN
        };
        if !ignored {
            // SAFETY: the set was filled above.
            unsafe { libc::sigaddset(&mut set, signal) };
        }
    }
    set
}
