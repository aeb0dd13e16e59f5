//! `core.sharedRepository`: who else may use the files that are made in the Git directory.

use thiserror::Error;

/// The modes to give to new directories and files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modes {
    /// Of a directory, `0o700` for instance.
    pub dir: u32,
    /// Of a file, `0o600` for instance.
    pub file: u32,
}

impl Default for Modes {
    /// For the owner only.
    fn default() -> Self {
        SharedRepository::Umask.modes()
    }
}

/// The value of `core.sharedRepository`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SharedRepository {
    /// `umask` or `false`, and where it is not set: jit keeps its files to the owner.
    #[default]
    Umask,
    /// `group` or `true`: the group may read and write.
    Group,
    /// `all`, `world` or `everybody`: besides, everybody may read.
    All,
    /// `0xxx`: exactly this mode of files; owner's read and write are among it.
    Mode(u32),
}

/// Why a value of `core.sharedRepository` is none.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "it takes 'umask', 'group', 'all', a boolean, or an octal mode that lets the owner read and write, like 0660"
)]
pub(crate) struct BadSharedRepository;

/// New entries in a directory of this kind belong to the directory's group.
const SET_GROUP_ID: u32 = 0o2000;

impl SharedRepository {
    /// Reads the value as Git does; `None` is a key without `=`, which means true.
    pub(crate) fn parse(value: Option<&str>) -> Result<Self, BadSharedRepository> {
        let Some(value) = value else {
            return Ok(Self::Group);
        };
        match value {
            "umask" => return Ok(Self::Umask),
            "group" => return Ok(Self::Group),
            "all" | "world" | "everybody" => return Ok(Self::All),
            _ => {}
        }
        if let Ok(number) = u32::from_str_radix(value, 8) {
            return Self::from_number(number);
        }
        match value.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Ok(Self::Group),
            "false" | "no" | "off" | "" => Ok(Self::Umask),
            _ => Err(BadSharedRepository),
        }
    }

    fn from_number(number: u32) -> Result<Self, BadSharedRepository> {
        match number {
            0 => Ok(Self::Umask),
            // What old versions wrote.
            1 => Ok(Self::Group),
            2 => Ok(Self::All),
            mode if mode & 0o600 == 0o600 => Ok(Self::Mode(mode & 0o666)),
            _ => Err(BadSharedRepository),
        }
    }

    /// The mode for new directories: who may read may enter, and the group is inherited.
    pub fn dir_mode(self) -> u32 {
        match self {
            Self::Umask => 0o700,
            _ => {
                let file = self.file_mode();
                file | (file & 0o444) >> 2 | SET_GROUP_ID
            }
        }
    }

    /// The mode for new files.
    pub fn file_mode(self) -> u32 {
        match self {
            Self::Umask => 0o600,
            Self::Group => 0o660,
            Self::All => 0o664,
            Self::Mode(mode) => mode,
        }
    }

    /// Both modes.
    pub fn modes(self) -> Modes {
        Modes { dir: self.dir_mode(), file: self.file_mode() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_their_modes() {
        use SharedRepository::*;
        for (value, expected, dir, file) in [
            (None, Group, 0o2770, 0o660),
            (Some("umask"), Umask, 0o700, 0o600),
            (Some("false"), Umask, 0o700, 0o600),
            (Some("0"), Umask, 0o700, 0o600),
            (Some("group"), Group, 0o2770, 0o660),
            (Some("TRUE"), Group, 0o2770, 0o660),
            (Some("1"), Group, 0o2770, 0o660),
            (Some("all"), All, 0o2775, 0o664),
            (Some("world"), All, 0o2775, 0o664),
            (Some("everybody"), All, 0o2775, 0o664),
            (Some("2"), All, 0o2775, 0o664),
            (Some("0600"), Mode(0o600), 0o2700, 0o600),
            (Some("0640"), Mode(0o640), 0o2750, 0o640),
            (Some("0777"), Mode(0o666), 0o2777, 0o666),
        ] {
            let got = SharedRepository::parse(value);
            assert_eq!(got, Ok(expected), "{value:?}");
            assert_eq!(expected.modes(), Modes { dir, file }, "{value:?}");
        }
        for bad in ["0400", "066", "3", "grup", "0x660", "-1"] {
            let got = SharedRepository::parse(Some(bad));
            assert_eq!(got, Err(BadSharedRepository), "{bad}");
        }
    }
}
