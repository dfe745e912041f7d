//! libFuzzer's entry to [`gamebridge_fuzz::redaction`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gamebridge_fuzz::redaction(data));
