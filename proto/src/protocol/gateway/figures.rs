//! What there is to say of a shard, in numbers.

use std::time::Duration;

use crate::wire::json::Object;

/// Counts of one shard, since the connection began.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Figures {
    /// Dispatches that were handed on.
    pub(super) events: u64,
    /// Dispatches that had been handed on before, and were left out.
    pub(super) repeated: u64,
    /// Sequence numbers that never came.
    pub(super) missed: u64,
    /// Sessions that began.
    pub(super) identifies: u64,
    /// Sessions that were taken up again.
    pub(super) resumes: u64,
    /// Connections that were lost.
    pub(super) losses: u64,
}

/// A shard as a member of a list.
pub(super) struct Snapshot<'a> {
    pub(super) shard: (u32, u32),
    pub(super) state: &'static str,
    pub(super) address: &'a str,
    pub(super) latency: Option<Duration>,
    pub(super) seq: Option<u64>,
    pub(super) waiting: usize,
    pub(super) paused: bool,
    pub(super) figures: Figures,
}

impl Snapshot<'_> {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let number = |out: &mut Vec<u8>, number: u64| out.extend_from_slice(number.to_string().as_bytes());
        let mut object = Object::begin(out)
            .int("shard", self.shard.0.into())
            .int("count", self.shard.1.into())
            .str("state", self.state)
            .str("address", self.address);
        object = match self.latency {
            Some(latency) => object.num("latency_ms", (latency.as_secs_f64() * 1e6).round() / 1e3),
            None => object.raw("latency_ms", b"null"),
        };
        object = match self.seq {
            Some(seq) => object.with("seq", |out| number(out, seq)),
            None => object.raw("seq", b"null"),
        };
        object = object.int("commands_waiting", self.waiting as i64).bool("paused", self.paused);
        let Figures { events, repeated, missed, identifies, resumes, losses } = self.figures;
        for (name, count) in [
            ("events", events),
            ("repeated", repeated),
            ("missed", missed),
            ("identifies", identifies),
            ("resumes", resumes),
            ("losses", losses),
        ] {
            object = object.with(name, |out| number(out, count));
        }
        object.end();
    }
}
