//! A command that runs while a lease is held: renewing, passing signals on, and its end.

use std::ffi::OsString;
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches};
use libc::{SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, getpgid, kill_process, waitid};

use crate::commands::one;
use crate::error::Failure;
use crate::render;
use crate::running::cgroup::Cgroup;
use crate::running::group::{Group, LOOK};
use crate::running::keeper::Keeper;
use crate::running::launch::{self, Guardian};
use crate::running::signals::{ASKING, HeldBack};
use crate::running::terminal::{Terminal, stop_with_the_job};
use crate::world::World;

/// What becomes of a command whose lease is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnLost {
    /// It is asked to end, and killed after the grace.
    Kill,
    /// It is asked to end.
    Signal,
    /// Its user is warned.
    Ignore,
}

impl OnLost {
    pub(crate) fn argument(help: &'static str) -> Arg {
        let values = PossibleValuesParser::new(["kill", "signal", "ignore"]);
        Arg::new("on-lost").long("on-lost").value_name("WHAT").value_parser(values).help(help)
    }

    pub(crate) fn read(matches: &ArgMatches, otherwise: Self) -> Self {
        match one(matches, "on-lost") {
            Some("kill") => Self::Kill,
            Some("signal") => Self::Signal,
            Some("ignore") => Self::Ignore,
            _ => otherwise,
        }
    }
}

/// What is run, and how.
pub(crate) struct Job<'j> {
    pub(crate) words: &'j [OsString],
    pub(crate) environment: Vec<(&'static str, Option<String>)>,
    pub(crate) guardian: &'j Guardian,
    pub(crate) cgroup: Option<Cgroup>,
    pub(crate) grace: Duration,
    pub(crate) on_lost: OnLost,
}

/// How it ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// Somebody asked jit to stop.
    pub(crate) asked: bool,
    /// The lease was lost.
    pub(crate) lost: Option<Failure>,
}

/// A command that runs.
struct Running<'j, 'k, 'w, 'm> {
    job: Job<'j>,
    world: &'k World<'m>,
    keeper: &'k mut Keeper<'w, 'm>,
    child: Child,
    group: Group,
    terminal: Option<Terminal>,
    /// It has, and was not collected yet: its number, which is its group's, is nobody else's.
    has_ended: bool,
    asked: bool,
    /// Somebody on the terminal asked jit to pause.
    paused: bool,
    lost: Option<Failure>,
    /// When what is left is killed.
    kill_at: Option<u64>,
}

/// Runs a command to its end. Nothing of its process group is left then.
pub(crate) fn run<'m>(
    world: &World<'m>,
    keeper: &mut Keeper<'_, 'm>,
    job: Job<'_>,
) -> Result<Ended, Failure> {
    let (tell, signals) = channel();
    let held_back = HeldBack::telling_all(move |signal| tell.send(signal).is_ok());
    let terminal = Terminal::own();
    let started =
        launch::start(job.words, &job.environment, (job.guardian, &held_back), job.cgroup.as_ref(), terminal);
    let child = match started {
        Ok(child) => child,
        Err(error) => {
            back(terminal);
            job.cgroup.iter().for_each(Cgroup::let_go);
            let name = job.words.first().map(OsString::as_os_str).unwrap_or_default();
            return Err(Failure::command_not_started(name, &error));
        }
    };
    let leader = Pid::from_child(&child);
    let group = Group::led_by(leader);
    let (has_ended, asked, paused, lost, kill_at) = (false, false, false, None, None);
    let running =
        Running { job, world, keeper, child, group, terminal, has_ended, asked, paused, lost, kill_at };
    // What became of it is not known then: nothing of it is to go on.
    running.until_its_end(&signals).inspect_err(|_| Group::led_by(leader).signal(Signal::KILL))
}

fn back(terminal: Option<Terminal>) {
    terminal.into_iter().for_each(Terminal::take_back);
}

impl Running<'_, '_, '_, '_> {
    fn until_its_end(mut self, signals: &Receiver<i32>) -> Result<Ended, Failure> {
        loop {
            self.look()?;
            let is_time = self.kill_at.is_some_and(|at| self.now() >= at);
            if is_time || self.has_ended && self.is_over() {
                break;
            }
            if self.lost.is_none()
                && let Err(lost) = self.keeper.keep()
            {
                self.lose(lost);
            }
            if let Ok(signal) = signals.recv_timeout(self.nap()) {
                self.heed(signal);
            }
        }
        let status = self.collected()?;
        back(self.terminal);
        Ok(Ended { status, asked: self.asked, lost: self.lost })
    }

    /// What became of the command.
    fn look(&mut self) -> Result<(), Failure> {
        let leader = self.group.leader();
        let look = |how| waitid(WaitId::Pid(leader), how | WaitIdOptions::NOHANG);
        if self.has_ended {
            return Ok(());
        }
        if let Ok(Some(stopped)) = look(WaitIdOptions::STOPPED)
            && let Some(SIGTSTP | SIGTTIN | SIGTTOU) = stopped.stopping_signal()
            && (self.terminal.is_some() || self.paused)
        {
            self.pause();
        }
        let ended = look(WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
        self.has_ended = ended.map_err(|error| Failure::command_lost(&error.into()))?.is_some();
        if self.has_ended && self.kill_at.is_none() {
            // What it left running works without its lease from now on.
            self.end();
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        let cgroup = self.job.cgroup.as_ref().filter(|_| self.is_killing());
        self.group.is_gone() && cgroup.is_none_or(Cgroup::is_empty)
    }

    /// Whether what left the process group is ended too.
    fn is_killing(&self) -> bool {
        self.lost.is_some() && self.job.on_lost == OnLost::Kill
    }

    fn end(&mut self) {
        self.ask_to_end();
        let grace = u64::try_from(self.job.grace.as_nanos()).unwrap_or(u64::MAX);
        self.kill_at = Some(self.now().saturating_add(grace));
    }

    /// To the group, and to the command itself if it left that.
    fn signal(&self, signal: Signal) {
        let leader = self.group.leader();
        self.group.signal(signal);
        if getpgid(Some(leader)).is_ok_and(|group| group != leader) {
            let _ = kill_process(leader, signal);
        }
    }

    /// What is stopped has to go on for that.
    fn ask_to_end(&self) {
        self.signal(Signal::TERM);
        self.signal(Signal::CONT);
    }

    /// Kills what is left, and collects the command last.
    fn collected(&mut self) -> Result<ExitStatus, Failure> {
        self.signal(Signal::KILL);
        match &self.job.cgroup {
            Some(cgroup) if self.is_killing() => cgroup.kill(),
            Some(cgroup) => cgroup.let_go(),
            None => {}
        }
        self.child.wait().map_err(|error| Failure::command_lost(&error))
    }

    fn lose(&mut self, lost: Failure) {
        match self.job.on_lost {
            OnLost::Kill => self.end(),
            OnLost::Signal => {
                render::tell(&lost.message);
                self.ask_to_end();
            }
            OnLost::Ignore => render::tell(&lost.message),
        }
        self.lost = Some(lost);
    }

    /// The clock that leases go by. One that can't be read any more has come to its end.
    fn now(&self) -> u64 {
        self.world.now().map_or(u64::MAX, |now| now.stamp.ns)
    }

    fn nap(&self) -> Duration {
        let most = if self.kill_at.is_some() { LOOK } else { Duration::from_secs(3_600) };
        match &self.lost {
            Some(_) => most,
            None => self.keeper.nap().map_or(most, |nap| nap.min(most)),
        }
    }

    /// What a signal to jit means to the command.
    fn heed(&mut self, signal: i32) {
        self.asked |= ASKING.contains(&signal);
        self.paused = match signal {
            SIGTSTP => true,
            SIGCONT => false,
            _ => self.paused,
        };
        if let Some(signal) = Signal::from_named_raw(signal)
            && !matches!(signal, Signal::CHILD | Signal::TTOU)
        {
            self.signal(signal);
        }
    }

    /// The command was stopped from the terminal, as any job of a shell can be: jit stops with it, and
    /// renews nothing until both go on.
    fn pause(&mut self) {
        back(self.terminal);
        stop_with_the_job();
        if let Some(terminal) = Terminal::own() {
            terminal.lend(self.group.leader());
        }
        self.paused = false;
        self.signal(Signal::CONT);
    }
}
