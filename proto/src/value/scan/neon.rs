//! NEON: four registers. There is no movemask: every byte keeps one bit by its place, and three pairwise additions
//! gather them.

use core::arch::aarch64::{
    uint8x16_t, vandq_u8, vceqq_u8, vcltq_u8, vdupq_n_u8, vgetq_lane_u64, vld1q_u8, vorrq_u8, vpaddq_u8,
    vreinterpretq_u64_u8,
};

/// A bit for every byte that ends a run of ordinary string bytes, the first byte's lowest.
#[inline(always)]
pub(super) fn stops(block: &[u8; 64]) -> u64 {
    const PLACES: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
    let (quarters, _) = block.as_chunks::<16>();
    // SAFETY: the instructions are NEON, which this file is compiled for only; the loads are of arrays of 16 bytes.
    unsafe {
        let places = vld1q_u8(PLACES.as_ptr());
        let quarter = |number: usize| vandq_u8(quarter_stops(&quarters[number]), places);
        let low = vpaddq_u8(quarter(0), quarter(1));
        let high = vpaddq_u8(quarter(2), quarter(3));
        let gathered = vpaddq_u8(low, high);
        vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(gathered, gathered)))
    }
}

/// # Safety
/// The machine must have NEON.
#[inline(always)]
unsafe fn quarter_stops(bytes: &[u8; 16]) -> uint8x16_t {
    // SAFETY: the caller's, and the load is of the array's 16 bytes.
    unsafe {
        let bytes = vld1q_u8(bytes.as_ptr());
        let quote = vceqq_u8(bytes, vdupq_n_u8(b'"'));
        let backslash = vceqq_u8(bytes, vdupq_n_u8(b'\\'));
        let control = vcltq_u8(bytes, vdupq_n_u8(0x20));
        vorrq_u8(vorrq_u8(quote, backslash), control)
    }
}
