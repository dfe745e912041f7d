//! libFuzzer's entry to [`gamebridge_fuzz::snapshot_file`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gamebridge_fuzz::snapshot_file(data));
