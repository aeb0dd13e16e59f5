//! "Did you mean": the known name that is most like an unknown one.

/// The known name that is most like `name`, if one is like it at all.
pub fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    known
        .into_iter()
        .map(|known| (strsim::jaro_winkler(known, name), known))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

/// What an error message adds.
pub(crate) fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|known| format!(" (did you mean `{known}`?)")).unwrap_or_default()
}
