//! Signals, told to the program in place of what they would do to it: what it started comes first.

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::ptr;

use libc::{
    SIG_BLOCK, SIG_DFL, SIG_IGN, SIG_SETMASK, SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM,
    SIGTSTP, SIGTTOU, SIGUSR1, SIGUSR2, SIGWINCH, sigset_t,
};

/// What asks a process to stop.
pub(crate) const ASKING: [c_int; 4] = [SIGINT, SIGQUIT, SIGTERM, SIGHUP];

/// What is passed on to a command that is run for somebody.
pub(crate) const PASSED_ON: [c_int; 9] =
    [SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT, SIGTSTP];

/// What tells of a child, or would get in the way of lending it the terminal.
const OF_CHILDREN: [c_int; 2] = [SIGCHLD, SIGTTOU];

/// While this lives, these signals do nothing to the process by themselves. To be made before any thread
/// is, for each one that is made later holds these signals back too.
pub(crate) struct HeldBack {
    before: sigset_t,
}

impl HeldBack {
    /// Tells what asks to stop from now on, from a thread of its own, as long as `tell` says to go
    /// on.
    pub(crate) fn telling(tell: impl Fn(i32) -> bool + Send + 'static) -> Self {
        Self::of(heeded(&ASKING), tell)
    }

    /// The same with all that is passed on, and with what becomes of children.
    pub(crate) fn telling_all(tell: impl Fn(i32) -> bool + Send + 'static) -> Self {
        // SAFETY: it is no handler. Where it was ignored, children would go without being waited for.
        unsafe { libc::signal(SIGCHLD, SIG_DFL) };
        let mut set = heeded(&PASSED_ON);
        for signal in OF_CHILDREN {
            // SAFETY: the set was filled.
            unsafe { libc::sigaddset(&mut set, signal) };
        }
        Self::of(set, tell)
    }

    fn of(mut asking: sigset_t, tell: impl Fn(i32) -> bool + Send + 'static) -> Self {
        // That nobody reads a pipe any more is told by the write, and by that alone.
        // SAFETY: the set was filled.
        unsafe { libc::sigaddset(&mut asking, SIGPIPE) };
        let mut before = MaybeUninit::uninit();
        // SAFETY: both sets live here, and the call fills the second.
        let before = unsafe {
            libc::pthread_sigmask(SIG_BLOCK, &asking, before.as_mut_ptr());
            before.assume_init()
        };
        std::thread::spawn(move || {
            let mut signal: c_int = 0;
            // SAFETY: the set and the number live here; the signals are held back in this thread.
            while unsafe { libc::sigwait(&asking, &mut signal) } == 0 && (signal == SIGPIPE || tell(signal)) {
            }
        });
        Self { before }
    }

    /// What is started would hold these signals back too.
    pub(crate) fn let_through(&self, command: &mut Command) {
        hold_back(self.before, command);
    }
}

impl Drop for HeldBack {
    fn drop(&mut self) {
        // SAFETY: the set is one that the kernel gave.
        unsafe { libc::pthread_sigmask(SIG_SETMASK, &self.before, ptr::null_mut()) };
    }
}

/// All signals, for a process that none is to end or stop.
pub(crate) fn all() -> sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: the call fills the set.
    unsafe {
        libc::sigfillset(set.as_mut_ptr());
        set.assume_init()
    }
}

/// Lets a command be started with these signals held back.
pub(crate) fn hold_back(set: sigset_t, command: &mut Command) {
    let hold_back = move || {
        // SAFETY: the set was filled.
        unsafe { libc::pthread_sigmask(SIG_SETMASK, &set, ptr::null_mut()) };
        Ok(())
    };
    // SAFETY: between `fork` and `exec`, it makes one call that may be made there, on a copy.
    unsafe { command.pre_exec(hold_back) };
}

/// These signals, without what this process was told to ignore (by `nohup`, say).
fn heeded(signals: &[c_int]) -> sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: the call fills the set.
    let mut set = unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        set.assume_init()
    };
    for &signal in signals {
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
