//! libFuzzer's entry to [`gamebridge_fuzz::pointer`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gamebridge_fuzz::pointer(data));
