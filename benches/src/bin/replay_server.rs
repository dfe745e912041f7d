//! A Gateway that says HELLO, waits for IDENTIFY, and then sends READY and prepared events as fast as they are taken.
//!
//!     replay_server [--events N] [--idle]
//!
//! It listens on a port of 127.0.0.1 that the system chooses, and prints it. Everything a client receives was rendered into
//! whole WebSocket frames before, so that the server's side of a measurement is one large write after another. After N
//! events (a multiple of 20,000; the same ones again and again) comes a dispatch named BENCH_END. With `--idle` there is
//! silence after READY, and heartbeats are answered.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use gamebridge_benches::traffic::Traffic;
use tungstenite::{Message, WebSocket};

/// Events that are rendered.
const PREPARED: usize = 20_000;
const HELLO: &str = r#"{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":41250,"_trace":["[\"replay\"]"]}}"#;
const ACK: &str = r#"{"t":null,"s":null,"op":11,"d":null}"#;
const END: &str = r#"{"t":"BENCH_END","s":1,"op":0,"d":{}}"#;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let events = args.iter().position(|arg| arg == "--events").and_then(|at| args.get(at + 1)?.parse().ok());
    let rounds = events.unwrap_or(10 * PREPARED) / PREPARED;
    let idle = args.iter().any(|arg| arg == "--idle");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let frames = Arc::new(if idle { Vec::new() } else { frames() });
    println!("{port}");
    for stream in listener.incoming().flatten() {
        let frames = frames.clone();
        let serve = move || serve(stream, port, &frames, if idle { 0 } else { rounds });
        // A client that goes away in the middle has what it wanted.
        std::thread::Builder::new().stack_size(128 * 1024).spawn(serve).expect("a thread");
    }
}

fn frames() -> Vec<u8> {
    let (mut traffic, mut frames) = (Traffic::default(), Vec::new());
    for _ in 0..PREPARED {
        frame(&mut frames, traffic.next_event());
    }
    eprintln!("{} bytes an event", frames.len() / PREPARED);
    frames
}

fn frame(out: &mut Vec<u8>, text: &str) {
    out.push(0x81);
    match text.len() {
        length @ 0..126 => out.push(length as u8),
        length @ 126..0x1_0000 => {
            out.push(126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            out.push(127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(text.as_bytes());
}

fn serve(stream: TcpStream, port: u16, frames: &[u8], rounds: usize) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut socket = tungstenite::accept(stream).ok()?;
    socket.send(Message::text(HELLO)).ok()?;
    while opcode(&mut socket)? != 2 {
        socket.send(Message::text(ACK)).ok()?;
    }
    let ready = format!(
        "{{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{{\"v\":10,\"user\":{{\"id\":\"1\",\"username\":\"bench\",\
         \"discriminator\":\"0\",\"avatar\":null,\"bot\":true,\"flags\":0,\"verified\":true,\"mfa_enabled\":false}},\
         \"session_id\":\"bench\",\"resume_gateway_url\":\"ws://127.0.0.1:{port}\",\"guilds\":[],\"shard\":[0,1],\
         \"application\":{{\"id\":\"1\",\"flags\":0}}}}}}"
    );
    socket.send(Message::text(ready)).ok()?;
    for _ in 0..rounds {
        socket.get_mut().write_all(frames).ok()?;
    }
    if rounds > 0 {
        socket.send(Message::text(END)).ok()?;
    }
    loop {
        if opcode(&mut socket)? == 1 {
            socket.send(Message::text(ACK)).ok()?;
        }
    }
}

/// The opcode of the client's next message.
fn opcode(socket: &mut WebSocket<TcpStream>) -> Option<u32> {
    loop {
        match socket.read().ok()? {
            Message::Text(text) => {
                return gamebridge_proto::wire::gateway::envelope(text.as_bytes()).ok().map(|found| found.op);
            }
            Message::Close(_) => return None,
            _ => {}
        }
    }
}
