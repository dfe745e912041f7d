//! libFuzzer's entry to [`gamebridge_fuzz::gateway_peer`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gamebridge_fuzz::gateway_peer(data));
