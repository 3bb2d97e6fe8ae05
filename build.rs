//! Writes the place of libtorch into the program, so that it starts without
//! `LD_LIBRARY_PATH`, and says what to do when libtorch is not named at all.

use std::path::Path;

fn main() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    println!("cargo:rerun-if-env-changed=LIBTORCH_CXX11_ABI");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=sources");
    let Ok(libtorch) = std::env::var("LIBTORCH") else {
        println!(
            "cargo:warning=LIBTORCH is not set: run `make build` once, it fetches libtorch and \
             writes .cargo/config.toml for plain cargo"
        );
        return;
    };
    let library = Path::new(&libtorch).join("lib");
    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", library.display());
    // An installed copy may carry the libraries beside the program instead.
    let origin = match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("macos") => "@loader_path",
        _ => "$ORIGIN",
    };
    println!("cargo:rustc-link-arg=-Wl,-rpath,{origin}/../lib/hearken");
}
