//! Says how the shared library is linked: by the name under which programs know it, and never unloaded (its thread and its
//! fork handler must not lose their code).

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Cargo has one file for every set of features, and takes it for fresh when another set was linked meanwhile: whoever
    // builds more than one gives each build another value.
    println!("cargo:rerun-if-env-changed=GAMEBRIDGE_DISCORD_RPC_BUILD");
    let target = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    match target.as_str() {
        "macos" => println!("cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libdiscord-rpc.dylib"),
        "windows" => {}
        _ => {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libdiscord-rpc.so");
            println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
        }
    }
}
