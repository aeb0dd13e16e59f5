//! Whether a gate that somebody passed counts: for which work it was passed, and as what.

use std::fmt;
use std::str::FromStr;

use jit_core::{LeaseId, serde_by_str};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::gates::{Check, Gate, Gates};
use crate::issue::{GateResult, Issue};
use crate::text::GateName;

/// How a gate was passed, as it was defined then; the same in every clone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassedAs {
    /// By hand.
    Manual,
    /// By this command, or by hand in its place: its SHA-256.
    Command([u8; 32]),
}

/// What stands before the hash of a command.
const HASH: &str = "sha256:";

impl Check {
    /// How it is passed.
    pub fn passed_as(&self) -> PassedAs {
        match self {
            Self::Manual => PassedAs::Manual,
            Self::Command { command, .. } => PassedAs::Command(Sha256::digest(command.as_str()).into()),
        }
    }
}

impl fmt::Display for PassedAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manual => f.write_str("manual"),
            Self::Command(hash) => {
                f.write_str(HASH)?;
                hash.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

/// A text that does not say how a gate was passed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("how a gate was passed is `manual`, or `{HASH}` and 64 digits of a command's hash")]
pub struct PassedAsError;

impl FromStr for PassedAs {
    type Err = PassedAsError;

    fn from_str(text: &str) -> Result<Self, PassedAsError> {
        if text == "manual" {
            return Ok(Self::Manual);
        }
        let digits = text.strip_prefix(HASH).ok_or(PassedAsError)?;
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if digits.len() != 64 || !digits.bytes().all(is_digit) {
            return Err(PassedAsError);
        }
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| PassedAsError)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| PassedAsError)?;
        }
        Ok(Self::Command(hash))
    }
}

serde_by_str!(PassedAs);

/// The work that gates are passed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Nobody works on it, and it is not done.
    None,
    /// It is worked on under this lease.
    Under(LeaseId),
    /// It is done; at most gates are waited for.
    Done,
}

impl Work {
    /// Whether a result says of this work that it passes a gate that is defined so, if it is.
    ///
    /// When work is done, what was passed for other work is opened in its file. So what is passed
    /// there was passed for this, or since.
    fn passes(self, result: &GateResult, gate: Option<&Gate>) -> bool {
        let GateResult::Passed { lease, passed_as, .. } = result else { return false };
        let as_defined = || gate.is_some_and(|gate| *passed_as == Some(gate.check.passed_as()));
        match self {
            Self::None => false,
            Self::Under(current) => *lease == Some(current) && as_defined(),
            // Files that do not say how count as they did.
            Self::Done => passed_as.is_none() || as_defined(),
        }
    }
}

impl GateResult {
    /// Whether it was passed when the work was done already, so that it is of no other attempt.
    pub(crate) fn passed_when_done(&self) -> bool {
        matches!(self, Self::Passed { lease: None, passed_as: Some(_), .. })
    }
}

impl<D> Issue<D> {
    /// Opens the gates that were passed for other work than this, or as something else than they are
    /// defined as, and says which.
    pub fn open_unless_passed_for(&mut self, work: Work, defined: &Gates) -> Vec<GateName> {
        let stale = |(name, result): &(&GateName, &mut GateResult)| {
            result.passed() && !work.passes(result, defined.get(*name))
        };
        let opened = self.gates.iter_mut().filter(stale).map(|(name, result)| {
            *result = GateResult::Open;
            name.clone()
        });
        opened.collect()
    }
}
