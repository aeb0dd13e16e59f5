//! A marked block in a file of Markdown.

use super::layout::{Layout, without_lines};

const BEGIN: &str = "<!-- jit: begin -->";
const END: &str = "<!-- jit: end -->";

/// What agents are told.
const TEXT: &str = "\
## Working with jit

Several agents work in this repository at the same time. `jit` says who has which issue and which paths.

- Begin with `jit prime`: who you are, what you hold, what can be claimed.
- Take what you work on before you edit it: `jit claim next`, or `jit claim acquire ISSUE --path PATH`.
- `jit claim renew ISSUE` before its time is over; `jit claim release ISSUE --done` once it is committed.
- Where jit refuses something, do what its hint says. Do not work around it.
";

/// The file with our block in it, in the place where it was, or else at its end after a line end.
///
/// # Errors
/// The line of a mark without its other.
pub(super) fn add(before: Option<&str>) -> Result<String, usize> {
    let text = before.unwrap_or_default();
    let there = around(text)?;
    let layout = Layout::of(&text[there.map_or(0, |(from, _)| from)..]);
    let block = layout.laid(&format!("{BEGIN}\n{TEXT}{END}\n"), "");
    Ok(match (there, before) {
        (Some((from, to)), _) => format!("{}{block}{}", &text[..from], &text[to..]),
        (None, None) => block,
        (None, Some(text)) => format!("{text}{}{block}", layout.line_end),
    })
}

/// The file without it. Nothing if all of it was ours.
///
/// # Errors
/// As [`add`].
pub(super) fn remove(text: &str) -> Result<Option<String>, usize> {
    Ok(match around(text)? {
        None => Some(text.to_owned()),
        Some((from, to)) => without_lines(text, from, to),
    })
}

/// Where the block begins and ends.
fn around(text: &str) -> Result<Option<(usize, usize)>, usize> {
    let at = |mark: &str| {
        let mut begin = 0;
        text.split_inclusive('\n').enumerate().find_map(|(number, line)| {
            let place = begin;
            begin += line.len();
            (line.trim() == mark).then_some((number + 1, place, begin))
        })
    };
    match (at(BEGIN), at(END)) {
        (None, None) => Ok(None),
        (Some((_, begin, _)), Some((_, last, end))) if begin < last => Ok(Some((begin, end))),
        (Some((line, ..)), _) | (None, Some((line, ..))) => Err(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_goes_in_and_out_to_the_byte() {
        for text in ["", "\n", "# A", "# A\n", "# A\n\n", "# A\r\n\r\ntext\r\n", "a\r\nb", "a\nb\r\n", "a\r"]
        {
            let with = add(Some(text)).unwrap();
            assert_eq!(add(Some(&with)).unwrap(), with, "{text:?}");
            assert!(with.starts_with(text) && with.contains("jit prime"));
            assert_eq!(
                with[text.len()..].contains('\r'),
                text.starts_with("# A\r") || text.starts_with("a\r\n")
            );
            assert_eq!(remove(&with).unwrap().as_deref(), Some(text));
        }
        assert_eq!(remove(&add(None).unwrap()).unwrap(), None);
        assert_eq!(remove("a").unwrap().as_deref(), Some("a"));
    }

    #[test]
    fn what_was_written_around_it_stays() {
        let around = |before: &str, after: &str| format!("{before}{BEGIN}\nold\n{END}\n{after}");
        assert_eq!(add(Some(&around("a\n", "b\n"))).unwrap(), format!("a\n{BEGIN}\n{TEXT}{END}\nb\n"));
        for (before, after, left) in
            [("a\n", "b\n", "a\nb\n"), ("a\n\n", "b\n", "a\nb\n"), ("", "b\n", "b\n"), ("\n", "b", "b")]
        {
            assert_eq!(remove(&around(before, after)).unwrap().as_deref(), Some(left));
        }
    }

    #[test]
    fn a_torn_block_is_left_alone() {
        for (text, line) in
            [(format!("a\n{BEGIN}\nb"), 2), (format!("{END}\n"), 1), (format!("{END}\n{BEGIN}\n"), 2)]
        {
            assert_eq!(add(Some(&text)), Err(line));
            assert_eq!(remove(&text), Err(line));
        }
    }
}
