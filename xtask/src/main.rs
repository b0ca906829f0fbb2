//! `cargo xtask build [--dev]`: compile the library to wasm and write its JavaScript glue to pkg/.
mod split;

use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let mut args = env::args().skip(1);
    match args.next().as_deref() {
        Some("build") => build(args.any(|a| a == "--dev")),
        _ => Err("usage: cargo xtask build [--dev]".into()),
    }
}

fn build(dev: bool) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let (profile, dir) = if dev {
        ("dev", "debug")
    } else {
        ("wasm", "wasm")
    };
    let status = Command::new(env::var("CARGO").unwrap_or("cargo".into()))
        .args([
            "build",
            "--lib",
            "--target",
            "wasm32-unknown-unknown",
            "--profile",
            profile,
        ])
        .current_dir(root)
        .status()?;
    if !status.success() {
        return Err("cargo build failed".into());
    }
    let target = env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), Into::into);
    let pkg = root.join("pkg");
    wasm_bindgen_cli_support::Bindgen::new()
        .input_path(
            target
                .join("wasm32-unknown-unknown")
                .join(dir)
                .join("redlab.wasm"),
        )
        .web(true)?
        .typescript(true)
        .omit_default_module_path(false) // the library's default differs from the CLI's
        .generate(&pkg)?;
    cut(root, &pkg)
}

/// Cuts the module of `pkg/` into what a first visit needs and what loads later.
fn cut(root: &Path, pkg: &Path) -> Result<()> {
    let main = pkg.join("redlab_bg.wasm");
    let whole = fs::read(&main)?;
    fs::write(&main, split::counting(&whole)?)?;
    let visit = Command::new("node")
        .arg("scripts/first-visit.mjs")
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()?;
    if !visit.status.success() {
        return Err("scripts/first-visit.mjs failed".into());
    }
    let called = String::from_utf8(visit.stdout)?
        .lines()
        .map(str::parse)
        .collect::<std::result::Result<_, _>>()?;
    let files = [
        ("redlab_scripts.wasm", "redlab::script::"),
        ("redlab_rest.wasm", ""),
    ];
    let parts = split::split(&whole, &called, &files.map(|(_, path)| path))?;
    for (file, bytes) in ["redlab_bg.wasm"]
        .into_iter()
        .chain(files.map(|f| f.0))
        .zip(parts)
    {
        fs::write(pkg.join(file), bytes)?;
    }
    Ok(())
}
