//! Starting commands, here and in `launch/` only. (Git is started by `jit-git`.)

mod guardian;
mod held;

pub(crate) use guardian::{Guardian, News as GuardianNews, hear};
pub(crate) use held::start;

use std::ffi::OsStr;
use std::io::{self, PipeReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::running::signals::HeldBack;

/// How much of a command's output is kept: the last of it.
const KEPT: usize = 64 << 10;

/// How long what was asked to end may take before it is killed.
const GRACE: Duration = Duration::from_secs(2);

/// By its full name: what the PATH leads to may be the worktree's own.
const SHELL: &str = "/bin/sh";

/// A command for the shell.
pub(crate) struct Job<'j> {
    pub(crate) command: &'j str,
    /// Where it runs.
    pub(crate) dir: &'j Path,
    /// What it finds in its environment besides ours.
    pub(crate) env: [(&'j str, &'j str); 2],
    /// How long it may take.
    pub(crate) limit: Duration,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With this exit status.
    Exited(i32),
    /// By this signal, from somebody else.
    Killed(i32),
    /// It took too long.
    TimedOut,
    /// This process was asked to stop, by this signal.
    Interrupted(i32),
}

/// A command that ran.
pub(crate) struct Ran {
    pub(crate) end: End,
    /// The last that it wrote, to its standard output and its standard error.
    pub(crate) output: Vec<u8>,
}

impl Ran {
    /// The last lines of the output, to be shown; of what is no text, how much there is.
    pub(crate) fn last_lines(&self) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.output);
        if is_binary(&text) {
            return vec![format!("binary output, {} bytes", self.output.len())];
        }
        let lines: Vec<&str> = text.lines().collect();
        let short = |line: &&str| line.chars().take(200).collect();
        lines[lines.len().saturating_sub(10)..].iter().map(short).collect()
    }
}

/// Whether nobody can read it. Some bytes of another encoding, and what colours a text, can be.
fn is_binary(text: &str) -> bool {
    let readable = |c: char| !c.is_control() || c.is_ascii_whitespace() || matches!(c, '\u{8}' | '\u{1b}');
    let odd = text.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER || !readable(*c)).count();
    text.contains('\0') || odd * 10 > text.chars().count()
}

/// What a launcher waits for.
enum News {
    Ended,
    AskedToStop(i32),
}

/// Starts commands. While it lives, a signal that asks this process to stop ends the command first; if
/// this process is killed, its guardian does.
pub(crate) struct Launcher {
    news: Receiver<News>,
    tell: Sender<News>,
    signals: HeldBack,
    guardian: Guardian,
}

impl Launcher {
    pub(crate) fn new() -> io::Result<Self> {
        let guardian = Guardian::start(&[], GRACE, &[])?;
        let (tell, news) = channel();
        let asked = tell.clone();
        let signals = HeldBack::telling(move |signal| asked.send(News::AskedToStop(signal)).is_ok());
        Ok(Self { news, tell, signals, guardian })
    }

    /// Runs a command to its end, in a process group of its own, of which nothing is left then.
    pub(crate) fn run(&self, job: &Job<'_>) -> io::Result<Ran> {
        if let Ok(News::AskedToStop(signal)) = self.news.try_recv() {
            return Ok(Ran { end: End::Interrupted(signal), output: Vec::new() });
        }
        let (reader, writer) = io::pipe()?;
        let (output, closed) = kept(reader);
        let mut child = self.command(job).stdout(writer.try_clone()?).stderr(writer).spawn()?;
        let group = Pid::from_child(&child);
        self.tell_end(group);
        let brought_about = self.watch(group, job.limit, &closed);
        // What it left running.
        let _ = kill_process_group(group, Signal::KILL);
        let status = child.wait()?;
        self.guardian.ended();
        // What left the group may hold the pipe for as long as it likes.
        let _ = closed.recv_timeout(GRACE);
        let output = std::mem::take(&mut *output.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Ran { end: brought_about.unwrap_or_else(|| ended(status)), output: last(output) })
    }

    fn command(&self, job: &Job<'_>) -> Command {
        let mut command = program(SHELL.as_ref());
        command
            .args(["-c", "--", job.command])
            .current_dir(job.dir)
            .envs(job.env)
            .stdin(Stdio::null())
            .process_group(0);
        self.guardian.told_by(&mut command);
        self.signals.let_through(&mut command);
        command
    }

    /// Tells when the command has ended. It is not collected yet: until then, its number, which is
    /// its group's, is nobody else's.
    fn tell_end(&self, command: Pid) {
        let tell = self.tell.clone();
        thread::spawn(move || {
            let _ = rustix::io::retry_on_intr(|| {
                waitid(WaitId::Pid(command), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)
            });
            tell.send(News::Ended)
        });
    }

    /// Waits for the end of the command, or brings it about and says why.
    fn watch(&self, group: Pid, limit: Duration, closed: &Receiver<()>) -> Option<End> {
        let why = match self.news.recv_timeout(limit) {
            Ok(News::Ended) => return None,
            Ok(News::AskedToStop(signal)) => End::Interrupted(signal),
            Err(_) => End::TimedOut,
        };
        let _ = kill_process_group(group, Signal::TERM);
        let mut has_ended = matches!(self.news.recv_timeout(GRACE), Ok(News::Ended));
        if has_ended {
            // Others of the group may still be tidying up; they hold the pipe.
            let _ = closed.recv_timeout(GRACE);
        }
        let _ = kill_process_group(group, Signal::KILL);
        while !has_ended {
            has_ended = matches!(self.news.recv(), Ok(News::Ended) | Err(_));
        }
        Some(why)
    }
}

fn program(path: &OsStr) -> Command {
    #[allow(clippy::disallowed_methods, reason = "the adapter that starts commands")]
    Command::new(path)
}

fn ended(status: ExitStatus) -> End {
    match (status.code(), status.signal()) {
        (Some(code), _) => End::Exited(code),
        (None, signal) => End::Killed(signal.unwrap_or_default()),
    }
}

/// Reads a pipe to its end, which closes the channel, and keeps the last of what came.
fn kept(mut reader: PipeReader) -> (Arc<Mutex<Vec<u8>>>, Receiver<()>) {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let (ends, closed) = channel::<()>();
    let keep = Arc::clone(&kept);
    thread::spawn(move || {
        let _ends = ends;
        let mut bytes = [0; 8 << 10];
        while let Ok(read @ 1..) = reader.read(&mut bytes) {
            let mut kept = keep.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend_from_slice(&bytes[..read]);
            if kept.len() > 2 * KEPT {
                *kept = last(std::mem::take(&mut *kept));
            }
        }
    });
    (kept, closed)
}

/// The last of an output that is kept.
fn last(mut output: Vec<u8>) -> Vec<u8> {
    output.drain(..output.len().saturating_sub(KEPT));
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_an_output_is_kept() {
        let numbered: Vec<u8> = (0..3 * KEPT).map(|i| (i % 251) as u8).collect();
        assert_eq!(last(numbered.clone()), numbered[2 * KEPT..]);
        assert_eq!(last(b"short".to_vec()), b"short");
    }

    #[test]
    fn what_is_no_text_is_not_shown() {
        let lines = |output: &[u8]| Ran { end: End::Exited(1), output: output.to_vec() }.last_lines();
        assert_eq!(
            lines(b"\x1b[31mred\x1b[0m\ncaf\xe9 au lait, please\r\n"),
            ["\u{1b}[31mred\u{1b}[0m", "caf\u{fffd} au lait, please"]
        );
        assert_eq!(lines("日本語\n".as_bytes()), ["日本語"]);
        assert_eq!(lines(b"a text\0with more"), ["binary output, 16 bytes"]);
        assert_eq!(lines(&[b"text", &[0xff, 0x80][..]].concat()), ["binary output, 6 bytes"]);
        assert!(lines(b"").is_empty());
    }
}
