//! An index made anew from the log, and how it comes into its file.

use std::io;

use jit_core::{LeaseId, Stamp, View};

use super::cells::{Cells, InMemory};
use super::paths::entries;
use super::table::Place;
use super::{Header, Index};
use crate::replay::Replay;
use crate::segment::Position;

/// Makes an index of a state anew, as large as it needs to be and half as large again.
///
/// # Errors
/// When a lease has no deadline on this clock yet: an index could never show that it lapsed. And
/// when the state says of a lease what the extents don't, which no log makes.
pub(crate) fn build(replay: &Replay, log: Position, now: &Stamp) -> io::Result<Vec<u8>> {
    let state = &replay.state;
    let live = state.live().unwrap_or_else(|never| match never {});
    let keys: usize = live.iter().map(|lease| lease.issues.len() + 2).sum::<usize>()
        + state.ended().iter().map(|ended| ended.unclaimed.len() + 5).sum::<usize>()
        + state.known_facts().count();
    let scopes = live.iter().map(|lease| &lease.scope);
    let scopes = scopes.chain(state.ended().into_iter().map(|ended| &ended.lease.scope));
    let paths = scopes.map(entries).sum();
    let header = Header::sized(keys, live.len(), paths, replay, log, now);
    let cells = InMemory::new(header.size());
    let mut index = Index { cells, header };
    let place = |id: &LeaseId| {
        replay.extents.get(id).copied().ok_or_else(|| io::Error::other("a lease without a record"))
    };
    for ended in state.ended() {
        let successor = replay.successors.get(&ended.lease.id);
        let successor = successor.and_then(|(at, i)| Place::part(at.offset, *i));
        fitted(index.remember(ended, place(&ended.lease.id)?, successor)?)?;
    }
    for lease in &live {
        if lease.deadline_ns(now).is_none() {
            return Err(io::Error::other("a lease was not sighted on this clock"));
        }
        fitted(index.insert(lease, place(&lease.id)?, now)?)?;
    }
    for facts in state.known_facts() {
        let place = replay.facts.get(&facts.issue).and_then(|(at, i)| Place::part(at.offset, *i));
        let place = place.ok_or_else(|| io::Error::other("an issue's facts without a record"))?;
        fitted(index.enter_facts(&facts.issue, place)?)?;
    }
    index.header.finish(&index.cells)?;
    Ok(index.cells.into_bytes())
}

/// An index that was sized for what it holds has room for it.
fn fitted(room: bool) -> io::Result<()> {
    if room { Ok(()) } else { Err(io::Error::other("the index was made too small")) }
}

/// Writes a made index into a file, in an order that readers can tell.
///
/// # Errors
/// Trouble in writing; the file then proves nothing.
pub(crate) fn install<C: Cells>(cells: &C, image: &[u8]) -> io::Result<()> {
    let before = Header::version(cells).unwrap_or(0);
    Header::spoil(cells)?;
    cells.write(&image[Header::SIZE..], Header::SIZE as u64)?;
    Header::publish(cells, &image[..Header::SIZE], before)
}
