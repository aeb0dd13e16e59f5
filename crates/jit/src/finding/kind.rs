//! What a finding is about, as programs are told.

use crate::error::Code;

/// What a finding is about, for programs: its name never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    NothingYet,
    Log,
    Salvaged,
    Torn,
    Lapsed,
    History,
    HistoryBroken,
    Index,
    IndexMissing,
    IndexBusy,
    IndexUnusable,
    IndexDisagrees,
    Leftover,
    NoRoom,
    StraySegment,
    WorktreeGone,
    WrongType,
    WrongOwner,
    WrongGroup,
    WrongMode,
    Unwritable,
    UnknownFile,
    NoMergeDriver,
    Unmerged,
    Cycle,
    WaitsForGone,
    Unrecorded,
    Safe,
    NotSafe,
    LocksExclude,
    LocksSeparate,
    WordsShared,
    WordsSeparate,
    OneKernel,
    OtherKernel,
    /// What a command would fail with.
    Failure(Code),
}

impl Kind {
    /// As JSON has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NothingYet => "nothing_yet",
            Self::Log => "log",
            Self::Salvaged => "salvaged",
            Self::Torn => "torn",
            Self::Lapsed => "lapsed",
            Self::History => "history",
            Self::HistoryBroken => "history_broken",
            Self::Index => "index",
            Self::IndexMissing => "index_missing",
            Self::IndexBusy => "index_busy",
            Self::IndexUnusable => "index_unusable",
            Self::IndexDisagrees => "index_disagrees",
            Self::Leftover => "leftover",
            Self::NoRoom => "no_room",
            Self::StraySegment => "stray_segment",
            Self::WorktreeGone => "worktree_gone",
            Self::WrongType => "wrong_type",
            Self::WrongOwner => "wrong_owner",
            Self::WrongGroup => "wrong_group",
            Self::WrongMode => "wrong_mode",
            Self::Unwritable => "unwritable",
            Self::UnknownFile => "unknown_file",
            Self::NoMergeDriver => "no_merge_driver",
            Self::Unmerged => "unmerged",
            Self::Cycle => "cycle",
            Self::WaitsForGone => "waits_for_gone",
            Self::Unrecorded => "unrecorded",
            Self::Safe => "safe",
            Self::NotSafe => "not_safe",
            Self::LocksExclude => "locks_exclude",
            Self::LocksSeparate => "locks_separate",
            Self::WordsShared => "words_shared",
            Self::WordsSeparate => "words_separate",
            Self::OneKernel => "one_kernel",
            Self::OtherKernel => "other_kernel",
            Self::Failure(code) => code.name(),
        }
    }
}
