//! Rows in columns, as a terminal shows them.

use unicode_width::UnicodeWidthStr;

/// Rows with their columns aligned, two spaces apart.
pub(super) fn columns<C: AsRef<str>>(rows: Vec<Vec<C>>) -> String {
    aligned(rows, &[])
}

/// The same where each column is at least so wide.
pub(super) fn aligned<C: AsRef<str>>(rows: Vec<Vec<C>>, least: &[usize]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |i: usize| rows.iter().filter_map(|row| row.get(i)).map(|cell| cell.as_ref().width()).max();
    let widths: Vec<usize> = (0..count).map(|i| widest(i).max(least.get(i).copied()).unwrap_or(0)).collect();
    let mut text = String::with_capacity(rows.len() * (widths.iter().sum::<usize>() + 2 * count));
    for row in &rows {
        // What would follow the last cell that has something in it is left out.
        let mut blanks = 0;
        for (cell, width) in row.iter().map(AsRef::as_ref).zip(&widths) {
            if !cell.is_empty() {
                text.extend(std::iter::repeat_n(' ', blanks));
                blanks = 0;
            }
            text.push_str(cell);
            blanks += width - cell.width() + 2;
        }
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
    }
    text
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
