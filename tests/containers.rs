//! One kernel: containers that share the directory are as safe as processes side by side
//! (invariant 11). Where locks may be local to a machine, nothing is written.

use std::fs;
use std::process::Command;

use crate::support::repo::JIT;
use crate::support::{Repo, log, skip};

/// A shell script that races for names. Each round begins when all sides have come to it, and is run by
/// all processes at once.
const RACE: &str = r#"
jit=$0; who=$1; out=$2; rounds=$3; each=$4; sides=$5
round=0
while [ $round -lt $rounds ]; do
    : >"$out/$who-$round.here"
    set --
    while [ $# -lt $sides ]; do set -- "$out"/*-"$round".here; done
    i=0
    while [ $i -lt $each ]; do
        (
            JIT_AGENT_ID=agent:$who-$i "$jit" claim acquire name:r$round --json >"$out/$who-$i-$round.out" 2>"$out/$who-$i-$round.err"
            echo $? >"$out/$who-$i-$round.status"
        ) &
        i=$((i + 1))
    done
    wait
    round=$((round + 1))
done
"#;

/// In different PID, mount, time and UTS namespaces, with clocks that are days apart: each name
/// goes to one, and the rest are told to whom.
#[test]
fn namespaces_race_and_one_wins() {
    const ROUNDS: usize = 30;
    const EACH: usize = 4;
    let test = "namespaces_race_and_one_wins";
    let container = |ahead: &'static str| {
        [
            "unshare",
            "--fork",
            "--pid",
            "--mount-proc",
            "--mount",
            "--uts",
            "--ipc",
            "--time",
            "--monotonic",
            ahead,
        ]
    };
    if !skip::root(test) || !skip::works(test, &[&container("0")[..], &["true"]].concat()) {
        return;
    }
    // They are apart: the first process of each is number 1, and has its own clock.
    let output = Command::new("unshare")
        .args(&container("864000")[1..])
        .args(["sh", "-c", "echo $$"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "1");

    let repo = Repo::warm();
    let out = repo.dir().join("out");
    fs::create_dir(&out).unwrap();
    let wraps: [Vec<&str>; 4] =
        [vec![], container("0").to_vec(), container("864000").to_vec(), container("8640000").to_vec()];
    let started: Vec<_> = wraps
        .iter()
        .enumerate()
        .map(|(i, wrap)| {
            let agent = repo.agent("unused").nameless().through(wrap.iter().copied()).program("sh");
            let (who, rounds, each) = (format!("c{i}"), ROUNDS.to_string(), EACH.to_string());
            let sides = wraps.len().to_string();
            let arguments = ["-c", RACE, JIT, &who, out.to_str().unwrap(), &rounds, &each, &sides];
            agent.command(arguments).spawn().unwrap()
        })
        .collect();
    for mut container in started {
        assert!(container.wait().unwrap().success());
    }
    let said = |who: &str, round: usize, what: &str| {
        fs::read_to_string(out.join(format!("{who}-{round}.{what}"))).unwrap()
    };
    let racers: Vec<String> =
        (0..wraps.len()).flat_map(|c| (0..EACH).map(move |i| format!("c{c}-{i}"))).collect();
    let mut containers_that_won = std::collections::BTreeSet::new();
    for round in 0..ROUNDS {
        let won: Vec<&String> =
            racers.iter().filter(|racer| said(racer, round, "status").trim() == "0").collect();
        assert_eq!(won.len(), 1, "round {round}: {won:?}");
        containers_that_won.insert(won[0][..2].to_owned());
        let winner = format!("\"agent:{}\"", won[0]);
        for loser in racers.iter().filter(|racer| *racer != won[0]) {
            assert_eq!(said(loser, round, "status").trim(), "5", "{}", said(loser, round, "err"));
            assert!(said(loser, round, "err").contains(&winner), "{}", said(loser, round, "err"));
        }
    }
    assert!(containers_that_won.len() >= 2, "only {containers_that_won:?} ever won: this was no race");
    log::sound(&repo);
    repo.healthy();
}

/// A waiter in one container is woken by a release in another.
#[test]
fn a_waiter_in_a_container_is_woken_from_outside() {
    let test = "a_waiter_in_a_container_is_woken_from_outside";
    let wrap = [
        "unshare",
        "--fork",
        "--kill-child",
        "--pid",
        "--mount-proc",
        "--mount",
        "--time",
        "--monotonic",
        "864000",
    ];
    if !skip::root(test) || !skip::works(test, &[&wrap[..], &["true"]].concat()) {
        return;
    }
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.claim("name:a");
    let waiting = repo.agent("inside").through(wrap).start_waiting(&["name:a"]);
    ann.jit(["claim", "release", "name:a"]).ok();
    let lease = waiting.within(std::time::Duration::from_secs(2)).lease();
    assert_eq!(lease.agent, "agent:inside");
}

/// On a FUSE file system locks may be local: writing is refused with the reason, reading works,
/// and who knows better says so in the policy.
#[test]
fn on_fuse_nothing_is_written_unless_allowed() {
    let test = "on_fuse_nothing_is_written_unless_allowed";
    if !skip::root(test) || !skip::has(test, "bindfs") {
        return;
    }
    let repo = Repo::warm();
    let held = repo.agent("ann").claim("name:held");
    let mirror = repo.dir().join("mirror");
    fs::create_dir(&mirror).unwrap();
    if !skip::works(
        test,
        &["bindfs", "--no-allow-other", repo.main().to_str().unwrap(), mirror.to_str().unwrap()],
    ) {
        return;
    }
    let _mount = crate::support::control::Mount(mirror.clone());
    let there = repo.agent("bob").at(&mirror);
    let before = fs::read(repo.log()).unwrap();
    for arguments in [&["claim", "acquire", "name:a"][..], &["claim", "heartbeat"], &["compact"]] {
        let trouble = there.jit(arguments).refused(9);
        assert_eq!(trouble.code, "shared_filesystem");
        assert!(trouble.message.contains("FUSE"), "{trouble:?}");
        assert!(trouble.hint.unwrap().contains("allow_shared_filesystem"));
    }
    assert_eq!(fs::read(repo.log()).unwrap(), before);
    assert_eq!(there.jit(["claim", "status", "name:held"]).lease().lease_id, held.lease_id);
    there.jit(["claim", "list"]).ok();
    there.jit(["claim", "history"]).ok();
    // Allowed, from where it can be written, it goes through.
    repo.agent("ann").jit(["config", "set", "allow_shared_filesystem", "true"]).ok();
    there.claim("name:a");
    there.jit(["claim", "acquire", "name:held"]).refused(5);
    assert_eq!(repo.agent("ann").holder_of("name:a").as_deref(), Some("agent:bob"));
}

/// A control plane that is made first on such a file system is not made at all.
#[test]
fn on_fuse_nothing_is_made() {
    let test = "on_fuse_nothing_is_made";
    if !skip::root(test) || !skip::has(test, "bindfs") {
        return;
    }
    let repo = Repo::new();
    let mirror = repo.dir().join("mirror");
    fs::create_dir(&mirror).unwrap();
    if !skip::works(
        test,
        &["bindfs", "--no-allow-other", repo.main().to_str().unwrap(), mirror.to_str().unwrap()],
    ) {
        return;
    }
    let _mount = crate::support::control::Mount(mirror.clone());
    let trouble = repo.agent("bob").at(&mirror).jit(["claim", "acquire", "name:a"]).refused(9);
    assert_eq!(trouble.code, "shared_filesystem");
    assert!(!repo.log().exists());
    assert!(repo.agent("bob").at(&mirror).jit(["claim", "list"]).leases().is_empty());
}

/// A container that is given a boot id of its own would take others' leases for those of another
/// boot, and clear what they share: it may read, and not write.
#[test]
fn a_boot_id_of_its_own_is_refused() {
    let test = "a_boot_id_of_its_own_is_refused";
    if !skip::root(test) || !skip::works(test, &["unshare", "--mount", "true"]) {
        return;
    }
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    ann.claim("name:a");
    let masked = repo.dir().join("boot_id");
    fs::write(&masked, "0f3c9a2e-5d0b-4a53-9d1c-6f0f6f0a7b11\n").unwrap();
    let over = format!("mount --bind '{}' /proc/sys/kernel/random/boot_id && exec \"$@\"", masked.display());
    let inside = bob.clone().through(["unshare", "--mount", "sh", "-c", &over, "sh"]);
    let before = fs::read(repo.log()).unwrap();
    let trouble = inside.jit(["claim", "acquire", "name:b"]).refused(9);
    assert_eq!(trouble.code, "own_boot_id");
    inside.jit(["claim", "renew", "name:a"]).refused(9);
    assert_eq!(inside.holder_of("name:a").as_deref(), Some("agent:ann"), "reading works");
    assert_eq!(fs::read(repo.log()).unwrap(), before);
    bob.claim("name:b");
}
