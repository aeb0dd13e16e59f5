//! Being asked to stop while something is half made: the `git` that is at it is ended, and then the
//! command undoes what there is, in place of being ended itself.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jit_git::SystemGit;

use crate::error::Failure;
use crate::running::process::Process;
use crate::running::signals::HeldBack;
use crate::world::World;

/// What asks this process to stop does nothing else to it while this lives.
pub(crate) struct Stopping {
    heard: Arc<Mutex<Heard>>,
    _signals: HeldBack,
}

/// What was heard, and who is to be told of it.
#[derive(Default)]
struct Heard {
    signal: Option<i32>,
    git: Option<Process>,
}

impl Heard {
    fn tell(&self) {
        if let (Some(_), Some(git)) = (self.signal, &self.git) {
            git.end(None);
        }
    }
}

impl Stopping {
    fn new() -> Self {
        let heard = Arc::<Mutex<Heard>>::default();
        let hears = Arc::clone(&heard);
        let signals = HeldBack::telling(move |signal| {
            let mut heard = lock(&hears);
            heard.signal.get_or_insert(signal);
            heard.tell();
            true
        });
        Self { heard, _signals: signals }
    }

    fn git(&self) -> SystemGit {
        let heard = Arc::clone(&self.heard);
        SystemGit::on_path().started_by(move |command| {
            let child = command.spawn()?;
            let mut heard = lock(&heard);
            // Where it has no handle, it is waited for.
            heard.git = i32::try_from(child.id()).ok().and_then(|number| Process::of(number).ok());
            heard.tell();
            Ok(child)
        })
    }
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World<'_> {
    /// From here on, this process undoes what it began when it is asked to stop. `git` is then one
    /// that ends as well.
    pub(crate) fn undo_when_asked_to_stop(&self) -> SystemGit {
        self.stopping.get_or_init(Stopping::new).git()
    }

    /// Fails if this process was asked to stop.
    pub(crate) fn go_on(&self) -> Result<(), Failure> {
        let signal = self.stopping.get().and_then(|stopping| lock(&stopping.heard).signal);
        signal.map_or(Ok(()), |signal| Err(Failure::asked_to_stop(signal)))
    }
}
