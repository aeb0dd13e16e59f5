//! The table of commands, and their parser.
//!
//! Building the parser of every command would cost as much as a claim. So where the first words
//! name a command, the parser has that command only; otherwise it has all of them, each one's
//! arguments deferred until it is the one that runs.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::commands::{self, Run};
use crate::error::Failure;

/// One command: its name, what it is for, its arguments, and what runs it.
pub(crate) struct Leaf {
    name: &'static str,
    about: &'static str,
    arguments: fn(Command) -> Command,
    run: Run,
    /// Not for people, and not shown.
    hidden: bool,
}

/// A command, or several under one name.
enum Entry {
    Leaf(Leaf),
    Group {
        name: &'static str,
        about: &'static str,
        leaves: &'static [Leaf],
        arguments: fn(Command) -> Command,
    },
}

macro_rules! leaf {
    ($name:literal, $($module:ident)::+, $about:literal) => {
        Leaf {
            name: $name,
            about: $about,
            arguments: |command| commands::$($module)::+::arguments(command),
            run: commands::$($module)::+::run,
            hidden: false,
        }
    };
}

mod hook;

use hook::HOOK;

const CLAIM: &[Leaf] = &[
    leaf!("acquire", claim::acquire, "Take a lease on references: all of them, or nothing"),
    leaf!("next", claim::next, "Pick the next issue to work on, and take a lease on it"),
    leaf!("assign", claim::assign, "Reserve issues for an agent"),
    leaf!("distribute", claim::distribute, "Share out what can be claimed among agents"),
    leaf!("extend", claim::extend, "Let a lease cover more paths"),
    leaf!("check", claim::check, "See whether somebody covers paths, without taking anything"),
    leaf!("renew", claim::renew, "Let the TTL of leases count anew"),
    leaf!("keep", claim::keep, "Renew a lease for as long as a process lives"),
    leaf!("heartbeat", claim::heartbeat, "Renew all leases that the caller holds, in one operation"),
    leaf!("release", claim::release, "Give up leases, or some references of them"),
    leaf!("transfer", claim::transfer, "Hand a lease to another agent"),
    leaf!("abandon", claim::abandon, "Say that nobody in this worktree works on what was lost there"),
    leaf!("force-evict", claim::force_evict, "End somebody else's lease; who did it and why is on record"),
    leaf!("wait", claim::wait, "Wait until something is free, without taking it"),
    leaf!("list", claim::list, "Show all leases of the repository"),
    leaf!("status", claim::status, "Show one reference or lease, or the caller's own leases"),
    leaf!("history", claim::history, "Show what happened to leases, newest first"),
];

const ISSUE: &[Leaf] = &[
    leaf!("create", issue::create, "Make an issue"),
    leaf!("show", issue::show, "Show an issue"),
    leaf!("list", issue::list, "Show issues"),
    leaf!("update", issue::update, "Change an issue"),
    leaf!("close", issue::close, "Close an issue that nobody will do"),
    leaf!("reopen", issue::reopen, "Make an issue that ended ready again"),
    leaf!("delete", issue::delete, "Take an issue's file away"),
    leaf!("search", issue::search, "Find issues by what they say"),
    leaf!("reset-failures", issue::reset_failures, "Forgive an issue its failed attempts"),
];

const DEP: &[Leaf] = &[
    Leaf {
        name: "add",
        about: "Let an issue wait for others",
        arguments: commands::dep::arguments_to_add,
        run: commands::dep::add,
        hidden: false,
    },
    Leaf {
        name: "rm",
        about: "Let it wait no more",
        arguments: commands::dep::arguments_to_remove,
        run: commands::dep::remove,
        hidden: false,
    },
];

const GATE: &[Leaf] = &[
    leaf!("define", gate::define, "Define a gate, or define it anew"),
    leaf!("list", gate::list, "Show the gates that are defined here"),
    leaf!("add", gate::add, "Let an issue wait for gates before it is done"),
    leaf!("rm", gate::rm, "Let it wait for them no more"),
    leaf!("pass", gate::pass, "Say that an issue passes gates"),
    leaf!("fail", gate::fail, "Say that it does not pass one, and why"),
    leaf!("check", gate::check, "Run the commands of an issue's gates, and record what they say"),
    leaf!("approve", gate::approve, "Let a gate's command run on this machine"),
];

macro_rules! query {
    ($name:literal, $run:ident, $about:literal) => {
        Leaf {
            name: $name,
            about: $about,
            arguments: |command| commands::query::arguments(command, $name),
            run: commands::query::$run,
            hidden: false,
        }
    };
}

const QUERY: &[Leaf] = &[
    query!("available", available, "What can be claimed"),
    query!("blocked", blocked, "What waits for other issues"),
    query!("mine", mine, "What the caller holds or is assigned"),
    query!("quarantined", quarantined, "What failed too often"),
    query!("all", every, "Everything"),
];

const WORKTREE: &[Leaf] = &[
    leaf!("add", worktree::add, "Make a worktree beside the repository, with a branch and a lease"),
    leaf!("list", worktree::list, "Show the repository's worktrees, who works there, and how they stand"),
    leaf!(
        "remove",
        worktree::remove,
        "Take a worktree away, if nothing is lost by that; --force keeps it first"
    ),
    leaf!("salvage", worktree::salvage, "Show what was kept of worktrees that were removed, and put it back"),
    leaf!("info", worktree::info, "Show this worktree, its identity and its control plane"),
];

const CONFIG: &[Leaf] = &[
    leaf!("list", config::list, "Show every setting with its value and meaning"),
    leaf!("get", config::get, "Show one setting"),
    leaf!("set", config::set, "Change one setting"),
    leaf!("unset", config::unset, "Put one setting back to its default"),
    leaf!("path", config::path, "Show where the lease policy's file is"),
];

const HOOKS: &[Leaf] = &[
    leaf!("install", hooks::install, "Let Git ask jit before it commits and pushes"),
    leaf!("uninstall", hooks::uninstall, "Take jit out of the hooks again, and nothing else"),
    leaf!("status", hooks::status, "Show every worktree's hooks"),
];

const MERGE_DRIVER: &[Leaf] = &[leaf!("issue", merge_driver, "Merge an issue's file by its fields")];

const ENTRIES: &[Entry] = &[
    Entry::Leaf(leaf!("init", init, "Set the repository up: lease policy, .jit/, merging")),
    Entry::Group {
        name: "claim",
        about: "Take, keep, show and give up leases",
        leaves: CLAIM,
        arguments: |command| with_leaves(command, CLAIM),
    },
    Entry::Leaf(leaf!("run", run, "Hold a lease while a command runs")),
    Entry::Leaf(leaf!("watch", watch, "Print what happens to leases as it happens")),
    Entry::Group {
        name: "issue",
        about: "Make, show, change and close issues",
        leaves: ISSUE,
        arguments: |command| with_leaves(command, ISSUE),
    },
    Entry::Group {
        name: "dep",
        about: "Say which issue waits for which",
        leaves: DEP,
        arguments: |command| with_leaves(command, DEP),
    },
    Entry::Group {
        name: "gate",
        about: "Say what has to be passed before an issue is done, and what is",
        leaves: GATE,
        arguments: |command| with_leaves(command, GATE),
    },
    Entry::Group {
        name: "query",
        about: "Ask which issues can be claimed, and why others can't",
        leaves: QUERY,
        arguments: |command| with_leaves(command, QUERY),
    },
    Entry::Group {
        name: "worktree",
        about: "Make, show and remove worktrees, and get back what was in them",
        leaves: WORKTREE,
        arguments: |command| with_leaves(command, WORKTREE),
    },
    Entry::Group {
        name: "hooks",
        about: "Let Git's hooks stop what breaks a lease",
        leaves: HOOKS,
        arguments: |command| with_leaves(command, HOOKS),
    },
    Entry::Leaf(leaf!("prime", prime, "Tell an agent what it needs to begin")),
    Entry::Leaf(leaf!("setup", setup, "Let a coding agent's program ask jit before it acts")),
    Entry::Leaf(leaf!(
        "stats",
        stats,
        "Count claims, refusals and failures, and how long leases are waited for and held"
    )),
    Entry::Leaf(leaf!("doctor", doctor, "Check the control plane; mend what needs no person")),
    Entry::Leaf(leaf!("compact", compact, "Seal the log into the archive and begin a new segment")),
    Entry::Group {
        name: "config",
        about: "Read and change the lease policy of the repository",
        leaves: CONFIG,
        arguments: |command| with_leaves(command, CONFIG),
    },
    Entry::Leaf(leaf!("export", export, "Write issues, gates and events as one stream")),
    Entry::Leaf(leaf!("import", import, "Read such a stream: what is new here is written")),
    Entry::Group {
        name: HIDDEN,
        about: "Judge what Git or an agent is about to do, called by their hooks",
        leaves: HOOK,
        arguments: |command| with_leaves(command, HOOK),
    },
    Entry::Group {
        name: "merge-driver",
        about: "Merge files of .jit/, called by Git",
        leaves: MERGE_DRIVER,
        arguments: |command| with_leaves(command, MERGE_DRIVER),
    },
    Entry::Leaf(Leaf { hidden: true, ..leaf!("guard", guard, "End what a killed jit left behind") }),
    Entry::Leaf(leaf!("completions", completions, "Print completions for a shell")),
];

/// Nobody types its commands.
const HIDDEN: &str = "hook";

const AFTER_HELP: &str = "\
A reference is an issue's id or its beginning (four digits or more), or `name:THING` (letters,
digits, `._/-`) for a thing outside any tracker. Several agents that work in one repository see the
same leases, from any of its worktrees.

Exit status:
  0 done                        6 lease lost: lapsed, replaced or not yours
  1 unexpected failure *        7 refused by policy
  2 bad usage                   8 timed out waiting
  3 not found                   9 state unreadable, corrupt or not writable
  4 nothing to claim           10 no repository; a program failed or was stopped
  5 conflict: somebody holds it, or waits for it

* With the code durability_unknown, it is not known whether it was done.

`jit run` ends with its command's status; 125 is its own failure, 124 a lost lease.

Example:
  $ export JIT_AGENT_ID=agent:ann
  $ jit claim acquire name:deploy-db --task \"migrate users\"
  $ jit claim renew name:deploy-db
  $ jit claim release name:deploy-db";

impl Entry {
    fn name(&self) -> &'static str {
        match self {
            Self::Leaf(leaf) => leaf.name,
            Self::Group { name, .. } => name,
        }
    }

    /// With the one leaf that `word` names, or with all.
    fn built(&self, word: Option<&str>) -> Command {
        let (name, about, leaves, arguments) = match self {
            Self::Leaf(leaf) => return built(leaf),
            Self::Group { name, about, leaves, arguments } => (*name, *about, *leaves, *arguments),
        };
        let group = Command::new(name)
            .about(about)
            .hide(name == HIDDEN)
            .subcommand_required(true)
            .arg_required_else_help(true)
            .disable_help_subcommand(true);
        match leaves.iter().find(|leaf| Some(leaf.name) == word) {
            Some(leaf) => group.subcommand(built(leaf)),
            None => group.defer(arguments),
        }
    }
}

/// The parser, as far as these arguments need it.
pub(crate) fn command(arguments: &[OsString]) -> Command {
    let word = |i: usize| arguments.get(i).and_then(|word| word.to_str());
    let jit = jit();
    match ENTRIES.iter().find(|entry| Some(entry.name()) == word(1)) {
        Some(entry) => jit.subcommand(entry.built(word(2))),
        None => jit.subcommands(ENTRIES.iter().map(|entry| entry.built(None))),
    }
}

/// The help of the command that these arguments begin with.
pub(crate) fn help(arguments: &[OsString]) -> String {
    let words = words(arguments);
    let entry = entry(&words);
    let leaf = match entry {
        Some(Entry::Group { leaves, .. }) => {
            words.iter().find_map(|word| leaves.iter().find(|leaf| leaf.name == *word))
        }
        _ => None,
    };
    let names = entry.map(Entry::name).into_iter().chain(leaf.map(|leaf| leaf.name));
    std::iter::once("jit").chain(names).chain(["--help"]).collect::<Vec<_>>().join(" ")
}

/// Whether these arguments begin with the command that passes another's exit status on.
pub(crate) fn is_run(arguments: &[OsString]) -> bool {
    entry(&words(arguments)).is_some_and(|entry| entry.name() == "run")
}

/// Whether these words name a command, or a group of them.
pub(crate) fn is_command(words: &[String]) -> bool {
    let named = |name: &String| ENTRIES.iter().find(|entry| entry.name() == name);
    match words {
        [name] => named(name).is_some(),
        [group, name] => match named(group) {
            Some(Entry::Group { leaves, .. }) => leaves.iter().any(|leaf| leaf.name == name),
            _ => false,
        },
        _ => false,
    }
}

/// The words that may name a command: not what an option before it is given.
fn words(arguments: &[OsString]) -> Vec<&str> {
    let is_given = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| arguments[before].to_str());
        matches!(before, Some("-C" | "--dir" | "--agent" | "--lock-timeout"))
    };
    let named = arguments.iter().enumerate().skip(1).filter(|(at, _)| !is_given(*at));
    named.filter_map(|(_, word)| word.to_str()).collect()
}

fn entry(words: &[&str]) -> Option<&'static Entry> {
    words.iter().find_map(|word| ENTRIES.iter().find(|entry| entry.name() == *word))
}

/// The parser without its commands.
fn jit() -> Command {
    let value = |name: &'static str, placeholder, help| {
        Arg::new(name).long(name).global(true).value_name(placeholder).help(help)
    };
    Command::new("jit")
        .about("Leases for agents that work in parallel in one Git repository")
        .version(env!("CARGO_PKG_VERSION"))
        .after_help(AFTER_HELP)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .arg(
            Arg::new("json")
                .long("json")
                .global(true)
                .action(ArgAction::SetTrue)
                .help("Print one JSON document; errors too, on standard error"),
        )
        .arg(value(
            "agent",
            "ID",
            "Act as this agent: agent:NAME, human:NAME or ci:NAME; agent:NAME/SUB is a sub-agent of agent:NAME, which may act for it [default: $JIT_AGENT_ID, else a known agent's session, else ~/.config/jit/agent, else Git's user name]",
        ))
        .arg(value("lock-timeout", "DURATION", "How long to wait while another process changes the leases or the issues: 90s, 10m, 2h [default: 5s]"))
        .arg(value("dir", "DIR", "Run as if started in DIR").short('C').action(ArgAction::Append).value_parser(value_parser!(PathBuf)))
}

fn built(leaf: &Leaf) -> Command {
    Command::new(leaf.name).about(leaf.about).hide(leaf.hidden).defer(leaf.arguments)
}

fn with_leaves(command: Command, leaves: &'static [Leaf]) -> Command {
    command.subcommands(leaves.iter().map(built))
}

/// What runs the command that was given, and its own arguments.
pub(crate) fn chosen(matches: &ArgMatches) -> Result<(Run, &ArgMatches), Failure> {
    let found = matches.subcommand().and_then(|(name, matches)| {
        ENTRIES.iter().find_map(|entry| match entry {
            Entry::Leaf(leaf) if leaf.name == name => Some((leaf.run, matches)),
            Entry::Group { name: group, leaves, .. } if *group == name => {
                let (name, matches) = matches.subcommand()?;
                let leaf = leaves.iter().find(|leaf| leaf.name == name)?;
                Some((leaf.run, matches))
            }
            _ => None,
        })
    });
    found.ok_or_else(|| Failure::usage("there is no such command", "jit --help"))
}
