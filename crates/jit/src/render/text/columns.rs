//! Rows in columns, as a terminal shows them.

use unicode_width::UnicodeWidthStr;

/// Rows with their columns aligned, two spaces apart.
pub(super) fn columns<C: AsRef<str>, R: AsRef<[C]>>(rows: Vec<R>) -> String {
    aligned(rows, &[])
}

/// The same where each column is at least so wide.
pub(super) fn aligned<C: AsRef<str>, R: AsRef<[C]>>(rows: Vec<R>, least: &[usize]) -> String {
    let mut widths = least.to_vec();
    for row in rows.iter().map(AsRef::as_ref) {
        widths.resize(widths.len().max(row.len()), 0);
        let cells = row.iter().map(|cell| width_of(cell.as_ref()));
        widths.iter_mut().zip(cells).for_each(|(widest, width)| *widest = width.max(*widest));
    }
    let mut text = String::with_capacity(rows.len() * widths.iter().map(|width| width + 2).sum::<usize>());
    for row in rows.iter().map(AsRef::as_ref) {
        // What would follow the last cell that has something in it is left out.
        let mut blanks = 0;
        for (cell, width) in row.iter().map(AsRef::as_ref).zip(&widths) {
            if !cell.is_empty() {
                text.extend(std::iter::repeat_n(' ', blanks));
                blanks = 0;
            }
            text.push_str(cell);
            blanks += width - width_of(cell) + 2;
        }
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
    }
    text
}

/// How many columns it takes: of plain letters, one each.
fn width_of(cell: &str) -> usize {
    if cell.is_ascii() { cell.len() } else { cell.width() }
}

/// Names and values, of those that have one.
pub(super) fn fields(fields: &[(&str, Option<String>)]) -> String {
    let shown = fields
        .iter()
        .filter_map(|(name, value)| value.as_ref().map(|value| vec![format!("  {name}"), value.clone()]));
    columns(shown.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands behind a title stands in one column, whatever its letters.
    #[test]
    fn wide_and_combining_letters_keep_the_columns() {
        for (title, width) in
            [("plain", 5), ("日本語", 6), ("🎉", 2), ("e\u{301}te\u{301}", 3), ("👩\u{200d}💻", 2)]
        {
            let rows = [[title, "x"], ["a long title", "x"]].map(|row| row.map(str::to_owned).to_vec());
            let text = columns(rows.to_vec());
            assert_eq!(text.lines().next().unwrap(), format!("{title}{}x", " ".repeat(14 - width)));
        }
    }
}
