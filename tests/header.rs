//! The committed header is the one that the build writes.
#![cfg(feature = "capi")]

#[test]
fn the_committed_header_is_current() {
    let built = std::fs::read_to_string(env!("GAMEBRIDGE_HEADER")).unwrap();
    let committed = include_str!("../include/gamebridge.h");
    assert!(built == committed, "include/gamebridge.h is not what the build writes: run `cargo xtask header`");
}
