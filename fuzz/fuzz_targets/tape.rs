//! libFuzzer's entry to [`gamebridge_fuzz::tape`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gamebridge_fuzz::tape(data));
