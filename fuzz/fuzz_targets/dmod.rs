//! libFuzzer's entry to [`gamebridge_fuzz::dmod`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gamebridge_fuzz::dmod(data));
