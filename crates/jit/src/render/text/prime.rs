//! What an agent begins with.

use jit_core::Lease;

use super::columns::columns;
use super::{ending, issues, left, one_line, paths, shown};
use crate::output::{Output, Prime};

/// How many of what it has are told.
const MOST: usize = 10;

/// Who it is, what it has, what it can get, and how.
pub(super) fn prime(prime: &Prime) -> String {
    let place = prime.worktree.as_deref().map_or_else(|| "no worktree".to_owned(), shown);
    let branch = prime.branch.as_deref().map(|branch| format!(", on branch {}", one_line(branch)));
    let mut text = format!("You are {} in {place}{}.\n\n", prime.agent, branch.unwrap_or_default());
    text.push_str(&held(&prime.leases));
    match prime.available.len() {
        0 => text.push_str("No issue can be claimed now.\n"),
        some => {
            text.push_str(&format!("Can be claimed ({some} of {}):\n", prime.count));
            text.push_str(&indented(&issues::table(&prime.available, &[])));
        }
    }
    text.push_str("\nThe commands:\n");
    text.push_str(&indented(&commands(&prime.options)));
    text.push_str(
        "\nOthers work here at the same time. Claim before you edit, and with it the paths that you will edit.\n\
         Where jit says no, its hint says what to do (exit 5: somebody else has it; 6: your lease is lost).\n",
    );
    text
}

/// What it has and lost.
fn held(leases: &Output) -> String {
    let Output::Leases { leases, lost, look, .. } = leases else { return String::new() };
    let mut text = match leases.len() {
        0 => "You hold nothing.\n".to_owned(),
        _ => "You hold:\n".to_owned(),
    };
    let row = |lease: &Lease| {
        let task = lease.task.as_ref().map(|task| one_line(&task.to_string())).unwrap_or_default();
        vec![subject(lease), left(lease, &look.now), task]
    };
    text.push_str(&indented(&columns(leases.iter().take(MOST).map(row).collect())));
    if let Some(more) = leases.len().checked_sub(MOST).filter(|more| *more > 0) {
        text.push_str(&format!("  and {more} more: jit claim status\n"));
    }
    let lost = lost.iter().flatten().take(MOST);
    text.extend(lost.map(|lost| format!("Lost: {}\n", ending(lost))));
    text
}

/// What a lease is of, an issue by the digits that a command needs.
fn subject(lease: &Lease) -> String {
    let issues = lease.issues.iter().map(issues::short);
    issues.chain(Some(paths(&lease.scope)).filter(|paths| !paths.is_empty())).collect::<Vec<_>>().join(", ")
}

fn commands(options: &str) -> String {
    let row = |(command, what): (&str, &str)| vec![format!("jit {options}{command}"), what.to_owned()];
    let rows = [
        ("claim next", "take the next issue; --path PATH takes paths with it"),
        ("claim acquire ISSUE --path PATH", "take this one; without ISSUE, the paths alone"),
        ("claim check PATH", "see who covers a path"),
        ("claim heartbeat", "let the time of all that you hold count anew"),
        ("claim release ISSUE --done", "once it is committed; or --failed --reason TEXT"),
    ];
    columns(rows.map(row).into())
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}
