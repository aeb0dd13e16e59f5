//! What must hold of a control plane, whatever has happened to it (section 3 of the design),
//! found out from the log's records by other means than the store's own.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use jit_core::{
    Cause, Facts, Fence, Holder, Known, Lease, LeaseId, Operation, Record, Reference, Seq, Stamp,
};
use jit_store::{Finding, StoreError};

use super::ask::{acquire, ask};
use super::dump::{Dump, Dumped};
use super::machine::{LOG, Machine};
use super::{SimStore, process, reader};

/// All records of all segments, oldest first.
pub fn history(store: &SimStore) -> Result<Vec<Record>, StoreError> {
    let mut segments = Vec::new();
    store.history(|records| {
        segments.push(records);
        true
    })?;
    segments.reverse();
    Ok(segments.concat())
}

/// A live lease as the records alone tell it.
struct Standing {
    lease: Lease,
    /// What its TTL counts from: the renewal, and each writer that saw it since.
    counted: Vec<Stamp>,
}

/// Follows the records and fails the test when they break an invariant.
pub fn follow(records: &[Record]) {
    let mut live: BTreeMap<LeaseId, Standing> = BTreeMap::new();
    let mut facts: BTreeMap<Reference, Facts> = BTreeMap::new();
    let mut fence = Fence(Seq(0));
    let mut seq = Seq(0);
    // In a checkpoint that took the place of a damaged segment nothing can be compared.
    let mut salvaged = false;
    for record in records {
        let missing = match &record.operation {
            Operation::Checkpoint(checkpoint) => checkpoint.missing.as_ref(),
            _ => None,
        };
        match missing {
            None => assert_eq!(record.seq, seq.next(), "the order has no gaps"),
            Some(missing) => {
                assert!(missing.after == seq && record.seq > seq, "a gap that is as it says");
                salvaged = true;
                live.clear();
            }
        }
        assert!(record.durable < record.seq, "nothing is durable before it is written");
        seq = record.seq;
        let counted = vec![record.stamp];
        match &record.operation {
            // What an earlier segment said stands; the copies must agree with it.
            Operation::Checkpoint(_) => salvaged &= missing.is_some(),
            Operation::Carry(Known::Live(lease)) if salvaged => {
                assert!(lease.fence.0 < record.seq);
                let counted = lease.sighted.iter().copied().chain([lease.renewed]).collect();
                live.insert(lease.id, Standing { lease: lease.clone(), counted });
            }
            Operation::Carry(Known::Live(lease)) => {
                let known = live
                    .get(&lease.id)
                    .unwrap_or_else(|| panic!("{} was carried over from nothing", lease.id));
                assert_eq!(known.lease.issues, lease.issues);
                assert_eq!(known.lease.fence, lease.fence);
                assert_eq!(known.lease.holder, lease.holder);
            }
            Operation::Carry(Known::Ended(ended)) => assert!(!live.contains_key(&ended.lease.id)),
            Operation::Acquire(lease) => {
                for other in live.values() {
                    let both = other.lease.issues.iter().find(|name| lease.issues.contains(name));
                    assert_eq!(both, None, "held twice: by {} and {}", other.lease.id, lease.id);
                }
                alone(&live, lease);
                fence = grown(fence, lease, record);
                let standing = Standing { lease: lease.clone(), counted };
                assert!(live.insert(lease.id, standing).is_none(), "a lease id was used again");
            }
            Operation::Extend(lease) => {
                alone(&live, lease);
                fence = grown(fence, lease, record);
                let standing = live.get_mut(&lease.id).expect("it stood");
                assert_eq!(standing.lease.issues, lease.issues);
                standing.lease = lease.clone();
            }
            Operation::Resume(lease) | Operation::Transfer(lease) => {
                fence = grown(fence, lease, record);
                let old = live.insert(lease.id, Standing { lease: lease.clone(), counted });
                assert_eq!(old.expect("it stood").lease.issues, lease.issues);
            }
            Operation::Renew(leases) => {
                for lease in leases {
                    let counted = counted.clone();
                    let old =
                        live.insert(lease.id, Standing { lease: lease.clone(), counted }).expect("it stood");
                    assert_eq!((old.lease.issues, old.lease.fence), (lease.issues.clone(), lease.fence));
                }
            }
            Operation::Release { lease, released, .. } => {
                let standing = live.get_mut(&lease.id).expect("it stood");
                let mut all = [lease.issues.clone(), released.clone()].concat();
                all.sort();
                assert_eq!(standing.lease.issues, all);
                standing.lease = lease.clone();
                if lease.issues.is_empty() {
                    live.remove(&lease.id);
                }
            }
            Operation::AutoEvict(lease) => {
                let standing = live.remove(&lease.id).expect("it stood");
                let ttl = standing.lease.ttl.nanos();
                let over = |from: &Stamp| from.boot == record.stamp.boot && from.ns + ttl <= record.stamp.ns;
                assert!(standing.counted.iter().any(over), "{} was evicted early, in record {seq}", lease.id);
            }
            Operation::ForceEvict { lease, .. } => assert!(live.remove(&lease.id).is_some(), "it stood"),
            Operation::Facts(cause, some) => some.iter().for_each(|new| {
                let old = facts.insert(new.issue.clone(), new.clone()).map_or(0, |old| old.failures);
                if *cause != Cause::Carried || !salvaged {
                    let failed = u32::from(*cause == Cause::Failed);
                    assert_eq!(new.failures, old + failed, "failures are counted for good");
                }
            }),
            Operation::Abandon => {}
            Operation::Sighting => live.values_mut().for_each(|standing| standing.counted.push(record.stamp)),
        }
    }
}

/// Nobody else has a path of this lease's.
fn alone(live: &BTreeMap<LeaseId, Standing>, lease: &Lease) {
    for other in live.values().filter(|other| other.lease.id != lease.id) {
        let both = other.lease.scope.conflicts(&lease.scope);
        assert_eq!(both, [], "held twice: by {} and {}", other.lease.id, lease.id);
    }
}

fn grown(fence: Fence, lease: &Lease, record: &Record) -> Fence {
    assert!(lease.fence > fence, "fences grow");
    assert_eq!(lease.fence, Fence(record.seq));
    lease.fence
}

/// Everything that these two answers speak of.
pub fn dump_of(before: &Dumped, after: &Dumped) -> Dump {
    let both = [before, after];
    Dump {
        names: both
            .iter()
            .flat_map(|dumped| dumped.covering.keys().chain(dumped.lost.keys()).cloned())
            .collect(),
        holders: both.iter().flat_map(|dumped| dumped.held.keys().cloned()).collect(),
        leases: both.iter().flat_map(|dumped| dumped.known.keys().copied()).collect(),
    }
}

/// Everything that these records speak of.
fn all_of(records: &[Record]) -> Dump {
    let mut names: BTreeSet<Reference> = BTreeSet::new();
    let mut holders: BTreeSet<Holder> = BTreeSet::new();
    let mut leases: BTreeSet<LeaseId> = BTreeSet::new();
    let mut noted = Vec::new();
    let mut meet = |lease: &Lease| {
        names.extend(lease.issues.iter().cloned());
        holders.insert(lease.holder.clone());
        leases.insert(lease.id);
    };
    for record in records {
        record.operation.leases().iter().for_each(&mut meet);
        if let Operation::Facts(_, facts) = &record.operation {
            noted.extend(facts.iter().map(|facts| facts.issue.clone()));
        }
    }
    names.extend(noted);
    Dump {
        names: names.into_iter().collect(),
        holders: holders.into_iter().collect(),
        leases: leases.into_iter().collect(),
    }
}

/// The index, if it is believed, says what the log says.
pub fn index_agrees(machine: &Rc<Machine>) -> Dumped {
    agreed(machine, &history(&reader(machine)).unwrap())
}

/// The same, about what these records speak of.
pub fn agreed(machine: &Rc<Machine>, records: &[Record]) -> Dumped {
    let dump = all_of(records);
    let by_index = reader(machine).read(&dump).unwrap();
    let without = machine.fork();
    if without.content("index").is_some() {
        without.tear_off("index");
    }
    let by_log = reader(&without).read(&dump).unwrap();
    assert_eq!(by_index, by_log, "the index does not agree with the log");
    by_log
}

/// The lines of a file that are records or what is left of some.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let padding = bytes.iter().rposition(|byte| *byte != b'\n').map_or(0, |last| last + 1);
    bytes[..padding].split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

/// Whether the bytes are in any file of the control plane.
fn is_kept(machine: &Machine, bytes: &[u8]) -> bool {
    machine.names().iter().filter(|name| *name == LOG || name.starts_with("archive/")).any(|name| {
        let content = machine.content(name).unwrap_or_default();
        content.windows(bytes.len()).any(|window| window == bytes)
    })
}

/// The doctor finds no segment that does not go on where the one before it ended, and no index that
/// lies.
fn examined(machine: &Rc<Machine>) {
    let findings = reader(machine).examine();
    let wrong = |finding: &&Finding| {
        matches!(finding, Finding::Broken(_) | Finding::Trouble(_) | Finding::IndexDisagrees)
    };
    assert!(!findings.iter().any(|finding| wrong(&finding)), "{findings:?}");
}

/// Checks everything after whatever has happened to the machine: that readers read, that a writer
/// can go on, and that what was promised is there. Returns the records.
///
/// `promised` are the operations that somebody was told were done; `all_or_nothing` those that
/// somebody asked for and was not told: of them there are all or none.
pub fn all(machine: &Rc<Machine>, promised: &[Operation], all_or_nothing: &[Operation]) -> Vec<Record> {
    let before = history(&reader(machine)).expect("readers read");
    has_all(&before, promised);
    follow(&before);
    index_agrees(machine);
    let torn: Vec<Vec<u8>> =
        machine.content(LOG).iter().flat_map(|log| lines(log)).map(<[u8]>::to_vec).collect();

    // A writer finds nothing wrong, and can go on.
    let store = process(machine);
    let probe = acquire(1_000_000 + before.len() as u64, "probe/of/a/name/that/nobody/wants");
    let probed = ask(&store, "prober", &probe).granted();

    let after = history(&reader(machine)).expect("readers read");
    has_all(&after, promised);
    has_all(&after, &probed);
    follow(&after);
    let there =
        all_or_nothing.iter().filter(|operation| after.iter().any(|record| record.operation == **operation));
    let there = there.count();
    assert!(there == 0 || there == all_or_nothing.len(), "done by half: {there} of {all_or_nothing:?}");
    let log = machine.content(LOG).unwrap();
    let standing: BTreeSet<&[u8]> = lines(&log).collect();
    let is_json = |line: &&[u8]| serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok();
    assert!(standing.iter().all(is_json), "what was torn was cut");
    for line in torn.into_iter().filter(|line| !standing.contains(&line[..])) {
        assert!(is_kept(machine, &line), "dropped: {:?}", String::from_utf8_lossy(&line));
    }
    index_agrees(machine);
    examined(machine);
    after
}

/// The leases that an operation is about; the first tells it apart well enough.
fn about(operation: &Operation) -> Option<LeaseId> {
    match operation {
        Operation::Acquire(lease)
        | Operation::Resume(lease)
        | Operation::Extend(lease)
        | Operation::Transfer(lease)
        | Operation::Release { lease, .. }
        | Operation::AutoEvict(lease)
        | Operation::ForceEvict { lease, .. } => Some(lease.id),
        Operation::Renew(leases) => leases.first().map(|lease| lease.id),
        Operation::Checkpoint(_) | Operation::Carry(_) | Operation::Facts(..) => None,
        Operation::Abandon | Operation::Sighting => None,
    }
}

/// Panics when a promised operation is not among the records.
pub fn has_all(records: &[Record], operations: &[Operation]) {
    let mut by_lease: HashMap<Option<LeaseId>, Vec<&Operation>> = HashMap::new();
    for record in records {
        by_lease.entry(about(&record.operation)).or_default().push(&record.operation);
    }
    for operation in operations {
        let known = by_lease.get(&about(operation));
        assert!(
            known.is_some_and(|known| known.contains(&operation)),
            "acknowledged and lost: {operation:?}"
        );
    }
}
