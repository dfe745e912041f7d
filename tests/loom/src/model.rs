//! What the models have in common: how they run, and small ways to write and read events.

use gamebridge_proto::event::{Event, EventType};

use crate::queue::sync::Arc;
use crate::queue::{LaneConfig, Lanes, Polled, Reader, Shared, Writer, channel};

/// Bytes of replies that may be unread: two events.
const RELIABLE: usize = 200;

/// Runs a model in every interleaving that needs at most `preemptions` of them.
pub(crate) fn check(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(preemptions));
    builder.max_branches = 20_000;
    builder.check(model);
}

/// What a reader got, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Got {
    /// An event: its connection and the number it was pushed with.
    Event(u32, u64),
    /// So many were dropped.
    Gap(u64),
}

impl From<Polled<'_>> for Got {
    fn from(polled: Polled<'_>) -> Self {
        match polled {
            Polled::Event(view) => Got::Event(view.fields.conn, view.fields.seq),
            Polled::Dropped { count, .. } => Got::Gap(count),
        }
    }
}

/// Lanes with a lossy cap of two chunks.
pub(crate) fn lanes(shared: &Arc<Shared>, conn: u32) -> (Writer, Lanes) {
    lanes_that(shared, conn, || {})
}

/// The same, with what the reader calls when a paused writer may go on.
pub(crate) fn lanes_that(
    shared: &Arc<Shared>,
    conn: u32,
    resume: impl Fn() + Send + Sync + 'static,
) -> (Writer, Lanes) {
    let resume = std::sync::Arc::new(resume);
    channel(shared, LaneConfig { conn, lossy_bytes: 0, reliable_bytes: RELIABLE, resume })
}

/// Pushes an event that can be told by its number. Two lossy ones fit a chunk; a reliable one fills its own.
pub(crate) fn push(writer: &mut Writer, kind: EventType, number: u64) {
    writer.push(0, &Event { seq: number, ..Event::new(kind, "e") });
}

/// Pushes a lossy event that fills a chunk.
pub(crate) fn push_chunk(writer: &mut Writer, number: u64) {
    let mut event = Event::new(EventType::Dispatch, "e");
    (event.seq, event.payload) = (number, &[b'1'; 90]);
    writer.push(0, &event);
}

/// The next event, if one is published.
pub(crate) fn take(reader: &mut Reader) -> Option<Got> {
    if !reader.look() {
        return None;
    }
    reader.take().map(Got::from)
}

/// All that is left.
pub(crate) fn drain(reader: &mut Reader, got: &mut Vec<Got>) {
    while let Some(next) = take(reader) {
        got.push(next);
    }
}
