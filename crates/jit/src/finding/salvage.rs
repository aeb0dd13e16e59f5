//! What the doctor says of a log that is damaged or missing, and of going on without.

use std::path::Path;

use jit_store::Salvaged;

use crate::error::Code;
use crate::finding::{Finding, Kind, Needs, shell};
use crate::render::text::issues;

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
            let (id, names) = (lease.id, issues(&lease.issues));
            (
                format!("; what unreadable records still name is kept for you as lease {id}: {names}"),
                format!("; then give back what was kept for you: jit {options}claim release {id}"),
            )
        });
        let hint = format!(
            "let every agent stop before anybody goes on{give_back}; let each acquire anew what it works on and \
             does not hold any more: jit {options}claim list"
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
