//! What it costs a Gateway connection to keep what it has seen, event by event, beside the least that keeping can be.
//!
//! All rows are fed the same traffic, which comes again and again: a filled cache, in which things take the place of others. The
//! floor is what a program would write first: each event parsed by `serde_json`, and kept as it is under what it is of.

use std::collections::HashMap;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use gamebridge_benches::traffic::Traffic;
use gamebridge_proto::cache::Cache;
use gamebridge_proto::wire::gateway::envelope;
use serde_json::Value;

/// More than everything takes.
const ROOM: usize = 256 << 20;
const SHARD: (u32, u32) = (0, 1);

fn take(cache: &mut Cache, text: &str) {
    let message = envelope(text.as_bytes()).expect("well formed");
    cache.take(SHARD, message.name, message.data);
}

/// What an event is of: its name, its guild, and whose or what it is.
fn key(event: &Value) -> (String, String, String) {
    let d = &event["d"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let own = [&d["user"]["id"], &d["user_id"], &d["author"]["id"], &d["id"]];
    let own = own.into_iter().find(|id| id.is_string()).unwrap_or(&Value::Null);
    (text(&event["t"]), text(&d["guild_id"]), text(own))
}

fn cache(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cache");
    for (mix, mut traffic) in [("the mix", Traffic::default()), ("the steady mix", Traffic::steady())] {
        let events: Vec<String> = (0..1000).map(|_| traffic.next_event().to_owned()).collect();
        group.throughput(Throughput::Elements(events.len() as u64));
        group.bench_function(format!("1000 events of {mix}"), |bencher| {
            let mut cache = Cache::new(ROOM);
            // Guilds first, that there is something to change.
            let mut guilds = Traffic::default();
            (0..1000).for_each(|_| take(&mut cache, guilds.next_event()));
            events.iter().for_each(|text| take(&mut cache, text));
            bencher.iter(|| events.iter().for_each(|text| take(&mut cache, black_box(text))));
            assert!(cache.bytes() > 1 << 20, "it keeps them");
        });
        group.bench_function(format!("floor: serde_json into a HashMap, 1000 events of {mix}"), |bencher| {
            let mut kept = HashMap::new();
            bencher.iter(|| {
                for text in &events {
                    let event: Value = serde_json::from_str(black_box(text)).expect("JSON");
                    kept.insert(key(&event), event);
                }
            });
            black_box(&kept);
        });
    }
    // A connection that begins: everything is new.
    let mut traffic = Traffic::default();
    let events: Vec<String> = (0..1000).map(|_| traffic.next_event().to_owned()).collect();
    group.bench_function("1000 events of the mix, into an empty one", |bencher| {
        let fill = |mut cache: Cache| {
            events.iter().for_each(|text| take(&mut cache, black_box(text)));
            cache
        };
        bencher.iter_batched(|| Cache::new(ROOM), fill, BatchSize::LargeInput);
    });
    group.finish();
}

criterion_group!(benches, cache);
criterion_main!(benches);
