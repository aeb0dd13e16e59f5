//! What the program answered, typed.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// How a finished process answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The arguments that it was given.
    pub(crate) asked: String,
    /// Its exit status; `None` when a signal ended it.
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A lease as `--json` shows it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Lease {
    pub(crate) lease_id: String,
    pub(crate) fence: u64,
    pub(crate) issues: Vec<String>,
    pub(crate) agent: String,
    pub(crate) worktree: String,
    pub(crate) ttl_secs: u64,
    pub(crate) acquired_at: String,
    pub(crate) expires_at: String,
    pub(crate) remaining_secs: u64,
    pub(crate) state: String,
}

/// An error as `--json` shows it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Trouble {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    pub(crate) retryable: bool,
    #[serde(default)]
    pub(crate) context: Value,
}

#[derive(Deserialize)]
struct Document<T> {
    schema_version: u64,
    data: T,
    warnings: Vec<Value>,
}

#[derive(Deserialize)]
struct Refused {
    schema_version: u64,
    error: Trouble,
}

impl Answer {
    /// What a success warns of.
    #[track_caller]
    pub(crate) fn warned(&self) -> Vec<String> {
        assert_eq!(self.status, Some(0), "{self:?}");
        let document: Value = serde_json::from_str(&self.stdout).unwrap();
        serde_json::from_value(document["warnings"].clone()).unwrap()
    }

    /// The data of a success, as any type.
    #[track_caller]
    pub(crate) fn data<T: DeserializeOwned>(&self) -> T {
        assert_eq!(self.status, Some(0), "{self:?}");
        assert_eq!(self.stderr, "", "{self:?}");
        let document: Document<T> = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no one document ({error}): {self:?}"));
        assert_eq!(document.schema_version, 1);
        assert!(document.warnings.is_empty(), "{self:?}");
        document.data
    }

    /// The data of a success.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        self.data()
    }

    /// `data.lease`.
    #[track_caller]
    pub(crate) fn lease(&self) -> Lease {
        #[derive(Deserialize)]
        struct One {
            lease: Lease,
        }
        self.data::<One>().lease
    }

    /// `data.lease` of a status, which is null for what nobody holds.
    #[track_caller]
    pub(crate) fn lease_if_any(&self) -> Option<Lease> {
        #[derive(Deserialize)]
        struct Perhaps {
            lease: Option<Lease>,
        }
        self.data::<Perhaps>().lease
    }

    /// `data.leases`.
    #[track_caller]
    pub(crate) fn leases(&self) -> Vec<Lease> {
        #[derive(Deserialize)]
        struct Several {
            leases: Vec<Lease>,
        }
        self.data::<Several>().leases
    }

    /// The secret that only the answer to `acquire` shows.
    #[track_caller]
    pub(crate) fn token(&self) -> String {
        self.ok()["token"].as_str().unwrap_or_else(|| panic!("no token: {self:?}")).to_owned()
    }

    /// The error of a failure with this exit status: one document on standard error, and nothing
    /// on standard output.
    #[track_caller]
    pub(crate) fn refused(&self, status: i32) -> Trouble {
        assert_eq!(self.status, Some(status), "{self:?}");
        self.trouble()
    }

    /// The error of any failure.
    #[track_caller]
    pub(crate) fn trouble(&self) -> Trouble {
        assert_eq!(self.stdout, "", "{self:?}");
        let refused: Refused = serde_json::from_str(&self.stderr)
            .unwrap_or_else(|error| panic!("no one document ({error}): {self:?}"));
        assert_eq!(refused.schema_version, 1);
        let error = refused.error;
        assert!(!error.code.is_empty() && !error.message.is_empty(), "{self:?}");
        error
    }
}

impl Trouble {
    /// Whether some string in the context is exactly this.
    pub(crate) fn names(&self, text: &str) -> bool {
        fn within(value: &Value, text: &str) -> bool {
            match value {
                Value::String(found) => found == text,
                Value::Array(values) => values.iter().any(|value| within(value, text)),
                Value::Object(fields) => fields.values().any(|value| within(value, text)),
                _ => false,
            }
        }
        within(&self.context, text)
    }

    /// The first value of this key, wherever in the context it is.
    pub(crate) fn find(&self, key: &str) -> Option<&Value> {
        fn within<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
            match value {
                Value::Object(fields) => {
                    fields.get(key).or_else(|| fields.values().find_map(|value| within(value, key)))
                }
                Value::Array(values) => values.iter().find_map(|value| within(value, key)),
                _ => None,
            }
        }
        within(&self.context, key)
    }
}
