//! Expiry is by one monotonic clock (invariant 6): not by the wall clock, and not by what a time
//! namespace makes of the monotonic one. The machine's own clocks are left alone.

use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::tools::tool;
use crate::support::{Agent, Repo, skip};

const DAY: i64 = 86_400;

/// A lapsed lease shows as lapsed to readers, who change nothing; the next writer gets it, and
/// the old holder is told who has it now and can't renew or release (invariants 5 and 7).
#[test]
fn a_lease_lapses_and_its_holder_is_told() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let old = ann.jit(["claim", "acquire", "name:a", "--ttl", "1s"]).lease();
    assert_eq!((old.state.as_str(), old.ttl_secs), ("held", 1));
    assert!(old.remaining_secs <= 1);
    sleep(Duration::from_millis(1_050));
    let before = std::fs::read(repo.log()).unwrap();
    let shown = bob.jit(["claim", "list"]).leases();
    let shown =
        shown.iter().find(|lease| lease.lease_id == old.lease_id).expect("it is listed until evicted");
    assert_eq!((shown.state.as_str(), shown.remaining_secs), ("lapsed", 0));
    assert_eq!(bob.jit(["claim", "status", "name:a"]).lease().state, "lapsed");
    assert_eq!(std::fs::read(repo.log()).unwrap(), before, "readers evict nothing");

    let new = bob.claim("name:a");
    assert!(new.fence > old.fence);
    for by in ["name:a", &old.lease_id] {
        let trouble = ann.jit(["claim", "renew", by]).refused(6);
        assert_eq!(trouble.code, "lease_lost");
        assert!(trouble.names("agent:bob"), "{trouble:?}");
        ann.jit(["claim", "release", by]).refused(6);
    }
    ann.jit(["claim", "heartbeat"]).refused(6);
    assert_eq!(bob.holder_of("name:a").as_deref(), Some("agent:bob"));
}

/// A renewal before the TTL has passed keeps the lease, with the same fence; after it, even with
/// nobody in between, it does not.
#[test]
fn only_a_renewal_in_time_keeps_a_lease() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let granted = ann.jit(["claim", "acquire", "name:a", "--ttl", "2s"]).lease();
    for how in
        [&["claim", "renew", "name:a"][..], &["claim", "heartbeat"], &["claim", "renew", &granted.lease_id]]
    {
        sleep(Duration::from_millis(1_000));
        assert_eq!(ann.jit(how).leases()[0].fence, granted.fence);
    }
    bob.jit(["claim", "acquire", "name:a"]).refused(5);
    sleep(Duration::from_millis(2_100));
    ann.jit(["claim", "renew", &granted.lease_id]).refused(6);
    bob.claim("name:a");
}

/// The same agent with a wall clock that is so many seconds off.
fn off<'r>(agent: &Agent<'r>, seconds: i64) -> Agent<'r> {
    agent.clone().through([tool("wallclock").into_os_string(), seconds.to_string().into()])
}

fn day(time: &str) -> i64 {
    // Days since an arbitrary one; months as if all had 31 days, which is near enough.
    let part = |range: std::ops::Range<usize>| time[range].parse::<i64>().unwrap();
    (part(0..4) * 12 + part(5..7)) * 31 + part(8..10)
}

/// A wall clock that is days off, ahead or behind, neither ends a lease early nor keeps it.
#[test]
fn a_wall_clock_that_is_days_off_changes_nothing() {
    let test = "a_wall_clock_that_is_days_off_changes_nothing";
    let tracer = tool("wallclock");
    if !skip::works(test, &[tracer.to_str().unwrap(), "0", "true"]) {
        return;
    }
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let today = day(&ann.claim("name:today").acquired_at);
    for (i, shift) in [100 * DAY, -100 * DAY].into_iter().enumerate() {
        // The program saw the difference.
        let (here, there) = (format!("name:here-{i}"), format!("name:there-{i}"));
        let granted = off(&ann, shift).jit(["claim", "acquire", &there, "--ttl", "2s"]).lease();
        let seen = day(&granted.acquired_at) - today;
        assert!((80..=120).contains(&(seen * shift.signum())), "{seen} days of {shift} seconds: {granted:?}");
        let expires = day(&granted.expires_at) - day(&granted.acquired_at);
        assert!((0..=40).contains(&expires), "{granted:?}");
        let began = Instant::now();
        ann.jit(["claim", "acquire", &here, "--ttl", "2s"]).lease();
        // Neither is over early, whoever looks …
        for looker in [bob.clone(), off(&bob, shift), off(&bob, -shift)] {
            for name in [&here, &there] {
                let lease = looker.jit(["claim", "status", name]).lease();
                assert_eq!(lease.state, "held", "{lease:?}");
                assert!(lease.remaining_secs <= 2, "{lease:?}");
                looker.jit(["claim", "acquire", name]).refused(5);
            }
        }
        assert!(began.elapsed() < Duration::from_secs(2), "this machine is too slow for this test");
        // … nor late.
        sleep(Duration::from_millis(2_050).saturating_sub(began.elapsed()));
        for name in [&here, &there] {
            assert_eq!(off(&bob, -shift).jit(["claim", "status", name]).lease().state, "lapsed");
        }
        for name in [&here, &there] {
            off(&bob, -shift).jit(["claim", "acquire", name]).lease();
        }
        // A renewal counts from now, whatever the wall clock said.
        let kept = off(&bob, shift).jit(["claim", "renew", &here, "--ttl", "10m"]).leases();
        assert!((595..=600).contains(&kept[0].remaining_secs), "{kept:?}");
    }
    repo.healthy();
}

/// In a time namespace whose monotonic clock is days ahead, leases from outside are seen for what
/// they are, and the other way round.
#[test]
fn a_time_namespace_shifts_nothing() {
    let test = "a_time_namespace_shifts_nothing";
    let ahead = (10 * DAY).to_string();
    let wrap = ["unshare", "--fork", "--time", "--monotonic", &ahead];
    if !skip::works(test, &[&wrap[..], &["true"]].concat()) {
        return;
    }
    // A process in there sees another clock.
    let monotonic = |wrap: &[&str]| -> i64 {
        let clock = tool("monotonic");
        let command = [wrap, &[clock.to_str().unwrap()]].concat();
        let output = Command::new(command[0]).args(&command[1..]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
    };
    let difference = monotonic(&wrap) - monotonic(&[]);
    assert!((10 * DAY - 5..=10 * DAY + 5).contains(&difference), "{difference}");

    let repo = Repo::warm();
    let outside = [repo.agent("out-1"), repo.agent("out-2")];
    let inside = [repo.agent("in-1"), repo.agent("in-2")].map(|agent| agent.through(wrap));
    for (i, (holder, other)) in
        [(&outside[0], &inside[1]), (&inside[0], &outside[1]), (&inside[0], &inside[1])]
            .into_iter()
            .enumerate()
    {
        let name = format!("name:n{i}");
        holder.jit(["claim", "acquire", &name, "--ttl", "2s"]).lease();
        let began = Instant::now();
        let seen = other.jit(["claim", "status", &name]).lease();
        assert_eq!(seen.state, "held", "{seen:?}");
        assert!(seen.remaining_secs <= 2, "{seen:?}");
        other.jit(["claim", "acquire", &name]).refused(5);
        sleep(Duration::from_millis(1_000));
        holder.jit(["claim", "renew", &name]).ok();
        assert!(began.elapsed() < Duration::from_secs(2), "this machine is too slow for this test");
        sleep(Duration::from_millis(1_300));
        other.jit(["claim", "acquire", &name]).refused(5);
        sleep(Duration::from_millis(750));
        assert_eq!(other.jit(["claim", "status", &name]).lease().state, "lapsed");
        other.jit(["claim", "acquire", &name]).lease();
        holder.jit(["claim", "renew", &name]).refused(6);
    }
    // Nothing was taken for another boot's: sightings are for those.
    let log = std::fs::read_to_string(repo.log()).unwrap();
    assert!(!log.contains("\"sighting\""), "{log}");
    repo.healthy();
}

/// Who relies on heartbeats is told of a lease that it lost, in words and in JSON.
#[test]
fn a_heartbeat_warns_of_what_was_lost() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let kept = ann.claim("name:kept");
    let lost = ann.jit(["claim", "acquire", "name:lost", "--ttl", "1s"]).lease();
    sleep(Duration::from_millis(1_100));
    bob.claim("name:lost");
    let answer = ann.jit(["claim", "heartbeat"]);
    assert_eq!(answer.status, Some(0), "{answer:?}");
    let said: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(said["data"]["leases"][0]["lease_id"], kept.lease_id);
    assert_eq!(said["data"]["lost"][0]["lease_id"], lost.lease_id);
    let warning = said["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with("stop working on name:lost: "), "{warning}");
}
