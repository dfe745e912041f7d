//! The clock and the CPU counter of a whole process, from the Gateway's READY to the end of the replay.

use std::time::Instant;

/// Started at READY.
pub struct Meter {
    wall: Instant,
    cpu: f64,
}

impl Meter {
    /// Starts the clock.
    pub fn start() -> Self {
        Meter { wall: Instant::now(), cpu: cpu_seconds() }
    }

    /// Prints the line that every client of the replay server prints.
    pub fn print(&self, client: &str, events: u64) {
        let (wall, cpu) = (self.wall.elapsed().as_secs_f64(), cpu_seconds() - self.cpu);
        let peak = peak_kb();
        println!(
            "{{\"client\":\"{client}\",\"events\":{events},\"wall_s\":{wall:.4},\"cpu_s\":{cpu:.4},\"rss_kb\":{peak}}}"
        );
    }
}

/// User and system time of all threads of this process.
pub fn cpu_seconds() -> f64 {
    // SAFETY: plain data, written by the call.
    let used = unsafe {
        let mut used: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut used);
        used
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(used.ru_utime) + seconds(used.ru_stime)
}

/// The peak of resident memory of this program alone (`ru_maxrss` would keep its parent's over the exec).
pub fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// The replay server's port, from the environment as its clients are given it.
pub fn port() -> u16 {
    std::env::var("BENCH_PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(9200)
}
