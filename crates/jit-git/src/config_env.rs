//! The environment variables that say where Git's configuration is, or override it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// What the environment says about Git's configuration, as plain data.
/// [`ConfigEnv::default`] has neither user nor system configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigEnv {
    /// The machine's configuration file; `None` with `GIT_CONFIG_NOSYSTEM`.
    pub system: Option<PathBuf>,
    /// The user's configuration files, the later over the earlier.
    pub global: Vec<PathBuf>,
    /// The home directory, for `~/` in includes.
    pub home: Option<PathBuf>,
    /// Settings from `GIT_CONFIG_COUNT` and from `git -c`, the later over the earlier; a
    /// value of `None` is a key without `=`.
    pub overrides: Vec<(String, Option<String>)>,
}

impl ConfigEnv {
    /// Reads the variables from this process's environment.
    ///
    /// The machine's file is `GIT_CONFIG_SYSTEM` or `/etc/gitconfig`; only Git itself knows
    /// whether it was built to look elsewhere.
    pub fn from_process() -> Self {
        Self::from_variables(&|name| std::env::var_os(name))
    }

    /// The same from any source of variables.
    pub fn from_variables(variable: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let home = variable("HOME").map(PathBuf::from);
        Self {
            system: system_file(variable),
            global: global_files(variable, home.as_ref()),
            home,
            overrides: overrides(variable),
        }
    }

    /// The last override of `key` (lower case), if any.
    pub(crate) fn overridden(&self, key: &str) -> Option<Option<&str>> {
        let found = self.overrides.iter().rev();
        let mut found = found.filter(|(name, _)| name.eq_ignore_ascii_case(key));
        found.next().map(|(_, value)| value.as_deref())
    }
}

fn system_file(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let skipped = variable("GIT_CONFIG_NOSYSTEM").is_some_and(|value| is_true(&value));
    (!skipped).then(|| variable("GIT_CONFIG_SYSTEM").map_or_else(|| "/etc/gitconfig".into(), PathBuf::from))
}

fn is_true(value: &OsStr) -> bool {
    let value = value.to_ascii_lowercase();
    !matches!(value.as_bytes(), b"" | b"0" | b"false" | b"no" | b"off")
}

fn global_files(variable: &dyn Fn(&str) -> Option<OsString>, home: Option<&PathBuf>) -> Vec<PathBuf> {
    if let Some(only) = variable("GIT_CONFIG_GLOBAL") {
        return vec![PathBuf::from(only)];
    }
    let xdg = variable("XDG_CONFIG_HOME").filter(|dir| !dir.is_empty());
    let xdg = xdg.map_or_else(|| home.map(|h| h.join(".config")), |dir| Some(dir.into()));
    let of_xdg = xdg.map(|dir: PathBuf| dir.join("git/config"));
    let of_home = home.map(|home| home.join(".gitconfig"));
    of_xdg.into_iter().chain(of_home).collect()
}

fn overrides(variable: &dyn Fn(&str) -> Option<OsString>) -> Vec<(String, Option<String>)> {
    let text = |name: &str| variable(name).map(|value| value.to_string_lossy().into_owned());
    let count = text("GIT_CONFIG_COUNT").and_then(|count| count.parse().ok());
    let mut all: Vec<_> = (0..count.unwrap_or(0_usize))
        .map_while(|i| {
            let key = text(&format!("GIT_CONFIG_KEY_{i}"))?;
            Some((key, Some(text(&format!("GIT_CONFIG_VALUE_{i}"))?)))
        })
        .collect();
    if let Some(parameters) = variable("GIT_CONFIG_PARAMETERS") {
        all.extend(parse_parameters(&parameters.into_vec()));
    }
    all
}

/// Reads what `git -c` hands to its children: `'key'='value'`, `'key'=`, or, before Git 2.31,
/// `'key=value'`, apart by spaces. Stops at what is in none of these forms.
fn parse_parameters(text: &[u8]) -> Vec<(String, Option<String>)> {
    let mut settings = Vec::new();
    let mut rest = text.trim_ascii_start();
    while let Some((first, after)) = dequote(rest) {
        let (setting, after) = match after.strip_prefix(b"=") {
            Some(quoted) => match dequote(quoted) {
                Some((value, after)) => ((first, Some(value)), after),
                None => ((first, None), quoted),
            },
            None => match first.split_once('=') {
                Some((key, value)) => ((key.to_owned(), Some(value.to_owned())), after),
                None => ((first, None), after),
            },
        };
        settings.push(setting);
        rest = after.trim_ascii_start();
    }
    settings
}

/// Takes one word in single quotes off the front; `'\''` and `'\!'` stand for the character.
fn dequote(text: &[u8]) -> Option<(String, &[u8])> {
    let mut rest = text.strip_prefix(b"'")?;
    let mut word = Vec::new();
    loop {
        let end = rest.iter().position(|&b| b == b'\'')?;
        word.extend_from_slice(&rest[..end]);
        rest = &rest[end + 1..];
        match rest {
            [b'\\', escaped @ (b'\'' | b'!'), b'\'', after @ ..] => {
                word.push(*escaped);
                rest = after;
            }
            _ => return Some((String::from_utf8_lossy(&word).into_owned(), rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_git_minus_c() {
        let parse = |text: &str| parse_parameters(text.as_bytes());
        let setting = |key: &str, value: Option<&str>| (key.to_owned(), value.map(str::to_owned));
        assert_eq!(parse(""), []);
        assert_eq!(
            parse("'user.name'='A B' 'core.x'= 'old.style=a=b'"),
            [setting("user.name", Some("A B")), setting("core.x", None), setting("old.style", Some("a=b")),]
        );
        assert_eq!(parse(r"'user.name'='O'\''Neil'\!''"), [setting("user.name", Some("O'Neil!"))]);
        assert_eq!(parse("'unfinished"), []);
    }

    #[test]
    fn files_and_overrides_come_from_the_variables() {
        let env = ConfigEnv::from_variables(&|name| {
            let value = match name {
                "HOME" => "/h",
                "GIT_CONFIG_COUNT" => "2",
                "GIT_CONFIG_KEY_0" | "GIT_CONFIG_KEY_1" => "User.Name",
                "GIT_CONFIG_VALUE_0" => "first",
                "GIT_CONFIG_VALUE_1" => "second",
                _ => return None,
            };
            Some(value.into())
        });
        assert_eq!(env.system, Some("/etc/gitconfig".into()));
        assert_eq!(env.global, [PathBuf::from("/h/.config/git/config"), PathBuf::from("/h/.gitconfig")]);
        assert_eq!(env.overridden("user.name"), Some(Some("second")));
        assert_eq!(env.overridden("user.email"), None);
    }

    #[test]
    fn the_system_file_can_be_switched_off() {
        let with = |value: &'static str| {
            ConfigEnv::from_variables(&move |name| (name == "GIT_CONFIG_NOSYSTEM").then(|| value.into()))
        };
        assert_eq!(with("1").system, None);
        assert_eq!(with("false").system, Some("/etc/gitconfig".into()));
    }
}
