//! Links the programs statically and at a fixed address where the C library allows it.
//!
//! jit runs before every task and every edit, so its start is part of its cost: without a dynamic
//! loader and without relocations it starts in half the time (dev/decisions/static-linking.md).
//! `-C target-feature=+crt-static` would do it too, but cargo hands that to proc macros as well,
//! which must be shared objects. So the linker is told here, for these programs only, and finds
//! in our own directory scripts by the names of the shared libraries that name the static ones.

#![allow(clippy::disallowed_methods, reason = "a build script writes files and starts the compiler")]

use std::path::Path;
use std::process::Command;
use std::{env, fs};

const STANDS_FOR: [(&str, &str); 7] = [
    ("libgcc_s.so", "GROUP(-l:libgcc_eh.a -l:libgcc.a -l:libc.a)\n"),
    ("libc.so", "GROUP(-l:libc.a -l:libgcc_eh.a -l:libgcc.a)\n"),
    ("libm.so", "INPUT(-l:libm.a)\n"),
    ("libutil.so", "INPUT(-l:libutil.a)\n"),
    ("librt.so", "INPUT(-l:librt.a)\n"),
    ("libpthread.so", "INPUT(-l:libpthread.a)\n"),
    ("libdl.so", "INPUT(-l:libdl.a)\n"),
];

fn main() -> std::io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    let var = |name| env::var(name).unwrap_or_default();
    let gnu_linux = var("CARGO_CFG_TARGET_OS") == "linux" && var("CARGO_CFG_TARGET_ENV") == "gnu";
    let native = var("HOST") == var("TARGET");
    let already = var("CARGO_CFG_TARGET_FEATURE").split(',').any(|feature| feature == "crt-static");
    let out = var("OUT_DIR");
    let out = Path::new(&out);
    if !gnu_linux || !native || already {
        return Ok(());
    }
    if !links_statically(out)? {
        println!(
            "cargo:warning=there is no static C library here: jit is linked dynamically and starts slower"
        );
        return Ok(());
    }
    for (name, script) in STANDS_FOR {
        fs::write(out.join(name), script)?;
    }
    // For the programs only: tests are linked as usual, against the shared libraries.
    println!("cargo:rustc-link-arg-bins=-L{}", out.display());
    println!("cargo:rustc-link-arg-bins=-static");
    println!("cargo:rustc-link-arg-bins=-no-pie");
    Ok(())
}

/// Whether the C compiler can make a static program here.
fn links_statically(out: &Path) -> std::io::Result<bool> {
    let source = out.join("probe.c");
    fs::write(&source, "int main(void) { return 0; }\n")?;
    let linked =
        Command::new("cc").args(["-static", "-no-pie", "-o"]).arg(out.join("probe")).arg(source).output();
    Ok(linked.is_ok_and(|output| output.status.success()))
}
