//! libFuzzer's entry to [`gamebridge_fuzz::dmod_peer`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gamebridge_fuzz::dmod_peer(data));
