//! libFuzzer's entry to [`gamebridge_fuzz::gateway_client`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gamebridge_fuzz::gateway_client(data));
