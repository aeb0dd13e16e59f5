//! A log, an index or a disk in trouble: what was acknowledged stands, what was never acknowledged
//! is set aside, and nothing is done over what nobody understands (invariants 2 and 4).

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::process::Command;

use crate::support::control::{Mount, contents, held, refused};
use crate::support::repo::write;
use crate::support::{Repo, log, skip};

/// A record of a version that this jit does not know is no damage, and nothing is done over it,
/// with or without an index.
#[test]
fn a_log_of_another_version() {
    for index in [true, false] {
        let repo = held();
        let text = fs::read_to_string(repo.log()).unwrap();
        let last = text.trim_end().rfind('\n').unwrap() + 1;
        let padding = text.len() - text.trim_end().len();
        let other =
            format!("{{\"schema_version\":2,\"what\":\"nobody here knows\"}}{}", "\n".repeat(padding));
        write(&repo.log(), text[..last].to_owned() + &other);
        if !index {
            fs::remove_file(repo.control().join("index")).unwrap();
        }
        let agent = repo.agent("ann");
        refused(&repo, &agent, "unknown_version");
        for arguments in [&["claim", "list"][..], &["claim", "status", "name:held"], &["claim", "history"]] {
            let trouble = agent.jit(arguments).refused(9);
            assert_eq!(trouble.code, "unknown_version");
            assert!(trouble.message.contains("version 2"), "{trouble:?}");
            assert_eq!(trouble.find("offset").and_then(serde_json::Value::as_u64), Some(last as u64));
        }
        assert_eq!(agent.say(["doctor", "--fix"]).status, Some(9));
        assert!(fs::read_to_string(repo.log()).unwrap().contains("nobody here knows"));
    }
}

/// A record in the middle is damaged, and later ones show that it had been durable: that is
/// corruption, named by file and byte. Nobody writes over it, `doctor` included.
#[test]
fn a_corrupt_log() {
    let repo = held();
    for i in 0..5 {
        repo.agent("bob").claim(&format!("name:b{i}"));
    }
    let text = fs::read_to_string(repo.log()).unwrap();
    let damaged = text.find("\"op\":\"release\"").unwrap();
    let line = text[..damaged].rfind('\n').unwrap() + 1;
    let file = OpenOptions::new().write(true).open(repo.log()).unwrap();
    file.write_all_at(b"XXXX", damaged as u64).unwrap();
    fs::remove_file(repo.control().join("index")).unwrap();
    let agent = repo.agent("ann");
    refused(&repo, &agent, "corrupt");
    let before = contents(&repo.control());
    for arguments in [&["claim", "acquire", "name:new"][..], &["claim", "list"]] {
        let trouble = agent.jit(arguments).refused(9);
        assert_eq!(trouble.find("file").and_then(|file| file.as_str()), Some("claims.jsonl"));
        assert_eq!(trouble.find("offset").and_then(serde_json::Value::as_u64), Some(line as u64));
        assert!(trouble.message.contains(&line.to_string()), "{trouble:?}");
    }
    for doctor in [&["doctor"][..], &["doctor", "--fix"]] {
        let said = agent.say(doctor);
        assert_eq!(said.status, Some(9), "{said:?}");
        assert!((said.stdout.clone() + &said.stderr).contains(&line.to_string()), "{said:?}");
    }
    assert!(contents(&repo.control()) == before);
    // A person may ask for what can be saved; history says what is missing.
    let salvaged = agent.jit(["doctor", "--salvage"]);
    assert_eq!(salvaged.status, Some(9), "a record is lost: {salvaged:?}");
    assert!(salvaged.stdout.contains("archive/damaged-after-"), "{salvaged:?}");
    assert!(salvaged.stdout.contains("let every agent stop"), "{salvaged:?}");
    assert_eq!(agent.jit(["claim", "acquire", "name:held"]).refused(5).code, "held");
    agent.claim("name:new");
    let history = agent.jit(["claim", "history", "name:new"]).ok();
    assert!(history.to_string().contains("\"missing\""), "{history}");
    assert_eq!(agent.say(["doctor"]).status, Some(0));
}

/// Claims whose index proves itself go on over damage that they don't meet. The one that has to seal
/// the segment is done too, and warns.
#[test]
fn damage_that_only_sealing_meets() {
    let repo = held();
    let ann = repo.agent("ann");
    ann.jit(["config", "set", "compact_at", "65536"]).ok();
    let text = fs::read_to_string(repo.log()).unwrap();
    write(&repo.log(), text.replacen("\"op\":\"release\"", "\"op\":\"rel??se\"", 1));
    let task = "x".repeat(900);
    let warning = (0..100).find_map(|i| {
        let answer = ann.jit(["claim", "acquire", &format!("name:w{i}"), "--task", &task]);
        assert_eq!(answer.status, Some(0), "{answer:?}");
        let said: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
        said["warnings"][0].as_str().map(str::to_owned)
    });
    let warning = warning.expect("a warning");
    assert!(warning.contains("corrupt at byte") && warning.ends_with("jit doctor"), "{warning}");
}

/// One byte of who acquired it: nobody gets what the record still names until a person, who asked
/// for the salvage, gives it back by the printed command.
#[test]
fn what_a_damaged_record_names_is_not_granted() {
    let repo = Repo::warm();
    for n in 1..4 {
        repo.agent(&format!("h{n}")).claim(&format!("name:n{n}"));
    }
    let text = fs::read_to_string(repo.log()).unwrap();
    write(&repo.log(), text.replacen("agent:h2", "agent:hX", 1));
    fs::remove_file(repo.control().join("index")).unwrap();
    let (person, bob) = (repo.agent("person"), repo.agent("bob"));
    let salvaged = person.jit(["doctor", "--salvage"]);
    assert_eq!(salvaged.status, Some(9), "{salvaged:?}");
    for n in 1..4 {
        assert_eq!(bob.jit(["claim", "acquire", &format!("name:n{n}")]).refused(5).code, "held");
    }
    repo.agent("h2").jit(["claim", "renew", "name:n2"]).refused(6);
    repo.agent("h3").jit(["claim", "renew", "name:n3"]).ok();
    let (_, release) = salvaged.stdout.split_once("claim release ").unwrap();
    let lease = &release[..36];
    person.jit(["claim", "release", lease]).ok();
    repo.agent("h2").claim("name:n2");
    assert_eq!(person.say(["doctor"]).status, Some(0));
}

/// The last record is torn, as a crash leaves it: nobody was told that it was done. Work goes on,
/// the torn bytes are kept, and the next record is not swallowed by them.
#[test]
fn a_torn_last_line() {
    for torn in
        [&b"{\"schema_version\":1,\"seq\":"[..], b"\0\0\0\0\0\0\0\0", b"{\"schema_version\":1,\"seq\":5}"]
    {
        let repo = held();
        let text = fs::read_to_string(repo.log()).unwrap();
        let end = text.trim_end().len() as u64 + 1;
        let file = OpenOptions::new().write(true).open(repo.log()).unwrap();
        file.write_all_at(torn, end).unwrap();
        // As after a reboot; the words in shared memory would know better.
        fs::remove_file(repo.control().join("index")).unwrap();
        let bob = repo.agent("bob");
        // A reader changes nothing …
        assert_eq!(bob.jit(["claim", "list"]).leases().len(), 1);
        assert!(fs::read(repo.log()).unwrap()[end as usize..].starts_with(torn));
        // … and a writer goes on after what is whole.
        bob.jit(["claim", "acquire", "name:held"]).refused(5);
        let lease = bob.claim("name:after");
        let records = log::sound(&repo);
        assert_eq!(records.last().unwrap()["lease"]["lease_id"], *lease.lease_id);
        let kept: Vec<_> = contents(&repo.control().join("archive"))
            .into_iter()
            .filter(|(path, _)| path.file_name().unwrap().to_str().unwrap().starts_with("torn"))
            .collect();
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].1, torn, "not a byte is dropped");
        repo.healthy();
        assert_eq!(repo.agent("c").holder_of("name:held").as_deref(), Some("agent:ann"));
    }
}

/// The log is gone and its index is there: an error, and no new log that knows nothing.
#[test]
fn a_log_that_is_missing() {
    let repo = held();
    let away = repo.dir().join("away");
    fs::rename(repo.log(), &away).unwrap();
    let agent = repo.agent("bob");
    refused(&repo, &agent, "corrupt");
    agent.jit(["claim", "list"]).refused(9);
    assert!(!repo.log().exists());
    fs::rename(&away, repo.log()).unwrap();
    agent.jit(["claim", "acquire", "name:held"]).refused(5);
    // The same where only an archive shows that there was one.
    agent.jit(["compact"]).ok();
    fs::rename(repo.log(), &away).unwrap();
    fs::remove_file(repo.control().join("index")).unwrap();
    refused(&repo, &agent, "corrupt");
    assert!(!repo.log().exists());
}

/// Nothing of the log is left. An agent is told to stop and fetch a person; the person is told of
/// the salvage, and that nobody can know what stood; no fence is given twice.
#[test]
fn a_log_of_which_nothing_is_left() {
    type Lose = fn(&Repo);
    let lost: [(Lose, &str); 3] = [
        (|repo| fs::remove_file(repo.log()).unwrap(), "corrupt"),
        (|repo| write(&repo.log(), ""), "corrupt"),
        (
            |repo| {
                fs::remove_file(repo.log()).unwrap();
                fs::create_dir(repo.log()).unwrap();
            },
            "not_a_file",
        ),
    ];
    for (lose, code) in lost {
        let repo = held();
        let agent = repo.agent("bob");
        let before = agent.claim("name:b").fence;
        lose(&repo);
        for arguments in [&["claim", "acquire", "name:new"][..], &["claim", "list"]] {
            let trouble = agent.jit(arguments).refused(9);
            assert_eq!(trouble.code, code);
            let hint = trouble.hint.unwrap();
            assert!(hint.contains("show this to a person") && hint.ends_with("doctor"), "{hint}");
        }
        if code == "not_a_file" {
            let doctor = agent.jit(["doctor"]).stdout;
            assert!(doctor.contains("wrong_type") && !doctor.contains("not_a_file"), "said once: {doctor}");
            fs::remove_dir(repo.log()).unwrap();
        }
        assert!(agent.say(["doctor"]).stdout.contains("doctor --salvage"));
        let salvaged = agent.say(["doctor", "--salvage"]);
        assert_eq!(salvaged.status, Some(9), "{salvaged:?}");
        assert!(salvaged.stdout.contains("which leases stood can't be known"), "{salvaged:?}");
        assert_eq!(agent.say(["doctor"]).status, Some(0));
        assert!(agent.claim("name:new").fence > before);
        let history = agent.say(["claim", "history"]).stdout;
        assert!(history.contains("nothing is left of them"), "{history}");
    }
}

/// An index that is behind the log, or is of another log, or is garbage, is not believed.
#[test]
fn an_index_that_does_not_reflect_the_log() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let index = repo.control().join("index");
    let behind = fs::read(&index).unwrap();
    let lease = ann.claim("name:a");
    write(&index, &behind);
    assert_eq!(bob.holder_of("name:a").as_deref(), Some("agent:ann"), "read with an index that is behind");
    write(&index, &behind);
    bob.jit(["claim", "acquire", "name:a"]).refused(5);
    // One that knows of a lease that the log does not.
    let ahead = fs::read(&index).unwrap();
    ann.jit(["claim", "release", &lease.lease_id]).ok();
    write(&index, &ahead);
    assert_eq!(bob.holder_of("name:a"), None);
    write(&index, &ahead);
    bob.claim("name:a");
    for garbage in [Vec::new(), vec![0xff; 10], vec![0; 100_000], vec![0xa5; 100_000]] {
        write(&index, &garbage);
        assert_eq!(ann.holder_of("name:a").as_deref(), Some("agent:bob"));
        write(&index, &garbage);
        ann.jit(["claim", "acquire", "name:a"]).refused(5);
    }
    ann.jit(["doctor", "--fix"]).ok();
    repo.healthy();
    log::sound(&repo);
}

/// The disk is full: nothing is granted that was not written, nothing is lost, reads work, and
/// when there is room again work goes on.
#[test]
fn on_a_full_disk() {
    let test = "on_a_full_disk";
    if !skip::root(test) {
        return;
    }
    let scratch = Repo::scratch();
    let mount = Mount::tmpfs(&scratch.dir().join("small"), "3m");
    let repo = Repo::inside(&mount.0);
    repo.init(repo.main(), &[]);
    repo.commit(repo.main());
    let ann = repo.agent("ann");
    ann.jit(["claim", "acquire", "name:held", "--ttl", "1h"]).lease();
    let balloon = mount.0.join("balloon");
    let filled =
        Command::new("dd").args(["if=/dev/zero", "bs=4k"]).arg(format!("of={}", balloon.display())).output();
    assert!(!filled.unwrap().status.success(), "the disk is full");
    let mut granted = vec!["name:held".to_owned()];
    let mut full = 0;
    for i in 0..400 {
        let name = format!("name:f{i}");
        let answer = ann.jit(["claim", "acquire", &name, "--task", &"x".repeat(900)]);
        match answer.status {
            Some(0) => granted.push(name),
            _ => {
                let trouble = answer.refused(9);
                assert_eq!((trouble.code.as_str(), trouble.retryable), ("disk_full", true), "{trouble:?}");
                full += 1;
                if full == 5 {
                    break;
                }
            }
        }
    }
    assert_eq!(full, 5, "the disk was never full");
    assert_eq!(ann.jit(["claim", "list"]).leases().len(), granted.len());
    fs::remove_file(balloon).unwrap();
    ann.claim("name:room");
    for name in &granted {
        assert_eq!(ann.holder_of(name).as_deref(), Some("agent:ann"), "{name}");
    }
    log::sound(&repo);
    repo.healthy();
}

/// A control plane that can't be made at all, on a disk that is full from the start.
#[test]
fn on_a_disk_without_room_for_the_first_claim() {
    if !skip::root("on_a_disk_without_room_for_the_first_claim") {
        return;
    }
    let scratch = Repo::scratch();
    let mount = Mount::tmpfs(&scratch.dir().join("small"), "2m");
    let repo = Repo::inside(&mount.0);
    repo.init(repo.main(), &[]);
    repo.commit(repo.main());
    let balloon = mount.0.join("balloon");
    Command::new("dd")
        .args(["if=/dev/zero", "bs=4k"])
        .arg(format!("of={}", balloon.display()))
        .output()
        .unwrap();
    let trouble = repo.agent("ann").jit(["claim", "acquire", "name:a"]).trouble();
    assert!(["disk_full", "not_writable"].contains(&&*trouble.code), "{trouble:?}");
    fs::remove_file(balloon).unwrap();
    repo.agent("ann").claim("name:a");
    repo.healthy();
}

/// History that can't be followed back is shown as far as it goes, with a word of what is missing;
/// one that was asked to go no further has nothing to say.
#[test]
fn history_without_its_archive_says_what_is_missing() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.claim("name:a");
    ann.jit(["compact"]).ok();
    ann.jit(["claim", "release", "name:a"]).ok();
    fs::remove_file(repo.control().join("archive/claims-00000001.jsonl")).unwrap();
    let said = ann.jit(["claim", "history", "name:a"]);
    assert!(said.status == Some(0) && said.stdout.contains("release"), "{said:?}");
    assert!(
        said.stdout.contains("claims-00000001.jsonl is missing") && said.stdout.contains("jit doctor"),
        "{said:?}"
    );
    ann.jit(["claim", "history", "name:b"]).refused(9);
    ann.jit(["claim", "history", "--limit", "1"]).ok();
}
