//! How far the program is behind, as GET_QUEUE and GET_SHARDS tell it.
//!
//! The machine knows nothing of the program's queue. So the first is answered without it, and what it tells of its shards is
//! completed on the way out: neither is part of a recording.

use gamebridge_proto::value::{Document, Value};
use gamebridge_proto::wire::json::Object;

use crate::queue::{Depth, Waiting};

/// What GET_QUEUE answers.
pub(super) fn queue(depth: &Depth, pauses: bool) -> Vec<u8> {
    let Depth { events, bytes, most_bytes, lag_ns, dropped } = *depth;
    let mut data = Vec::new();
    Object::begin(&mut data)
        .count("events", events)
        .count("bytes", bytes)
        .count("most_bytes", most_bytes)
        .num("lag_ms", ms(lag_ns))
        .count("dropped", dropped)
        .str("overflow", if pauses { "pause" } else { "drop" })
        .end();
    data
}

/// What GET_SHARDS answers: what the machine told, with what waits of each shard.
pub(super) fn shards(told: &[u8], mut waiting: impl FnMut(u32) -> Waiting) -> Vec<u8> {
    let mut doc = Document::new();
    if doc.parse(told).is_err() {
        return told.to_vec();
    }
    let mut numbers = Vec::new();
    let mut list = Vec::with_capacity(2 * told.len());
    for shard in doc.root().member("shards").iter() {
        let number = shard.member("shard").as_whole().and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
        // While there are two sets, the program's events have the first one's numbers.
        let Waiting { events, lag_ns } = if numbers.contains(&number) { Waiting::default() } else { waiting(number) };
        numbers.push(number);
        list.push(if list.is_empty() { b'[' } else { b',' });
        let object = shard.iter().fold(Object::begin(&mut list), |object, member| copied(object, member, told));
        object.count("events_waiting", events).num("lag_ms", ms(lag_ns)).end();
    }
    list.extend_from_slice(if list.is_empty() { b"[]" } else { b"]" });
    let mut data = Vec::with_capacity(list.len() + 64);
    let object = Object::begin(&mut data).raw("shards", &list);
    let others = doc.root().iter().filter(|member| member.key() != Some("shards"));
    others.fold(object, |object, member| copied(object, member, told)).end();
    data
}

fn copied<'o>(object: Object<'o>, member: Value<'_>, text: &[u8]) -> Object<'o> {
    object.raw(member.key().unwrap_or_default(), member.raw(text))
}

fn ms(ns: u64) -> f64 {
    ns as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shards_number_has_its_waiting_events_once() {
        let told =
            br#"{"shards":[{"shard":0,"seq":null},{"shard":3,"seq":7},{"shard":3,"seq":1}],"identifies_left":9}"#;
        let data = shards(told, |number| Waiting { events: number.into(), lag_ns: 1_500_000 * u64::from(number) });
        let expected = concat!(
            r#"{"shards":[{"shard":0,"seq":null,"events_waiting":0,"lag_ms":0},"#,
            r#"{"shard":3,"seq":7,"events_waiting":3,"lag_ms":4.5},"#,
            r#"{"shard":3,"seq":1,"events_waiting":0,"lag_ms":0}],"identifies_left":9}"#,
        );
        assert_eq!(String::from_utf8(data).expect("JSON"), expected);
        let none = br#"{"shards":[],"identifies_left":9}"#;
        assert_eq!(shards(none, |_| Waiting::default()), none);
    }
}
