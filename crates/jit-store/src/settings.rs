//! Small text files beside the log that people edit, such as the lease policy.

use std::io;

use jit_core::Holder;

use crate::clock::Clock;
use crate::disk::{Disk, DiskFile, Open};
use crate::error::{Doing, StoreError};
use crate::log;
use crate::store::Store;

/// A text file of the control plane; empty where there is none.
///
/// # Errors
/// Trouble in reading, or bytes that are no text.
pub fn read_text<D: Disk>(disk: &D, name: &str) -> Result<String, StoreError> {
    match disk.open(name, Open::Read) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        file => {
            let bytes = file.and_then(|file| file.read_from(0)).reading(name)?;
            String::from_utf8(bytes).map_err(io::Error::other).reading(name)
        }
    }
}

impl<D: Disk, C: Clock> Store<D, C> {
    /// Changes a text file of the control plane under the writers' lock, whole or not at all, and
    /// durably. An absent file is shown to `change` as empty.
    ///
    /// # Errors
    /// Trouble with the store; the inner error is what `change` says.
    pub fn edit<E>(
        &self,
        actor: &Holder,
        name: &str,
        change: impl FnOnce(String) -> Result<String, E>,
    ) -> Result<Result<(), E>, StoreError> {
        let _entered = self.enter(actor)?;
        let text = read_text(&self.disk, name)?;
        match change(text) {
            Ok(text) => {
                log::replace(&self.disk, &format!("{name}.new"), name, text.as_bytes())?;
                self.disk.sync_dir("").writing("")?;
                Ok(Ok(()))
            }
            Err(error) => Ok(Err(error)),
        }
    }
}
