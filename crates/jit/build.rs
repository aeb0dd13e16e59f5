//! Links the programs statically and at a fixed address where the C library allows it.
//!
//! jit runs before every task and every edit, so its start is part of its cost: without a dynamic
//! loader and without relocations it starts in half the time (dev/decisions/static-linking.md).
//! `-C target-feature=+crt-static` would do it too, but cargo hands that to proc macros as well,
//! which must be shared objects. So the linker is told here, for these programs only, and finds
//! in our own directory scripts by the names of the shared libraries that name the static ones.
//!
//! Where the linker takes it, a further script puts the functions that a claim runs through side by
//! side: the kernel maps a program's text sixteen pages at a time, and each time costs.

#![allow(clippy::disallowed_methods, reason = "a build script writes files and starts the compiler")]

use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// The functions that a claim runs through, as `scripts/hot` found them: their names as patterns.
const HOT: &str = include_str!("hot.txt");

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
    println!("cargo:rerun-if-changed=hot.txt");
    let var = |name| env::var(name).unwrap_or_default();
    let gnu_linux = var("CARGO_CFG_TARGET_OS") == "linux" && var("CARGO_CFG_TARGET_ENV") == "gnu";
    let native = var("HOST") == var("TARGET");
    let already = var("CARGO_CFG_TARGET_FEATURE").split(',').any(|feature| feature == "crt-static");
    let out = var("OUT_DIR");
    let out = Path::new(&out);
    if !gnu_linux || !native || already {
        return Ok(());
    }
    for (name, script) in STANDS_FOR {
        fs::write(out.join(name), script)?;
    }
    let script = out.join("hot.ld");
    fs::write(&script, side_by_side())?;
    fs::write(out.join("probe.rs"), "fn main() {}\n")?;
    let fixed = vec![format!("-L{}", out.display()), "-static".to_owned(), "-no-pie".to_owned()];
    let ordered = [&fixed[..], &[format!("-T{}", script.display())]].concat();
    let Some(arguments) = [ordered, fixed].into_iter().find(|arguments| links(out, arguments)) else {
        println!(
            "cargo:warning=no static program can be linked here: jit is linked dynamically and starts slower"
        );
        return Ok(());
    };
    // For the programs only: tests are linked as usual, against the shared libraries.
    for argument in arguments {
        println!("cargo:rustc-link-arg-bins={argument}");
    }
    Ok(())
}

/// A linker script that adds to the linker's own. A pattern that fits nothing does nothing.
fn side_by_side() -> String {
    let functions: String =
        HOT.lines().map(|name| format!("*(.text.{name} .text.unlikely.{name})\n")).collect();
    format!("SECTIONS {{ .text.hot : {{\n{functions}}} }} INSERT BEFORE .text;\n")
}

/// Whether the compiler, with the linker that it will use for the programs, takes these arguments.
fn links(out: &Path, arguments: &[String]) -> bool {
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(flags.split('\x1f').filter(|flag| !flag.is_empty()));
    if let Ok(linker) = env::var("RUSTC_LINKER") {
        rustc.arg("-C").arg(format!("linker={linker}"));
    }
    for argument in arguments {
        rustc.arg("-C").arg(format!("link-arg={argument}"));
    }
    let linked = rustc.arg("-o").arg(out.join("probe")).arg(out.join("probe.rs")).output();
    linked.is_ok_and(|output| output.status.success())
}
