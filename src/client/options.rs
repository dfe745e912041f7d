//! What a client is made with.

use std::time::Duration;

use gamebridge_proto::event::LogLevel;

use crate::session::port::LogFilter;

/// Settings of a [`Client`](super::Client). `Default` is what most programs want.
#[derive(Clone, Debug)]
pub struct Options {
    /// Byte cap of each connection's lossy lane, and of its unread replies. Default 4 MiB, at least 512 KiB.
    pub queue_bytes: usize,
    /// How long [`Client`](super::Client)'s end may take. Default 500 ms.
    pub shutdown: Duration,
    /// The loudest log lines delivered as events; `None` for none. Default: warnings. The environment variable
    /// `GAMEBRIDGE_LOG` (`debug`, `warn,rpc=debug`, `off`) overrides it.
    pub log_level: Option<LogLevel>,
}

/// Default of [`Options::queue_bytes`].
pub const QUEUE_BYTES: usize = 4 << 20;
/// The least of [`Options::queue_bytes`]: two chunks. Less is taken for this.
pub const MIN_QUEUE_BYTES: usize = 512 << 10;
/// The most of [`Options::queue_bytes`]. More is taken for this.
pub const MAX_QUEUE_BYTES: usize = 4 << 30;
/// Default of [`Options::shutdown`].
pub const SHUTDOWN: Duration = Duration::from_millis(500);

impl Default for Options {
    fn default() -> Self {
        Options { queue_bytes: QUEUE_BYTES, shutdown: SHUTDOWN, log_level: Some(LogLevel::Warn) }
    }
}

impl Options {
    pub(super) fn log_filter(&self) -> LogFilter {
        let chosen = LogFilter::level(self.log_level);
        match std::env::var("GAMEBRIDGE_LOG") {
            Ok(text) => LogFilter::parse(&text, &chosen),
            Err(_) => chosen,
        }
    }
}
