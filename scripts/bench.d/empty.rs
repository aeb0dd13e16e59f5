//! A program that does nothing: what process start costs before a line of ours runs.
fn main() {}
