//! `git-jit`, which Git starts for `git jit`.

#![no_main]

use std::ffi::{c_char, c_int};

/// Where the C library starts the program; why not std's `main`: dev/decisions/static-linking.md.
// SAFETY: this is the one `main` of the program, with the signature that the C library calls.
#[unsafe(no_mangle)]
extern "C" fn main(count: c_int, values: *const *const c_char) -> c_int {
    // SAFETY: these are what the C library gave to `main`.
    jit::run(unsafe { jit::arguments(count, values) })
}
