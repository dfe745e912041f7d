//! What a call costs its caller, and what an event costs on its way: the safe API over a server in the same process.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use gamebridge::client::{Client, ConnectionId, Options, Polled, Request};
use gamebridge_proto::event::EventType;
use gamebridge_proto::value::Document;

const UPDATE: &[u8] = br#"{"pid":4242,"activity":{"state":"In menu","details":"Old Mill","timestamps":{"start":1700000000},"assets":{"large_image":"old_mill"},"party":{"id":"party","size":[1,4]}}}"#;

/// A server and a client of it, in one [`Client`], and a user who can be made to join.
struct Game {
    client: Client,
    server: ConnectionId,
    conn: ConnectionId,
}

impl Game {
    fn new() -> Game {
        let client = Client::new(Options::default()).expect("a client");
        let params = br#"{"transport":"websocket","port":0,"commands_per_second":0}"#;
        let server = client.serve("rpc", params).expect("a server");
        let port = await_event(&client, server, EventType::Connected, |payload| {
            let mut document = Document::new();
            document.parse(payload).expect("JSON");
            document.root().get("/port").as_i64().expect("a port")
        });
        let params = format!(r#"{{"client_id":"192741864418312192","transport":"websocket","port":{port}}}"#);
        let conn = client.connect("rpc", params.as_bytes()).expect("a connection");
        await_event(&client, conn, EventType::Connected, |_| ());
        Game { client, server, conn }
    }

    fn send(&self, conn: ConnectionId, command: &str, args: &[u8], tag: u64) {
        let request = Request { command, args, tag, ..Request::default() };
        self.client.send(conn, &request).expect("accepted");
    }
}

fn await_event<R>(client: &Client, conn: ConnectionId, kind: EventType, read: impl Fn(&[u8]) -> R) -> R {
    loop {
        let found = client.wait(Some(Duration::from_secs(5)), |polled| match polled {
            Some(Polled::Event(view)) if view.fields.conn == conn && view.fields.kind == kind => {
                Some(read(view.payload))
            }
            Some(Polled::Event(view)) if view.fields.kind == EventType::Disconnected => panic!("{}", view.message),
            Some(_) => None,
            None => panic!("nothing comes"),
        });
        if let Some(read) = found.expect("one thread polls") {
            return read;
        }
    }
}

fn calls(criterion: &mut Criterion) {
    let game = Game::new();
    let mut group = criterion.benchmark_group("calls");
    while game.client.wait(Some(Duration::from_millis(50)), |polled| polled.is_some()).expect("polls") {}
    group.bench_function("poll, empty", |bencher| {
        bencher.iter(|| black_box(&game.client).is_idle());
    });
    group.bench_function("send SET_ACTIVITY, tight", |bencher| {
        bencher.iter_custom(|times| {
            let start = Instant::now();
            let mut drained = Duration::ZERO;
            for at in 0..times {
                if at % 1000 == 999 {
                    // The I/O thread gets its turn, off the clock.
                    let pause = Instant::now();
                    std::thread::sleep(Duration::from_millis(2));
                    drained += pause.elapsed();
                }
                game.send(game.conn, "SET_ACTIVITY", UPDATE, 0);
            }
            start.elapsed() - drained
        });
    });
    // An event from one end to the other: the host's command, the door, the frame, the client machine, the queue, the poll.
    game.send(game.conn, "SUBSCRIBE", br#"{"evt":"ACTIVITY_JOIN"}"#, 1);
    await_event(&game.client, game.conn, EventType::Reply, |_| ());
    group.bench_function("event delivery, ACTIVITY_JOIN through server and client", |bencher| {
        bencher.iter(|| {
            game.send(game.server, "ACTIVITY_JOIN", br#"{"secret":"join me"}"#, 0);
            await_event(&game.client, game.conn, EventType::Dispatch, |payload| black_box(payload.len()));
        });
    });
    group.finish();
}

criterion_group!(benches, calls);
criterion_main!(benches);
