//! How a text is laid out, and what is written into it in the same way.

/// Line ends and indentation of a text, as well as they can be told.
pub(super) struct Layout {
    pub(super) line_end: &'static str,
    unit: String,
}

impl Layout {
    /// Of this text.
    pub(super) fn of(text: &str) -> Self {
        let first = text.split_inclusive('\n').next().unwrap_or_default();
        let line_end = if first.ends_with("\r\n") { "\r\n" } else { "\n" };
        let indented = text.lines().find(|line| line.starts_with([' ', '\t']) && !line.trim().is_empty());
        let unit = indented.map_or("  ", indentation).to_owned();
        Self { line_end, unit }
    }

    /// What is written with `\n` and `\t`, on a line that begins with `base`.
    pub(super) fn laid(&self, text: &str, base: &str) -> String {
        text.replace('\n', &format!("{}{base}", self.line_end)).replace('\t', &self.unit)
    }
}

/// What a line begins with.
pub(super) fn indentation(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// A text without whole lines of it, and without the line end that was put before them. Nothing if
/// nothing else was ever there.
pub(super) fn without_lines(text: &str, from: usize, to: usize) -> Option<String> {
    let (before, lines, after) = (&text[..from], &text[from..to], &text[to..]);
    let own = if lines.contains("\r\n") { "\r\n" } else { "\n" };
    let ended = before.strip_suffix(own);
    // Two lines of somebody else's never become one.
    let joins = |before: &str| !(before.is_empty() || before.ends_with('\n') || after.is_empty());
    let before = ended.filter(|ended| !joins(ended)).unwrap_or(before);
    (from > 0 || !after.is_empty()).then(|| format!("{before}{after}"))
}
