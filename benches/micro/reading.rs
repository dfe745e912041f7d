//! Reading what arrives: the envelope of a Gateway message, the tape, an access, a frame of the local socket.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gamebridge_benches::traffic::Traffic;
use gamebridge_proto::value::Document;
use gamebridge_proto::wire::gateway::envelope;
use gamebridge_proto::wire::ipc::{Decoder, Opcode, encode};

fn messages() -> Vec<String> {
    let mut traffic = Traffic::default();
    (0..1000).map(|_| traffic.next_event().to_owned()).collect()
}

/// The first event of this name, without its envelope.
fn payload(name: &str) -> Vec<u8> {
    let messages = messages();
    let found =
        messages.iter().map(|text| envelope(text.as_bytes()).expect("well formed")).find(|found| found.name == name);
    found.expect("the mix has every kind").data.to_vec()
}

fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("reading");
    let all = messages();
    let bytes: usize = all.iter().map(String::len).sum();

    group.throughput(Throughput::Elements(all.len() as u64));
    group.bench_function("envelope, 1000 events of the mix", |bencher| {
        bencher.iter(|| {
            for text in &all {
                black_box(envelope(black_box(text.as_bytes())).expect("well formed"));
            }
        });
    });

    let mut document = Document::new();
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("tape, 1000 events of the mix", |bencher| {
        bencher.iter(|| {
            for text in &all {
                document.parse(black_box(text.as_bytes())).expect("JSON");
            }
        });
    });
    group.bench_function("floor: UTF-8 of the same", |bencher| {
        bencher.iter(|| {
            for text in &all {
                black_box(std::str::from_utf8(black_box(text.as_bytes()))).expect("text");
            }
        });
    });
    group.bench_function("peer: serde_json::Value of the same", |bencher| {
        bencher.iter(|| {
            for text in &all {
                black_box(serde_json::from_str::<serde_json::Value>(black_box(text)).expect("JSON"));
            }
        });
    });

    for name in ["MESSAGE_CREATE", "GUILD_CREATE"] {
        let text = payload(name);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(format!("tape, one {name}"), |bencher| {
            bencher.iter(|| document.parse(black_box(&text)).expect("JSON"));
        });
    }

    document.parse(&payload("MESSAGE_CREATE")).expect("JSON");
    group.throughput(Throughput::Elements(1));
    group.bench_function("access, /author/username", |bencher| {
        bencher.iter(|| black_box(document.root().get(black_box("/author/username")).as_str()));
    });

    let mut arrived = Vec::new();
    for _ in 0..100 {
        encode(&mut arrived, Opcode::Frame, br#"{"cmd":"SET_ACTIVITY","args":{"pid":1,"activity":null},"nonce":"1"}"#);
    }
    group.throughput(Throughput::Elements(100));
    group.bench_function("local socket, 100 frames", |bencher| {
        let mut decoder = Decoder::new(64 * 1024);
        bencher.iter(|| {
            decoder.space(arrived.len())[..arrived.len()].copy_from_slice(&arrived);
            decoder.filled(arrived.len());
            while let Some(frame) = decoder.next_frame().expect("well formed") {
                black_box(frame);
            }
        });
    });
    group.finish();
}

criterion_group!(benches, reading);
criterion_main!(benches);
