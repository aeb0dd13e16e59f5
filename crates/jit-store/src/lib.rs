//! jit-store
