//! A marked block in a file of Markdown.

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

/// The file with our block in it, in the place where it was.
///
/// # Errors
/// The line of a mark without its other.
pub(super) fn add(text: &str) -> Result<String, usize> {
    let block = format!("{BEGIN}\n{TEXT}{END}\n");
    let Some((before, after)) = around(text)? else {
        let gap = match text {
            "" => "",
            text if text.ends_with("\n\n") => "",
            text if text.ends_with('\n') => "\n",
            _ => "\n\n",
        };
        return Ok(format!("{text}{gap}{block}"));
    };
    Ok(format!("{before}{block}{after}"))
}

/// The file without it, and without the gap before it.
///
/// # Errors
/// As [`add`].
pub(super) fn remove(text: &str) -> Result<String, usize> {
    Ok(match around(text)? {
        None => text.to_owned(),
        Some((before, "")) => match before.strip_suffix("\n\n") {
            Some(before) => format!("{before}\n"),
            None => before.to_owned(),
        },
        Some((before, after)) => format!("{before}{after}"),
    })
}

/// What stands before and behind the block.
fn around(text: &str) -> Result<Option<(&str, &str)>, usize> {
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
        (Some((_, begin, _)), Some((_, last, end))) if begin < last => {
            Ok(Some((&text[..begin], &text[end..])))
        }
        (Some((line, ..)), _) | (None, Some((line, ..))) => Err(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_goes_in_and_out_and_the_rest_stays() {
        for text in ["", "# A\n", "# A\n\n", "# A\n\ntext\n"] {
            let with = add(text).unwrap();
            assert_eq!(add(&with).unwrap(), with, "{text:?}");
            assert!(with.starts_with(text) && with.contains("jit prime"));
            assert_eq!(remove(&with).unwrap().trim_end(), text.trim_end());
        }
        let between = format!("a\n{BEGIN}\nold\n{END}\nb\n");
        assert_eq!(remove(&between).unwrap(), "a\nb\n");
        assert_eq!(add(&between).unwrap(), format!("a\n{BEGIN}\n{TEXT}{END}\nb\n"));
        assert_eq!(remove("a").unwrap(), "a");
    }

    #[test]
    fn a_torn_block_is_left_alone() {
        for (text, line) in
            [(format!("a\n{BEGIN}\nb"), 2), (format!("{END}\n"), 1), (format!("{END}\n{BEGIN}\n"), 2)]
        {
            assert_eq!(add(&text), Err(line));
            assert_eq!(remove(&text), Err(line));
        }
    }
}
