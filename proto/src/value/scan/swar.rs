//! No vector instructions: eight integers of eight bytes.

/// A bit for every byte that ends a run of ordinary string bytes, the first byte's lowest.
#[inline(always)]
pub(super) fn stops(block: &[u8; 64]) -> u64 {
    let (eighths, _) = block.as_chunks::<8>();
    let mut mask = 0;
    for (number, eighth) in eighths.iter().enumerate() {
        mask |= eighth_stops(u64::from_le_bytes(*eighth)) << (8 * number);
    }
    mask
}

const ONES: u64 = 0x0101_0101_0101_0101;

#[inline(always)]
fn eighth_stops(bytes: u64) -> u64 {
    let quote = zeros(bytes ^ (ONES * u64::from(b'"')));
    let backslash = zeros(bytes ^ (ONES * u64::from(b'\\')));
    let control = zeros(bytes & (ONES * 0xe0));
    // Gathers the lowest bits of the eight bytes in the highest byte.
    ((quote | backslash | control).wrapping_mul(0x0102_0408_1020_4080)) >> 56
}

/// The lowest bit of every byte that is zero; no carry crosses a byte.
#[inline(always)]
fn zeros(bytes: u64) -> u64 {
    let low = ONES * 0x7f;
    !(((bytes & low) + low) | bytes | low) >> 7
}
