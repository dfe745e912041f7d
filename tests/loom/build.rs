//! Puts the files of the queue on loom's atomics, in this crate alone.

fn main() {
    println!("cargo:rustc-cfg=gamebridge_loom");
    println!("cargo:rerun-if-changed=build.rs");
}
