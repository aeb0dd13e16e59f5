//! What the doctor says of a log that is damaged or missing, and of going on without.

use std::path::Path;

use jit_store::Salvaged;

use crate::error::Code;
use crate::finding::{Finding, Kind, Needs, shell};
use crate::render::text::subject;

impl Finding {
    /// What a salvage did, if there was anything to do. Even where every lease seems to be known, a
    /// holder may have lost its own.
    pub(crate) fn salvaged(salvaged: Option<Salvaged>, options: &str, dir: &Path) -> Self {
        let Some(Salvaged { kept, readable, after, next, carried, least, doubtful }) = salvaged else {
            let what = "the log is not damaged: nothing was salvaged".to_owned();
            return Self::new(Kind::Log, Needs::Nothing, what);
        };
        let lost = match readable {
            true => format!("the log was damaged after record {after}: what unreadable records said is lost"),
            false => {
                format!("nothing of the log after record {after} was left: which leases stood can't be known")
            }
        };
        let goes_on = format!(
            "a new segment begins with record {next} and leases: {carried}; each that stands does so for at \
             least {least} from now, unless it is released"
        );
        let (keeps, give_back) = doubtful.map_or_else(Default::default, |lease| {
            let (id, names) = (lease.id, subject(&lease));
            (
                format!("; what unreadable records still name is kept for you as lease {id}: {names}"),
                format!("; then give back what was kept for you: jit {options}claim release {id}"),
            )
        });
        let hint = format!(
            "let every agent stop before anybody goes on{give_back}; see what each still holds, and let it \
             acquire the rest of its work anew: jit {options}claim list"
        );
        Self::new(Kind::Salvaged, Needs::Person, format!("{lost}; {goes_on}{keeps}"))
            .hint(hint)
            .at(kept.map_or(dir.into(), |kept| dir.join(kept)))
    }

    /// With what a person may do about a log that is damaged or missing.
    pub(crate) fn or_salvage(self, options: &str, dir: &Path) -> Self {
        if self.kind != Kind::Failure(Code::Corrupt) {
            return self;
        }
        let salvage = format!("go on with what can still be known: jit {options}doctor --salvage");
        let dir = shell(dir);
        let hint = match self.offset {
            Some(_) => format!("keep a copy of {dir}, then {salvage}"),
            None => format!("put the log back from a backup; if there is none, {salvage}"),
        };
        self.hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use jit_core::{Lease, Seq};

    use super::*;
    use crate::output::Output;
    use crate::render::text;

    fn kept() -> Lease {
        serde_json::from_value(serde_json::json!({
            "lease_id": "00000000-0000-0000-0000-000000000009",
            "fence": 40,
            "issues": ["name:n2", "name:n3"],
            "holder": { "agent": "human:eve", "worktree": "00000000-0000-0000-0000-000000000001" },
            "ttl_secs": 86400,
            "acquired_at": "2026-01-01T00:00:00.000Z",
            "renewed": { "boot": "00000000-0000-0000-0000-000000000001", "ns": 0 },
            "token": "0".repeat(64),
        }))
        .unwrap()
    }

    #[test]
    fn what_a_salvage_says() {
        let dir = Path::new("/a repo/.git/jit");
        let salvaged = |readable, kept: Option<&str>, doubtful| Salvaged {
            kept: kept.map(str::to_owned),
            readable,
            after: Seq(7),
            next: Seq(41),
            carried: 3,
            least: "24h".parse().unwrap(),
            doubtful,
        };
        let findings = [
            None,
            Some(salvaged(true, Some("archive/damaged-after-7-0.jsonl"), Some(kept()))),
            Some(salvaged(true, Some("archive/damaged-after-7-0.jsonl"), None)),
            Some(salvaged(false, None, None)),
        ]
        .map(|salvaged| Finding::salvaged(salvaged, "-C 'a repo' ", dir));
        assert!(findings[1..].iter().all(|finding| finding.needs == Needs::Person));
        let told = Output::Checked { findings: findings.into(), healthy: false };
        insta::assert_snapshot!("salvaged", text::human(&told, false));
    }
}
