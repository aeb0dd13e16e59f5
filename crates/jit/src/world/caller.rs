//! Who asks, and from where: as the caller said, or as is said of another.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use jit_core::AgentId;
use jit_git::ConfigEnv;

use crate::error::Failure;
use crate::input::identity;
use crate::shell::quoted;
use crate::world::World;

impl World<'_> {
    /// The same world seen from another directory, by an agent that somebody else named.
    pub(crate) fn seen(&self, place: &Path, acting: Option<AgentId>) -> Self {
        Self { place: Some(place.to_path_buf()), acting, ..Self::new(self.matches) }
    }

    /// What is said before a command, for another process that is to do something for this agent,
    /// here.
    pub(crate) fn said(&self) -> Result<Vec<OsString>, Failure> {
        let agent = ["--agent".into(), self.agent()?.to_string().into()];
        let dir = self.dir().map(|dir| ["-C".into(), dir.into_os_string()]);
        Ok(dir.into_iter().flatten().chain(agent).collect())
    }

    pub(super) fn option(&self, name: &str) -> Option<&str> {
        self.matches.get_one::<String>(name).map(String::as_str)
    }

    /// How the caller calls Git to run where jit does.
    pub(crate) fn git(&self) -> String {
        self.dir().map_or("git".into(), |dir| format!("git -C {}", quoted(&dir.to_string_lossy())))
    }

    /// What was said on the command line about the surroundings, checked before anything is done.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.option("agent").map_or(Ok(()), |_| self.agent().map(|_| ()))
    }

    /// What the caller said of where and who it is, as a hint repeats it.
    pub(crate) fn repeated(&self) -> String {
        self.repeated_in(self.dir().as_deref())
    }

    /// The same for a command that runs elsewhere.
    pub(crate) fn repeated_in(&self, dir: Option<&Path>) -> String {
        options(dir, self.option("agent"))
    }

    /// The same for a command that is another agent's.
    pub(crate) fn repeated_as(&self, agent: &AgentId) -> String {
        options(self.dir().as_deref(), Some(&agent.to_string()))
    }

    /// Where `-C` leads; several follow each other, as Git's do.
    pub(super) fn dir(&self) -> Option<PathBuf> {
        let said = || self.matches.get_many::<PathBuf>("dir").map(|dirs| dirs.collect());
        self.place.clone().or_else(said)
    }

    /// A path that was given, seen from where `-C` leads.
    pub(crate) fn path(&self, text: &str) -> PathBuf {
        self.dir().unwrap_or_default().join(text)
    }

    /// Which agent asks.
    pub(crate) fn agent(&self) -> Result<AgentId, Failure> {
        if let Some(acting) = &self.acting {
            return Ok(acting.clone());
        }
        identity::agent(self.option("agent"), || Ok(self.repo()?.user_name(&ConfigEnv::from_process())?))
    }

    /// Which agent acts in a session of a program, as its hook says.
    pub(crate) fn agent_of(
        &self,
        program: &str,
        session: Option<&str>,
        sub: Option<&str>,
    ) -> Result<Option<AgentId>, Failure> {
        identity::of_session(self.option("agent"), program, session, sub)
    }

    /// Which agent asks, where somebody said so.
    pub(crate) fn named_agent(&self) -> Result<Option<AgentId>, Failure> {
        match &self.acting {
            Some(acting) => Ok(Some(acting.clone())),
            None => identity::named(self.option("agent")),
        }
    }
}

/// Options as they stand before a command.
pub(crate) fn options(dir: Option<&Path>, agent: Option<&str>) -> String {
    let dir = dir.map(|dir| format!("-C {} ", quoted(&dir.to_string_lossy())));
    let agent = agent.map(|agent| format!("--agent {} ", quoted(agent)));
    dir.into_iter().chain(agent).collect()
}
