//! The pages' assets are embedded from `target/site`, which cargo-leptos fills. On a clone where it
//! never ran the folder has to exist all the same, or nothing of the server compiles.

use std::{fs, io, path::Path};

fn main() -> io::Result<()> {
    let site = Path::new("../target/site");
    fs::create_dir_all(site.join("pkg"))?;
    println!("cargo::rerun-if-changed={}", site.display());
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}
