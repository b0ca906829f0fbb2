//! `cargo xtask build [--dev]`: compile the library to wasm and write its JavaScript glue to pkg/.
use std::{env, error::Error, path::Path, process::Command};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    match args.next().as_deref() {
        Some("build") => build(args.any(|a| a == "--dev")),
        _ => Err("usage: cargo xtask build [--dev]".into()),
    }
}

fn build(dev: bool) -> Result<(), Box<dyn Error>> {
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
        .remove_name_section(!dev) // most of what wasm-opt would save
        .generate(root.join("pkg"))?;
    Ok(())
}
