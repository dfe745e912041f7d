//! The monotonic clock, as the machines' [`Instant`].

use gamebridge_proto::time::Instant;

use super::platform;

/// Now, on the clock that programs of the platform read: `CLOCK_MONOTONIC`, or the performance counter of Windows.
pub fn now() -> Instant {
    Instant::from_nanos(platform::monotonic_nanos())
}

/// Milliseconds since 1970 at [`Instant::ZERO`], for the world's ids and expiry times.
pub fn unix_ms_at_zero() -> u64 {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    (since_epoch.as_millis() as u64).saturating_sub(now().as_nanos() / 1_000_000)
}
