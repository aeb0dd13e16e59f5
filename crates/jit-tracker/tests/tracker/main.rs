//! The tracker: tables and properties first, then real directories.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, unreachable_pub)]

mod caching;
mod dependencies;
mod directories;
mod ends;
mod events;
mod gates;
mod issue_files;
mod merging;
mod passes;
mod rejoining;
mod streams;
mod support;
