//! `jit watch`: what happens is told as it happens, once, and a stop loses nothing.

use std::io::{BufRead, BufReader};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::{Agent, Repo, skip};

const SOON: Duration = Duration::from_secs(1);
/// Where nothing tells of changes, they are looked for once a second.
const LATER: Duration = Duration::from_secs(3);

/// One who watches.
struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    /// Begun, and asleep: what happens from now on is new to it.
    #[track_caller]
    fn start(agent: &Agent<'_>, arguments: &[&str]) -> Self {
        let watching = Self::start_unheard(agent, arguments);
        watching.falls_asleep();
        watching
    }

    #[track_caller]
    fn falls_asleep(&self) {
        let began = Instant::now();
        while !self.is_asleep() {
            assert!(began.elapsed() < Duration::from_secs(10), "it never slept");
        }
    }

    fn start_unheard(agent: &Agent<'_>, arguments: &[&str]) -> Self {
        let mut command = agent.command([&["watch"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, (tell, lines)) = (BufReader::new(child.stdout.take().unwrap()), channel());
        // Ends with the program, or when nobody listens any more: then it closes the pipe.
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        Self { child, lines }
    }

    fn is_asleep(&self) -> bool {
        let syscall = std::fs::read_to_string(format!("/proc/{}/syscall", self.child.id()));
        syscall.is_ok_and(|text| text.starts_with(&format!("{} ", libc::SYS_ppoll)))
    }

    #[track_caller]
    fn line(&self, within: Duration) -> String {
        self.lines.recv_timeout(within).expect("nothing was told")
    }

    /// The next so many documents.
    #[track_caller]
    fn data(&self, count: usize) -> Vec<Value> {
        (0..count).map(|_| data(&self.line(LATER))).collect()
    }

    #[track_caller]
    fn told_no_more(&self) {
        assert_eq!(self.lines.recv_timeout(Duration::from_millis(300)).ok(), None);
    }

    #[track_caller]
    fn ended(mut self, within: Duration) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < within, "it goes on");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// How long it ran on a processor, and how often it was woken.
    fn cost(&self) -> (Duration, u64) {
        let text = std::fs::read_to_string(format!("/proc/{}/schedstat", self.child.id())).unwrap();
        let numbers: Vec<u64> = text.split_whitespace().map(|number| number.parse().unwrap()).collect();
        (Duration::from_nanos(numbers[0]), numbers[2])
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a line says, with nothing else around it.
#[track_caller]
fn data(line: &str) -> Value {
    let document: Value = serde_json::from_str(line).unwrap();
    let fields: Vec<&String> = document.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["data", "schema_version", "warnings"]);
    document["data"].clone()
}

/// All that `claim history` has, oldest first.
fn history(agent: &Agent<'_>) -> Vec<Value> {
    let records = agent.jit(["claim", "history", "--limit", "100000"]).ok()["records"].clone();
    records.as_array().unwrap().iter().rev().cloned().collect()
}

/// By another process, in another worktree; in the words of `claim history`; and nothing that was
/// before.
#[test]
fn what_happens_is_told_at_once() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let bob = repo.agent("bob").at(repo.worktree("two"));
    let watching = Watching::start(&ann, &[]);
    bob.jit(["claim", "acquire", "name:a", "--task", "rename users"]).lease();
    let mut lines = vec![watching.line(SOON)];
    bob.jit(["claim", "release", "name:a"]).ok();
    lines.push(watching.line(SOON));
    watching.told_no_more();
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let history = ann.say(["claim", "history", "--limit", "2"]).stdout;
    let history: Vec<_> = history.lines().rev().map(words).collect();
    assert_eq!(lines.iter().map(|line| words(line)).collect::<Vec<_>>(), history);
    assert!(
        lines[0].contains("acquire      agent:bob       name:a                rename users"),
        "{lines:?}"
    );
}

/// Segments are sealed while others write. One half, and then the other: together they are history.
#[test]
fn a_stop_loses_nothing() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let mut seen = Vec::new();
    let watching = Watching::start_unheard(&ann, &["--since", "0", "--json"]);
    std::thread::scope(|scope| {
        for name in ["x", "y", "z"] {
            let agent = repo.agent(name);
            scope.spawn(move || {
                for _ in 0..15 {
                    agent.claim(&format!("name:{name}"));
                    agent.jit(["claim", "release", &format!("name:{name}")]).ok();
                }
            });
        }
        scope.spawn(|| (0..4).for_each(|_| drop(ann.jit(["compact"]).ok())));
        seen.extend(watching.data(33));
        drop(watching);
        let last = seen.last().unwrap()["seq"].to_string();
        let watching = Watching::start_unheard(&ann, &["--json", "--since", &last]);
        seen.extend(watching.data(2 + 90 - 33));
        watching.told_no_more();
    });
    assert_eq!(seen, history(&ann));
    repo.healthy();
}

/// A lapse is told when it happens although nobody writes, once; and the eviction when that does.
#[test]
fn a_lapse_is_told_before_it_is_a_record() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let watching = Watching::start(&ann, &["--json"]);
    ann.jit(["claim", "acquire", "name:a", "--ttl", "1s"]).lease();
    ann.jit(["claim", "acquire", "name:c", "--ttl", "2s"]).lease();
    let acquired = &watching.data(2)[0];
    let lapsed = &data(&watching.line(LATER));
    assert_eq!((&lapsed["op"], &lapsed["seq"]), (&"lapsed".into(), &Value::Null));
    assert_eq!(lapsed["lease"], acquired["lease"]);
    assert_eq!(lapsed["agent"], "agent:ann");
    assert_eq!(data(&watching.line(LATER))["lease"]["issues"], serde_json::json!(["name:c"]));
    bob.claim("name:other");
    let told: Vec<Value> = watching.data(3).iter().map(|data| data["op"].clone()).collect();
    assert_eq!(told, ["auto-evict", "auto-evict", "acquire"]);
    watching.told_no_more();
    // Who comes later is told of what happens from then on; who resumes is told again.
    ann.jit(["claim", "acquire", "name:b", "--ttl", "1s"]).lease();
    let newest = history(&ann).last().unwrap()["seq"].to_string();
    std::thread::sleep(SOON + SOON / 10);
    Watching::start(&bob, &["--json"]).told_no_more();
    let resumed = Watching::start(&bob, &["--json", "--since", &newest]);
    assert_eq!(resumed.data(1)[0]["lease"]["issues"], serde_json::json!(["name:b"]));
    assert!(Watching::start(&bob, &["--since", &newest]).line(LATER).contains("lapsed       agent:ann"));
}

/// It sleeps, although somebody holds something, until something changes.
#[test]
fn it_sleeps() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.claim("name:a");
    let watching = Watching::start(&ann, &[]);
    let (cpu, woken) = watching.cost();
    std::thread::sleep(Duration::from_millis(2_500));
    let (later, woken_later) = watching.cost();
    assert_eq!(woken_later - woken, 0);
    assert_eq!(later, cpu);
    ann.claim("name:b");
    watching.line(LATER);
}

/// It ends as `tail -f` does: by the signal, and when its reader has gone, even if nothing happens.
#[test]
fn how_it_ends() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    for signal in [Signal::INT, Signal::TERM] {
        let watching = Watching::start(&ann, &[]);
        kill_process(Pid::from_child(&watching.child), signal).unwrap();
        assert_eq!(watching.ended(LATER).signal(), Some(signal.as_raw()));
    }
    let unread = |agent: &Agent<'_>, arguments: &[&str]| {
        let mut command = agent.command([&["watch"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        Watching { child, lines: channel().1 }
    };
    assert_eq!(unread(&ann, &[]).ended(SOON).signal(), Some(libc::SIGPIPE));
    assert_eq!(unread(&ann, &["--since", "0"]).ended(LATER).signal(), Some(libc::SIGPIPE));
    // Asleep, too.
    let mut asleep = ann.command(["watch"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let reader = asleep.stdout.take();
    let asleep = Watching { child: asleep, lines: channel().1 };
    asleep.falls_asleep();
    drop(reader);
    assert_eq!(asleep.ended(SOON).signal(), Some(libc::SIGPIPE));
    let (here, there) = UnixStream::pair().unwrap();
    let mut command = ann.command(["watch"]);
    let child = command.stdout(OwnedFd::from(there)).stderr(Stdio::piped()).spawn().unwrap();
    drop((here, command));
    assert_eq!(Watching { child, lines: channel().1 }.ended(SOON).signal(), Some(libc::SIGPIPE));
    // Where that signal is ignored, it is no failure.
    let ignoring = ann.through(["sh", "-c", "trap '' PIPE; exec \"$@\"", "sh"]);
    let mut ended = unread(&ignoring, &["--since", "0"]);
    let stderr = ended.child.stderr.take().unwrap();
    assert_eq!(ended.ended(LATER).code(), Some(0));
    assert_eq!(std::io::read_to_string(stderr).unwrap(), "");
}

/// Where nobody has claimed anything yet, it waits for that, and makes nothing.
#[test]
fn before_anybody_claimed_anything() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    let watching = Watching::start_unheard(&ann, &[]);
    std::thread::sleep(SOON / 2);
    assert!(!repo.control().exists());
    repo.agent("bob").claim("name:a");
    assert!(watching.line(SOON).contains("agent:bob"));
    // It listens to what was made then, and not to what else is there.
    watching.falls_asleep();
    let (_, woken) = watching.cost();
    repo.git(repo.main(), &["update-ref", "ORIG_HEAD", "HEAD"]);
    std::thread::sleep(SOON / 5);
    assert_eq!(watching.cost().1, woken);
    // And to what is put in its place: the log is another's, which it says.
    std::fs::rename(repo.control(), repo.dir().join("away")).unwrap();
    repo.agent("bob").claim("name:b");
    assert_eq!(watching.ended(SOON).code(), Some(3));
}

/// Nothing happens there any more.
#[test]
fn a_repository_that_is_deleted_ends_it() {
    let repo = Repo::warm();
    repo.agent("bob").claim("name:a");
    let watching = Watching::start(&repo.agent("ann"), &[]);
    std::fs::remove_dir_all(repo.main()).unwrap();
    assert!(watching.ended(LATER).code().is_some_and(|code| code != 0));
}

/// Where nothing can be written, it is told all the same.
#[test]
fn where_nothing_can_be_written() {
    let test = "where_nothing_can_be_written";
    let repo = Repo::warm();
    let script = r#"mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@""#;
    let git_dir = repo.main().join(".git");
    let wrap = ["unshare", "--mount", "sh", "-c", script, git_dir.to_str().unwrap()];
    if !skip::root(test) || !skip::works(test, &[&wrap[..], &["true"]].concat()) {
        return;
    }
    let ann = repo.agent("ann");
    ann.jit(["claim", "acquire", "name:a", "--ttl", "2s"]).lease();
    assert_eq!(told_of_a_lapse_and_a_claim(&repo, &ann.through(wrap), SOON), "");
}

/// Where the kernel has no more to tell with, it looks once a second, and says so.
#[test]
fn where_nothing_tells_of_changes() {
    let test = "where_nothing_tells_of_changes";
    let repo = Repo::warm();
    let script = r#"echo 0 > /proc/sys/user/max_inotify_instances && exec "$0" "$@""#;
    let wrap = ["unshare", "--user", "--map-root-user", "sh", "-c", script];
    if !skip::works(test, &[&wrap[..], &["true"]].concat()) {
        return;
    }
    let ann = repo.agent("ann");
    ann.jit(["claim", "acquire", "name:a", "--ttl", "2s"]).lease();
    let said = told_of_a_lapse_and_a_claim(&repo, &ann.through(wrap), LATER);
    assert_eq!(said.matches("once a second").count(), 1, "{said}");
}

/// What one who watches says besides.
fn told_of_a_lapse_and_a_claim(repo: &Repo, agent: &Agent<'_>, soon: Duration) -> String {
    let mut watching = Watching::start_unheard(agent, &["--since", "3"]);
    assert!(watching.line(LATER).contains("name:a"));
    assert!(watching.line(LATER).contains("lapsed"));
    repo.agent("bob").claim("name:b");
    let told = [watching.line(soon), watching.line(soon)];
    assert!(told[0].contains("auto-evict") && told[1].contains("agent:bob"), "{told:?}");
    watching.child.kill().unwrap();
    std::io::read_to_string(watching.child.stderr.take().unwrap()).unwrap()
}

/// What can't be resumed is told, and where to go on.
#[test]
fn what_cannot_be_resumed() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let trouble = ann.jit(["watch", "--since", "4"]).refused(3);
    assert_eq!((&*trouble.code, trouble.context["newest"].as_u64()), ("record_not_found", Some(3)));
    assert!(trouble.hint.unwrap().ends_with("jit watch --since 3"));
    ann.jit(["watch", "--since", "-1"]).refused(2);
    ann.jit(["compact"]).ok();
    std::fs::remove_file(repo.control().join("archive/claims-00000001.jsonl")).unwrap();
    let trouble = ann.jit(["watch", "--since", "2"]).refused(9);
    assert_eq!((&*trouble.code, trouble.context["last"].as_u64()), ("corrupt", Some(3)));
    assert!(trouble.hint.unwrap().ends_with("jit watch --since 3"));
    let watching = Watching::start(&ann, &["--since", "3"]);
    ann.claim("name:a");
    assert!(watching.line(LATER).contains("name:a"));
}

/// What people and programs read.
#[test]
fn the_words() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    ann.jit(["claim", "acquire", "name:schema", "--task", "rename users", "--ttl", "1s"]).lease();
    let (people, programs) =
        (Watching::start(&ann, &["--since", "3"]), Watching::start(&ann, &["--since", "3", "--json"]));
    std::thread::sleep(SOON + SOON / 5);
    bob.jit(["claim", "acquire", "name:docs", "name:schema", "--path", "src/"]).lease();
    bob.jit(["claim", "renew", "name:docs"]).ok();
    bob.jit(["claim", "release", "name:docs"]).ok();
    ann.jit(["claim", "force-evict", "name:schema", "--reason", "gone home"]).ok();
    let read = |watching: Watching| (0..7).map(|_| watching.line(LATER) + "\n").collect::<String>();
    let help = ann.say(["watch", "--help"]).stdout;
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (pattern, redacted) in [
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>"),
    ] {
        settings.add_filter(pattern, redacted);
    }
    settings
        .bind(|| insta::assert_snapshot!("watch", format!("{}\n{}\n{help}", read(people), read(programs))));
}
