//! Following the log: what is behind a record, and then what comes.

use jit_core::{ControlPlaneId, Record, Seq, View};

use crate::clock::Clock;
use crate::disk::Disk;
use crate::error::StoreError;
use crate::history::{Archived, Head, archived};
use crate::names::LOG;
use crate::read::{Proven, read_again};
use crate::segment::Position;
use crate::store::Store;
use crate::tail::{self, Behind};

/// Where in the order of all records somebody stands who follows them.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Behind this record.
    seq: Seq,
    /// Where that stands, or the end of the live segment when it was read last.
    live: Option<Position>,
    /// Whose records they are, once that is known.
    control_plane: Option<ControlPlaneId>,
}

impl Place {
    /// Behind this record, which nobody looks for yet; behind 0 for all of them.
    pub fn behind(seq: Seq) -> Self {
        Self { seq, live: None, control_plane: None }
    }

    /// The record that it is behind.
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// Shows those records that were not passed yet.
    fn pass<'r>(&mut self, records: impl IntoIterator<Item = &'r Record>, visit: &mut impl FnMut(&Record)) {
        for record in records {
            if record.seq > self.seq {
                self.seq = record.seq;
                visit(record);
            }
        }
    }
}

impl<D: Disk, C: Clock> Store<D, C> {
    /// Behind all records that there are.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub fn newest(&self) -> Result<Place, StoreError> {
        if let Some(Proven { index, .. }) = self.proven()? {
            let (at, control_plane) = (index.header().log, Some(index.header().control_plane));
            return Ok(Place { seq: at.seq, live: Some(at), control_plane });
        }
        let mut place = Place::behind(Seq(0));
        let (state, scanned) = self.state()?;
        if let Some(scanned) = scanned {
            let control_plane = state.control_plane();
            place = Place { seq: scanned.end.seq, live: Some(scanned.end), control_plane };
        }
        Ok(place)
    }

    /// Shows the records behind a place, in order, each once, whatever was sealed or salvaged
    /// meanwhile; and moves the place behind them. What it shows need not be durable yet.
    ///
    /// Where the live segment is the one that the place is in, only what is new is read.
    ///
    /// # Errors
    /// As for [`Self::read`], where records are not in the archive any more, and
    /// [`StoreError::NoSuchRecord`]. What was shown was passed.
    pub fn follow(&self, place: &mut Place, mut visit: impl FnMut(&Record)) -> Result<(), StoreError> {
        read_again(|| self.follow_once(place, &mut visit))
    }

    fn follow_once(&self, place: &mut Place, visit: &mut impl FnMut(&Record)) -> Result<(), StoreError> {
        let Some((log, durable)) = self.log_to_read()? else { return self.is_in(None, Seq(0), place) };
        let at = place.live.and_then(|at| Some((at, tail::behind(&log, at)?)));
        if let Some((_, Behind::End)) = at {
            return Ok(());
        }
        // Without it, this is another segment than before, or the first that is looked at.
        let from = at.map(|(at, _)| at);
        let (records, scanned) = tail::read(&log, from.unwrap_or_default(), durable)?;
        if from.is_none() {
            let live = Head::read(&log, LOG)?;
            self.is_in(Some(live.control_plane), scanned.end.seq, place)?;
            place.control_plane = Some(live.control_plane);
            self.follow_archived(place, live, visit)?;
        }
        place.pass(records.iter().map(|(_, record)| record), visit);
        place.live = Some(scanned.end);
        Ok(())
    }

    /// Whether the place is in this log, which ends with `newest`. Where it is not, what was followed
    /// was taken away, and an older log or that of another control plane put in its place.
    fn is_in(
        &self,
        control_plane: Option<ControlPlaneId>,
        newest: Seq,
        place: &Place,
    ) -> Result<(), StoreError> {
        let other = place.control_plane.is_some() && place.control_plane != control_plane;
        // What a flush that failed has lost was there, and is passed over by whoever writes next.
        let shared = self.shared_to_read(&self.now()?.stamp);
        let was_there = newest.max(shared.map_or(Seq(0), |shared| shared.appended())) >= place.seq;
        match was_there && !other {
            true => Ok(()),
            false => Err(StoreError::NoSuchRecord { asked: place.seq, newest }),
        }
    }

    /// Shows what sealed segments have behind a place, up to where the live one begins.
    fn follow_archived(
        &self,
        place: &mut Place,
        live: Head,
        visit: &mut impl FnMut(&Record),
    ) -> Result<(), StoreError> {
        let (mut oldest, mut wanted) = (live, Vec::new());
        let mut segments = self.sealed_before(live.segment)?;
        while oldest.begins > place.seq.next() {
            let Some(segment) = segments.next() else {
                return Err(oldest.lacks(oldest.segment.saturating_sub(1), place.seq.next()));
            };
            wanted.push((segment, oldest));
            oldest = self.sealed(segment, &oldest)?.1;
        }
        for (segment, newer) in wanted.into_iter().rev() {
            let (file, _) = self.sealed(segment, &newer)?;
            let Archived { records, breaks_off } = archived(&file, segment, &newer)?;
            place.pass(&records, visit);
            breaks_off.map_or(Ok(()), Err)?;
        }
        Ok(())
    }
}
