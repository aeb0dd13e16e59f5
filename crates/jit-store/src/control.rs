//! What happened and changed no lease, noted for statistics: best effort, bounded, never flushed.

use std::io;

use jit_core::Note;

use crate::disk::{Disk, DiskFile, Open};
use crate::names::{CONTROL, CONTROL_BEFORE};
use crate::store::Store;

/// Past this length the notes are set aside, in the place of those that were before.
const MOST: u64 = 1 << 20;

impl<D: Disk, C> Store<D, C> {
    /// Notes something, if that is possible; nothing depends on it.
    pub fn note(&self, note: &Note) {
        let Ok(mut line) = serde_json::to_vec(note) else { return };
        line.push(b'\n');
        if self.disk.append(CONTROL, &line).is_ok_and(|length| length > MOST) {
            // Two that do so at once set few notes aside as if they were many: they are lost.
            let _ = self.disk.rename(CONTROL, CONTROL_BEFORE);
        }
    }

    /// What was noted, oldest first. What can't be read is passed over.
    ///
    /// # Errors
    /// When the notes are there and can't be read.
    pub fn notes(&self) -> io::Result<Vec<Note>> {
        let mut notes = Vec::new();
        for name in [CONTROL_BEFORE, CONTROL] {
            let bytes = match self.disk.open(name, Open::Read) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                file => file?.read_from(0)?,
            };
            let lines = bytes.split(|byte| *byte == b'\n');
            notes.extend(lines.filter_map(|line| serde_json::from_slice::<Note>(line).ok()));
        }
        Ok(notes)
    }
}
