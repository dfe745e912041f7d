//! libFuzzer's entry to [`gamebridge_fuzz::inflate`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gamebridge_fuzz::inflate(data));
