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

/// The file with our block in it, in the place where the first was, or else at its end after a line
/// end. A merge may have left more than one.
///
/// # Errors
/// The line of a mark without its other.
pub(super) fn add(before: Option<&str>) -> Result<String, usize> {
    let text = before.unwrap_or_default();
    let first = blocks(text)?.first().copied();
    let layout = Layout::of(&text[first.map_or(0, |(from, _)| from)..]);
    let block = layout.laid(&format!("{BEGIN}\n{TEXT}{END}\n"), "");
    Ok(match (first, before) {
        (Some((from, to)), _) => {
            format!("{}{block}{}", &text[..from], remove(&text[to..])?.unwrap_or_default())
        }
        (None, None) => block,
        (None, Some(text)) => format!("{text}{}{block}", layout.line_end),
    })
}

/// The file without any. Nothing if all of it was ours.
///
/// # Errors
/// As [`add`].
pub(super) fn remove(text: &str) -> Result<Option<String>, usize> {
    let mut left = text.to_owned();
    while let Some(&(from, to)) = blocks(&left)?.last() {
        match without_lines(&left, from, to) {
            Some(text) => left = text,
            None => return Ok(None),
        }
    }
    Ok(Some(left))
}

/// Where each block begins and ends.
fn blocks(text: &str) -> Result<Vec<(usize, usize)>, usize> {
    let (mut blocks, mut open, mut end) = (Vec::new(), None, 0);
    for (at, line) in text.split_inclusive('\n').enumerate() {
        let begin = end;
        end += line.len();
        match (line.trim(), open.take()) {
            (BEGIN, None) => open = Some((at + 1, begin)),
            (END, Some((_, begin))) => blocks.push((begin, end)),
            (BEGIN, Some((line, _))) => return Err(line),
            (END, None) => return Err(at + 1),
            (_, still) => open = still,
        }
    }
    open.map_or(Ok(blocks), |(line, _)| Err(line))
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
    fn of_several_one_stays_and_all_go() {
        let block = format!("{BEGIN}\nold\n{END}\n");
        for (text, with, left) in [
            (format!("a\n\n{block}{block}"), format!("a\n\n{BEGIN}\n{TEXT}{END}\n"), Some("a\n")),
            (format!("{block}\n{block}b"), format!("{BEGIN}\n{TEXT}{END}\nb"), Some("b")),
            (format!("{block}\n{block}"), format!("{BEGIN}\n{TEXT}{END}\n"), None),
        ] {
            assert_eq!(add(Some(&text)).unwrap(), with, "{text:?}");
            assert_eq!(remove(&text).unwrap().as_deref(), left, "{text:?}");
        }
    }

    #[test]
    fn a_torn_block_is_left_alone() {
        for (text, line) in [
            (format!("a\n{BEGIN}\nb"), 2),
            (format!("{END}\n"), 1),
            (format!("{END}\n{BEGIN}\n"), 1),
            (format!("{BEGIN}\n{BEGIN}\n{END}\n{END}\n"), 1),
            (format!("{BEGIN}\n{END}\n{END}\n"), 3),
        ] {
            assert_eq!(add(Some(&text)), Err(line));
            assert_eq!(remove(&text), Err(line));
        }
    }
}
