//! The standard streams, as the program finds them.

use std::io;

use rustix::io::{Errno, fcntl_getfd};

/// Whether answers can be written anywhere: std takes what is printed to a closed stream for
/// printed.
pub(crate) fn output_is_open() -> bool {
    fcntl_getfd(io::stdout()) != Err(Errno::BADF)
}
