//! libFuzzer's entry to [`gamebridge_fuzz::framing`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gamebridge_fuzz::framing(data));
