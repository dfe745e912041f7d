//! libFuzzer's entry to [`gamebridge_fuzz::messages`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gamebridge_fuzz::messages(data));
