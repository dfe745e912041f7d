//! libFuzzer's entry to [`gamebridge_fuzz::cache`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gamebridge_fuzz::cache(data));
