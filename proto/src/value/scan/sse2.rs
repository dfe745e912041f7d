//! SSE2, which every x86-64 machine has: four registers.

#[cfg(target_arch = "x86")]
use core::arch::x86 as arch;
#[cfg(target_arch = "x86_64")]
use core::arch::x86_64 as arch;

use arch::{__m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8};

/// A bit for every byte that ends a run of ordinary string bytes, the first byte's lowest.
#[inline(always)]
pub(super) fn stops(block: &[u8; 64]) -> u64 {
    let (quarters, _) = block.as_chunks::<16>();
    let mut mask = 0;
    for (number, quarter) in quarters.iter().enumerate() {
        mask |= u64::from(quarter_stops(quarter)) << (16 * number);
    }
    mask
}

#[inline(always)]
fn quarter_stops(bytes: &[u8; 16]) -> u16 {
    // SAFETY: the instructions are SSE2, which this file is compiled for only; the load is unaligned and of the array's
    // 16 bytes.
    unsafe {
        let bytes = _mm_loadu_si128(bytes.as_ptr().cast::<__m128i>());
        let quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'"' as i8));
        let backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\\' as i8));
        let control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
        _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), control)) as u16
    }
}
