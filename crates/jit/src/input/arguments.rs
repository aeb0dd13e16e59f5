//! The arguments as the C library gives them to `main`.

use std::ffi::{CStr, OsStr, OsString, c_char, c_int};
use std::os::unix::ffi::OsStrExt;

/// The arguments, the program's name first.
///
/// `std::env::args_os` has them before `main` with glibc only; elsewhere std's own start-up notes
/// them, which these programs skip, and it would give none.
///
/// # Safety
/// `values` are the `count` strings that `main` was called with.
pub unsafe fn arguments(count: c_int, values: *const *const c_char) -> Vec<OsString> {
    let count = usize::try_from(count).unwrap_or(0);
    let value = |i| {
        // SAFETY: `values` holds `count` pointers, and `i` is below that.
        let value = unsafe { *values.add(i) };
        // SAFETY: each of them is a string that ends with a zero and lives as long as the process.
        OsStr::from_bytes(unsafe { CStr::from_ptr(value) }.to_bytes()).to_owned()
    };
    (0..count).map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_what_main_was_given() {
        let given = [c"jit", c"claim", c"", c"na\xffme"];
        let values: Vec<*const c_char> = given.iter().map(|text| text.as_ptr()).collect();
        // SAFETY: four strings, as counted.
        let read = unsafe { arguments(4, values.as_ptr()) };
        assert_eq!(read, given.map(|text| OsStr::from_bytes(text.to_bytes()).to_owned()));
        // SAFETY: none is looked at.
        assert!(unsafe { arguments(0, std::ptr::null()) }.is_empty());
    }
}
