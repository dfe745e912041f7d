//! The monotonic clock, as the machines' [`Instant`].

use gamebridge_proto::time::Instant;

/// Now. On Unix these are the nanoseconds of `CLOCK_MONOTONIC`, so that a program can compare an event's time with its own
/// clock; elsewhere nanoseconds since the library was first asked.
#[cfg(unix)]
pub fn now() -> Instant {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a live timespec to write to. The call cannot fail with this clock.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    Instant::from_nanos(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}

/// Now. On Unix these are the nanoseconds of `CLOCK_MONOTONIC`, so that a program can compare an event's time with its own
/// clock; elsewhere nanoseconds since the library was first asked.
#[cfg(not(unix))]
pub fn now() -> Instant {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    let start = *START.get_or_init(std::time::Instant::now);
    Instant::from_nanos(start.elapsed().as_nanos() as u64)
}

/// Milliseconds since 1970 at [`Instant::ZERO`], for the world's ids and expiry times.
pub fn unix_ms_at_zero() -> u64 {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    (since_epoch.as_millis() as u64).saturating_sub(now().as_nanos() / 1_000_000)
}
