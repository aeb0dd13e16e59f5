//! jit-git
