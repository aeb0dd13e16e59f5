//! What the index knows of issues: where the latest facts of each stand.

use std::io;

use jit_core::{Facts, Operation, Reference};

use super::cells::Cells;
use super::table::{Key, Place, Value};
use super::view::Trouble;
use super::{Index, IndexView};
use crate::disk::DiskFile;
use crate::segment::Extent;

impl<C: Cells> Index<C> {
    /// Follows a record of facts; `false` when there is no room.
    pub(super) fn note<F: DiskFile>(&mut self, facts: &[Facts], at: Extent, log: &F) -> io::Result<bool> {
        for (i, facts) in facts.iter().enumerate() {
            let known = IndexView::new(self, log).facts_of(&facts.issue);
            let known = known.map_err(|_| io::Error::other("an issue's facts have no record"))?;
            if let Some((value, _)) = known {
                self.take(Key::facts(&facts.issue), value)?;
            }
            let Some(place) = Place::part(at.offset, i) else { return Ok(false) };
            if !facts.is_none() && !self.enter_facts(&facts.issue, place)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Enters where the facts of an issue stand that has no entry; `false` when there is no room.
    pub(super) fn enter_facts(&mut self, issue: &Reference, place: Place) -> io::Result<bool> {
        if !self.room(1) {
            return Ok(false);
        }
        self.add(Key::facts(issue), Value::Record(place))?;
        Ok(true)
    }
}

impl<C: Cells, F: DiskFile> IndexView<'_, C, F> {
    /// The facts of an issue, with their entry. Others may share its key, so each is looked at.
    pub(super) fn facts_of(&self, issue: &Reference) -> Result<Option<(Value, Facts)>, Trouble> {
        for value in self.index.table().find(Key::facts(issue))? {
            let Value::Record(place) = value else { return Err(Trouble) };
            let record = self.record_at(place.offset)?;
            let Operation::Facts(_, facts) = record.operation else { return Err(Trouble) };
            let facts = facts.into_iter().nth(usize::from(place.part)).ok_or(Trouble)?;
            if facts.issue == *issue {
                return Ok(Some((value, facts)));
            }
        }
        Ok(None)
    }
}
