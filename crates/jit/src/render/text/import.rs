//! What became of an import, for people.

use super::columns;
use crate::output::Imported;

/// How much was written, kept and here already; and what was kept, by name.
pub(super) fn imported(imported: &Imported) -> String {
    let Imported { issues, kept, gates, other_gates, events } = imported;
    let row = |what: &str, [written, here]: &[usize; 2], kept: usize| {
        vec![
            what.into(),
            format!("{written} written"),
            format!("{kept} kept"),
            format!("{here} here already"),
        ]
    };
    let mut text = columns(vec![
        row("issues", issues, kept.len()),
        row("gates", gates, other_gates.len()),
        row("events", events, 0),
    ]);
    text.extend(kept.iter().map(|id| format!("kept as it is, for it was changed later here: {id}\n")));
    text.extend(
        other_gates.iter().map(|name| format!("kept as it is, for it is another gate here: {name}\n")),
    );
    text
}
