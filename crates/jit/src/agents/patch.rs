//! The patches of `apply_patch`.

/// The paths that a patch writes, moves or takes away.
pub(super) fn paths(patch: &str) -> Vec<String> {
    const HEADS: [&str; 4] = ["*** Add File: ", "*** Update File: ", "*** Delete File: ", "*** Move to: "];
    // Codex bears with blanks around them.
    let named = |line: &str| HEADS.iter().find_map(|head| line.trim().strip_prefix(head).map(str::to_owned));
    patch.lines().filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_patch_names_its_paths() {
        let patch = "*** Begin Patch\n*** Update File: src/a b.rs\n*** Move to: src/c.rs\n@@\n-x\n+*** Add File: no\n*** Add File: d\n+e\n\t*** Delete File: f\r\n*** End Patch";
        assert_eq!(super::paths(patch), ["src/a b.rs", "src/c.rs", "d", "f"]);
    }
}
