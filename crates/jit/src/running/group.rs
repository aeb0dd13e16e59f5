//! A command's process group, and the cgroup that it may have besides.

use std::io;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use crate::running::cgroup::Cgroup;

/// How often it is looked at whether a group that was asked to end has ended: nothing tells of it.
pub(crate) const LOOK: Duration = Duration::from_millis(10);

/// The process group that a command leads.
pub(crate) struct Group(Pid);

impl Group {
    pub(crate) fn led_by(leader: Pid) -> Self {
        Self(leader)
    }

    pub(crate) fn leader(&self) -> Pid {
        self.0
    }

    /// To each of its processes; those that can't be reached are another user's.
    pub(crate) fn signal(&self, signal: Signal) {
        let _ = kill_process_group(self.0, signal);
    }

    /// Asks all of it to end. What is stopped has to go on for that.
    pub(crate) fn ask_to_end(&self) {
        self.signal(Signal::TERM);
        self.signal(Signal::CONT);
    }

    /// Whether nothing of it lives.
    pub(crate) fn is_gone(&self) -> bool {
        test_kill_process_group(self.0) == Err(Errno::SRCH) || self.has_ended()
    }

    /// Whether all that is left of it are the dead that nobody has collected; some that should, in
    /// containers above all, take their time.
    fn has_ended(&self) -> bool {
        let Ok(processes) = std::fs::read_dir("/proc") else { return false };
        let stats = processes.flatten().filter_map(|process| {
            process.file_name().to_str()?.parse::<u32>().ok()?;
            std::fs::read_to_string(process.path().join("stat")).ok()
        });
        let mut states = stats.filter_map(|stat| state_in(&stat, self.0)).peekable();
        states.peek().is_some() && states.all(|state| matches!(state, 'Z' | 'X'))
    }

    /// Ends it, and all of the cgroup: asks first, and kills what is left after the grace.
    pub(crate) fn end(&self, cgroup: Option<&Cgroup>, grace: Duration) {
        let is_gone = || self.is_gone() && cgroup.is_none_or(Cgroup::is_empty);
        self.ask_to_end();
        let mut waited = Duration::ZERO;
        while waited < grace && !is_gone() {
            nap(LOOK);
            waited += LOOK;
        }
        self.signal(Signal::KILL);
        if let Some(cgroup) = cgroup {
            cgroup.kill();
        }
    }
}

/// The state of a process, as `/proc/PID/stat` tells of it, if it is of this group.
fn state_in(stat: &str, group: Pid) -> Option<char> {
    // The name before these may have blanks and brackets.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let (state, its) = (fields.next()?.chars().next()?, fields.nth(1)?);
    (its.parse() == Ok(group.as_raw_nonzero().get())).then_some(state)
}

/// Sleeps.
pub(crate) fn nap(time: Duration) {
    #[allow(clippy::disallowed_methods, reason = "the adapter of whoever has nothing to wait for")]
    std::thread::sleep(time);
}

/// The process of this number.
pub(crate) fn pid(number: i32) -> io::Result<Pid> {
    let found = if number > 0 { Pid::from_raw(number) } else { None };
    found.ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_told_to_be_of_a_group() {
        let stat = "71 (a) Z (b) S 70 68 68 0 -1 4194304 103";
        assert_eq!(state_in(stat, pid(68).unwrap()), Some('S'));
        assert_eq!(state_in(stat, pid(70).unwrap()), None);
        assert_eq!(state_in("", pid(70).unwrap()), None);
        assert!(pid(0).is_err() && pid(-1).is_err());
    }
}
