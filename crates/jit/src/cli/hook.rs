//! The commands that hooks call.

use super::Leaf;
use crate::commands;

macro_rules! agent {
    ($name:literal, $run:ident, $about:literal) => {
        Leaf {
            name: $name,
            about: $about,
            arguments: commands::hook::agent::arguments,
            run: commands::hook::agent::$run,
            hidden: false,
        }
    };
}

pub(super) const HOOK: &[Leaf] = &[
    leaf!("pre-commit", hook::pre_commit, "Whether what is staged may be committed"),
    Leaf {
        name: "prepare-commit-msg",
        about: "Say in a message under which leases the commit is made",
        arguments: commands::hook::message::arguments,
        run: commands::hook::message::prepare,
        hidden: false,
    },
    Leaf {
        name: "commit-msg",
        about: "The same once somebody edited it",
        arguments: commands::hook::message::arguments,
        run: commands::hook::message::finish,
        hidden: false,
    },
    leaf!("reference-transaction", hook::reference_transaction, "Whether a branch may get a commit"),
    leaf!("pre-push", hook::pre_push, "Whether commits may be pushed"),
    Leaf {
        name: "pre-receive",
        about: "Whether what is pushed to this repository may be taken",
        arguments: commands::hook::receive::all_arguments,
        run: commands::hook::receive::all,
        hidden: false,
    },
    Leaf {
        name: "update",
        about: "The same for one reference",
        arguments: commands::hook::receive::one_arguments,
        run: commands::hook::receive::update,
        hidden: false,
    },
    agent!("claude", claude, "Whether Claude Code may do what it is about to do"),
    agent!("codex", codex, "Whether Codex may"),
    agent!("gemini", gemini, "Whether Gemini CLI may"),
    agent!("cursor", cursor, "Whether Cursor may"),
];
