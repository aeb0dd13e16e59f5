//! jit-core
