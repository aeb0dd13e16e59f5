//! The JSON form of records (section 2): what is written is read back, readers accept unknown
//! fields and look at the version first, and an unknown version is never taken for damage
//! (invariant 3.4).

#![allow(clippy::unwrap_used)]

mod common;

use common::{holder, lease_id, scope, secret, some_lease, stamp, thing, things, ttl, wall};
use jit_core::{
    Attempt, Case, Cause, Checkpoint, ControlPlaneId, End, Ended, EndedBy, Facts, Fence, Gate, Holder, Known,
    Lease, Mode, Operation, Outcome, Record, RecordError, Reference, Scope, Seq, Stamp, Successor, Task,
    WallTime,
};
use proptest::prelude::*;
use uuid::Uuid;

fn record(operation: Operation) -> Record {
    Record {
        seq: Seq(9),
        operation,
        actor: holder("b/sub@2"),
        at: wall(3600),
        stamp: stamp(1, 123_456_789),
        durable: Seq(8),
    }
}

fn text(record: &Record) -> String {
    String::from_utf8(record.to_json().unwrap()).unwrap()
}

/// A lease with every field set.
fn full() -> Lease {
    Lease {
        issues: [vec!["67e55044-10b1-426f-9247-bb680e5fe0c8".parse().unwrap()], things("a/b.c deploy-db")]
            .concat(),
        task: "say \"hé\"\\".parse().ok(),
        branch: Some("main".into()),
        sighted: vec![stamp(2, 5), stamp(3, 6)],
        lived_ns: 7,
        own_ttl: Some(ttl(30)),
        supersedes: vec![lease_id(4), lease_id(5)],
        ..some_lease()
    }
}

/// One of each operation, as they would be written.
fn each_operation() -> Vec<Operation> {
    let evicted = End::Evicted { by: holder("b").agent, reason: "stuck".parse().unwrap() };
    let over = Lease { issues: vec![], ..some_lease() };
    let control_plane = ControlPlaneId::new(Uuid::from_u128(7));
    vec![
        Operation::Checkpoint(Checkpoint { control_plane, segment: 2, carried: 3, missing: None }),
        Operation::Carry(Known::Live(some_lease())),
        Operation::Carry(Known::Ended(Ended::lost(some_lease(), End::Lapsed, wall(60), Seq(9)))),
        Operation::Carry(Known::Ended(Ended::lost(some_lease(), evicted, wall(60), Seq(9)))),
        Operation::Carry(Known::Ended(Ended::released(over.clone(), wall(60), Seq(9)))),
        Operation::Acquire(full()),
        Operation::Acquire(some_lease()),
        Operation::Resume(some_lease()),
        Operation::Extend(Lease { issues: vec![], scope: scope("@src @doc/*.md"), ..some_lease() }),
        Operation::Abandon,
        Operation::Renew(vec![some_lease(), Lease { id: lease_id(2), issues: things("y"), ..some_lease() }]),
        Operation::Transfer(some_lease()),
        Operation::Release { lease: over, released: things("x"), attempt: Attempt::Undone },
        Operation::AutoEvict(some_lease()),
        Operation::ForceEvict { lease: some_lease(), reason: "stuck".parse().unwrap() },
        Operation::Facts(
            Cause::Failed,
            vec![Facts {
                failures: 2,
                last_failure: "tests fail".parse().ok(),
                assigned: Some(holder("c").agent),
                ..Facts::none(issue_of(1))
            }],
        ),
        Operation::Facts(
            Cause::Ended,
            vec![
                Facts {
                    outcome: Some(Outcome::Done),
                    settled_gates: [Gate::named(&"docs")].into(),
                    ended_by: Some(Box::new(EndedBy {
                        at: "2026-11-21T05:00:00Z".parse().unwrap(),
                        by: holder("c"),
                        branch: Some("w".into()),
                    })),
                    reopened: Some(Fence(Seq(7))),
                    ..Facts::none(issue_of(2))
                },
                Facts {
                    outcome: Some(Outcome::Gated),
                    open_gates: [Gate::named(&"docs")].into(),
                    ..Facts::none(issue_of(3))
                },
                Facts { outcome: Some(Outcome::Rejected), deleted: true, ..Facts::none(issue_of(4)) },
            ],
        ),
        Operation::Sighting,
    ]
}

/// A change of the format is seen: logs that were written before must stay readable.
#[test]
fn the_form_of_each_operation() {
    let lines: Vec<_> = each_operation().into_iter().map(|operation| text(&record(operation))).collect();
    insta::assert_snapshot!("each_operation", lines.join("\n"));
}

/// One operation is one line, which reads back as itself; tokens are never written.
#[test]
fn each_operation_is_one_line_and_reads_back() {
    for operation in each_operation() {
        let record = record(operation);
        let json = text(&record);
        assert!(!json.contains(['\n', '\r']), "{json}");
        assert!(!json.contains(&secret(1).to_string()), "{json}");
        assert_eq!(Record::from_json(json.as_bytes()), Ok(record));
    }
}

/// Readers accept unknown fields, wherever they stand.
#[test]
fn unknown_fields_are_passed_over() {
    for operation in each_operation() {
        let record = record(operation);
        let json = text(&record).replace('{', r#"{"later":{"x":[1,null]},"#);
        assert_eq!(Record::from_json(json.as_bytes()), Ok(record), "{json}");
    }
}

/// Section 2: `schema_version` is looked at first. Whatever else a whole line of another version
/// says, it is of another version; one of this version with an unknown operation is told as that;
/// what is no whole JSON, or lacks what it must have, is malformed.
#[test]
fn what_is_no_record_is_told_apart() {
    let known = text(&record(Operation::Sighting));
    let acquire = text(&record(Operation::Acquire(some_lease())));
    let version = |version: u64| Some(RecordError::Version(version));
    let operation = |name: &str| Some(RecordError::Operation(name.into()));
    let cases = [
        // Only the version differs.
        (known.replace(r#""schema_version":1"#, r#""schema_version":2"#), version(2)),
        (known.replace(r#""schema_version":1"#, r#""schema_version":0"#), version(0)),
        (
            known.replace(r#""schema_version":1"#, r#""schema_version":18446744073709551615"#),
            version(u64::MAX),
        ),
        // Nothing else is as it was.
        (r#"{"schema_version":2}"#.into(), version(2)),
        (r#"{"schema_version":2,"op":{"kind":"grant"},"seq":"nine","lease":[]}"#.into(), version(2)),
        (r#"  {"seq":{},"schema_version":7}  "#.into(), version(7)),
        // This version, another operation.
        (known.replace("sighting", "mutter"), operation("mutter")),
        (r#"{"schema_version":1,"op":"mutter","seq":"nine"}"#.into(), operation("mutter")),
        (r#"{"schema_version":1,"op":"\u006dutter"}"#.into(), operation("mutter")),
        // This version and operation, and not of the form.
        (known.replace(r#""seq":9"#, r#""seq":-9"#), None),
        (known.replace(r#""seq":9,"#, ""), None),
        (acquire.replace(r#""lease":"#, r#""leese":"#), None),
        (acquire.replace(r#""ttl_secs":60"#, r#""ttl_secs":0"#), None),
        (acquire.replace("name:x", "name:../x"), None),
        (acquire.replace("agent:a", "bot:a"), None),
        (r#"{"schema_version":1,"op":"sighting"}"#.into(), None),
        (r#"{"schema_version":1}"#.into(), None),
        // No version, no object, no JSON.
        ("{}".into(), None),
        ("[]".into(), None),
        ("null".into(), None),
        (String::new(), None),
        (format!("{known}{known}"), None),
        (format!("{known},"), None),
    ];
    for (json, expected) in cases {
        let error = Record::from_json(json.as_bytes()).expect_err(&json);
        match expected {
            Some(expected) => assert_eq!(error, expected, "{json}"),
            None => assert!(matches!(error, RecordError::Malformed(_)), "{json}: {error:?}"),
        }
    }
    assert!(matches!(Record::from_json(b"{\"schema_version\":\xff1}"), Err(RecordError::Malformed(_))));
}

/// What each operation must carry is missed when it is not there.
#[test]
fn no_operation_is_read_without_what_it_carries() {
    for operation in each_operation() {
        let json = text(&record(operation));
        for field in ["lease", "leases", "ended", "released", "reason", "checkpoint"] {
            // Only at the top: `"reason"` stands in an `ended` too.
            let Ok(mut document) = serde_json::from_str::<serde_json::Map<_, _>>(&json) else {
                panic!("{json}")
            };
            if document.remove(field).is_some() {
                let json = serde_json::to_vec(&document).unwrap();
                assert!(
                    matches!(Record::from_json(&json), Err(RecordError::Malformed(_))),
                    "{field}: {json:?}"
                );
            }
        }
    }
}

/// A torn line of this version is malformed, wherever it was torn.
#[test]
fn a_torn_line_is_malformed() {
    for operation in each_operation() {
        let json = text(&record(operation));
        for end in 0..json.len() {
            let error = Record::from_json(&json.as_bytes()[..end]);
            assert!(matches!(error, Err(RecordError::Malformed(_))), "{end} of {json}: {error:?}");
        }
    }
}

/// What is written of a wall time is all there is of it, so that a read state equals the written
/// one.
#[test]
fn wall_times_are_kept_to_the_millisecond() {
    let time = chrono::DateTime::from_timestamp(1_767_225_600, 123_999_999).unwrap();
    let time = WallTime::new(time);
    assert_eq!(time.to_string(), "2026-01-01T00:00:00.123Z");
    assert_eq!(time.to_string().parse(), Ok(time));
    assert_eq!("2026-01-01T01:00:00.123999+01:00".parse(), Ok(time));
}

fn references() -> impl Strategy<Value = Vec<Reference>> {
    let name =
        prop_oneof!["[a-zA-Z0-9_-]{1,12}(/[a-z0-9.]{1,5}x){0,2}".prop_map(|name| thing(&name)), issue()];
    prop::collection::btree_set(name, 0..5).prop_map(|set| set.into_iter().collect())
}

fn issue() -> impl Strategy<Value = Reference> {
    any::<u128>().prop_map(|id| Uuid::from_u128(id).to_string().parse().unwrap())
}

fn task() -> impl Strategy<Value = Task> {
    // Quotes, backslashes, and characters of any width and direction.
    "[^\\p{C}]{0,40}x|[\"\\\\/]{1,8}".prop_map(|text| text.parse().unwrap())
}

fn attempts() -> impl Strategy<Value = Attempt> {
    prop_oneof![
        Just(Attempt::Undone),
        Just(Attempt::Done),
        task().prop_map(Attempt::Failed),
        prop::option::of(task()).prop_map(Attempt::Infra),
    ]
}

fn facts() -> impl Strategy<Value = Facts> {
    let outcome = prop::sample::select(vec![Outcome::Done, Outcome::Gated, Outcome::Rejected]);
    let known =
        (prop::option::of(outcome), any::<u32>(), prop::option::of(task()), prop::option::of(holders()));
    let reopened = prop::option::of(any::<u64>());
    (any::<u128>(), reopened, known).prop_map(
        |(issue, reopened, (outcome, failures, last_failure, assigned))| Facts {
            issue: issue_of(issue),
            open_gates: [Gate::named(&"docs")]
                .into_iter()
                .filter(|_| outcome == Some(Outcome::Gated))
                .collect(),
            settled_gates: [Gate::named(&"tests")]
                .into_iter()
                .filter(|_| outcome == Some(Outcome::Done))
                .collect(),
            deleted: outcome == Some(Outcome::Rejected) && failures % 2 == 0,
            ended_by: assigned.clone().filter(|_| outcome.is_some()).map(|by| {
                Box::new(EndedBy { at: "2026-11-21T05:00:00Z".parse().unwrap(), by, branch: None })
            }),
            outcome,
            reopened: reopened.map(|seq| Fence(Seq(seq))),
            undone_at: reopened.map(|_| "2026-11-21T05:00:00Z".parse().unwrap()),
            failures,
            last_failure,
            assigned: assigned.map(|holder| holder.agent),
        },
    )
}

fn issue_of(id: u128) -> Reference {
    Uuid::from_u128(id).to_string().parse().unwrap()
}

fn holders() -> impl Strategy<Value = Holder> {
    ("[A-Za-z0-9._-]{1,64}", prop::option::of("[A-Za-z0-9._-]{1,64}"), 0u32..1000).prop_map(
        |(name, sub, worktree)| {
            let sub = sub.map(|sub| format!("/{sub}")).unwrap_or_default();
            holder(&format!("{name}{sub}@{worktree}"))
        },
    )
}

fn walls() -> impl Strategy<Value = WallTime> {
    (0i64..253_402_300_799, 0u32..1_000_000_000)
        .prop_map(|(secs, nanos)| WallTime::new(chrono::DateTime::from_timestamp(secs, nanos).unwrap()))
}

fn stamps() -> impl Strategy<Value = Stamp> {
    (0u64..9, any::<u64>()).prop_map(|(boot, ns)| stamp(boot, ns))
}

fn scopes() -> impl Strategy<Value = Scope> {
    let patterns = prop::collection::vec(
        "[a-z\"'é]{1,6}(/[a-z*?]{1,4}){0,3}".prop_filter_map("a pattern", |text| text.parse().ok()),
        0..3,
    );
    let modes = (any::<bool>(), any::<bool>());
    (patterns, modes).prop_map(|(patterns, (shared, ignored))| {
        let mode = if shared { Mode::Shared } else { Mode::Exclusive };
        match patterns.is_empty() {
            true => Scope::none(),
            false => {
                Scope::new(patterns, mode, if ignored { Case::Ignored } else { Case::Sensitive }).unwrap()
            }
        }
    })
}

fn leases() -> impl Strategy<Value = Lease> {
    let told =
        (references(), prop::option::of(task()), holders(), prop::option::of(".{0,20}"), walls(), scopes());
    let ttls = 1u64..=u64::from(u32::MAX);
    let counted = (any::<u64>(), ttls.clone(), stamps(), any::<u64>(), prop::option::of(ttls));
    let listed = (prop::collection::vec(stamps(), 0..4), prop::collection::vec(0u64..99, 0..4));
    (told, counted, listed).prop_map(|(told, counted, listed)| Lease {
        issues: told.0,
        task: told.1,
        holder: told.2,
        branch: told.3,
        acquired_at: told.4,
        scope: told.5,
        fence: Fence(Seq(counted.0)),
        ttl: ttl(counted.1),
        renewed: counted.2,
        lived_ns: counted.3,
        own_ttl: counted.4.map(ttl),
        sighted: listed.0,
        supersedes: listed.1.into_iter().map(lease_id).collect(),
        ..some_lease()
    })
}

fn ended() -> impl Strategy<Value = Ended> {
    let end = prop_oneof![
        Just(End::Released),
        Just(End::Lapsed),
        (holders(), task()).prop_map(|(by, reason)| End::Evicted { by: by.agent, reason })
    ];
    let ended = (leases(), end, walls(), any::<u64>(), references());
    let since = (prop::option::of(leases()), any::<bool>());
    (ended, since).prop_map(|((lease, end, ended_at, seq, unclaimed), (next, abandoned))| Ended {
        lease,
        end,
        ended_at,
        seq: Seq(seq),
        unclaimed,
        superseded_by: next.map(|next| Successor::of(&next)),
        abandoned,
    })
}

fn operations() -> impl Strategy<Value = Operation> {
    prop_oneof![
        (any::<u128>(), any::<u64>(), any::<u64>()).prop_map(|(id, segment, carried)| {
            let control_plane = ControlPlaneId::new(Uuid::from_u128(id));
            Operation::Checkpoint(Checkpoint { control_plane, segment, carried, missing: None })
        }),
        leases().prop_map(|lease| Operation::Carry(Known::Live(lease))),
        ended().prop_map(|ended| Operation::Carry(Known::Ended(ended))),
        leases().prop_map(Operation::Acquire),
        leases().prop_map(Operation::Resume),
        leases().prop_map(Operation::Extend),
        Just(Operation::Abandon),
        prop::collection::vec(leases(), 0..4).prop_map(Operation::Renew),
        leases().prop_map(Operation::Transfer),
        (leases(), references(), attempts()).prop_map(|(lease, released, attempt)| Operation::Release {
            lease,
            released,
            attempt
        }),
        leases().prop_map(Operation::AutoEvict),
        (leases(), task()).prop_map(|(lease, reason)| Operation::ForceEvict { lease, reason }),
        (prop::sample::select(Cause::ALL.to_vec()), prop::collection::vec(facts(), 0..4))
            .prop_map(|(cause, facts)| Operation::Facts(cause, facts)),
        Just(Operation::Sighting),
    ]
}

proptest! {
    #![proptest_config(common::cases(500))]

    /// Any record reads back as it was written, on one line.
    #[test]
    fn any_record_reads_back(
        operation in operations(), actor in holders(), at in walls(), stamp in stamps(),
        seq in any::<u64>(), durable in any::<u64>(),
    ) {
        let record = Record { seq: Seq(seq), operation, actor, at, stamp, durable: Seq(durable) };
        let json = text(&record);
        prop_assert!(!json.contains('\n'));
        prop_assert_eq!(Record::from_json(json.as_bytes()), Ok(record));
    }

    /// Whatever bytes stand there, reading them ends in a record or an error.
    #[test]
    fn any_bytes_are_a_record_or_an_error(
        operation in operations(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut json = text(&record(operation)).into_bytes();
        let at = at.index(json.len());
        json[at] = byte;
        // Whether the change shows is the checksum's to say.
        drop(Record::from_json(&json));
    }
}
