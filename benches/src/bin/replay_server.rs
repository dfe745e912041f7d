//! A Gateway that says HELLO, waits for IDENTIFY, and then sends READY and prepared events as fast as they are taken.
//!
//!     replay_server [--events N] [--idle] [--steady] [--compress zlib-stream|zstd-stream]
//!
//! It listens on a port of 127.0.0.1 that the system chooses, and prints it. Everything a client receives was rendered into
//! whole WebSocket frames before, so that the server's side of a measurement is one large write after another. After N
//! events (a multiple of 20,000; the same ones again and again) comes a dispatch named BENCH_END. With `--idle` there is
//! silence after READY, and heartbeats are answered. With `--steady` there are no large guilds among the events. With `--compress`
//! everything is, whatever the client asks for: a zlib stream whose rounds can follow one another (it forgets what came before at
//! the end of each), or a Zstandard frame for each round.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use flate2::{Compress, FlushCompress};
use gamebridge_benches::traffic::Traffic;
use tungstenite::{Message, WebSocket};
use zstd_safe::zstd_sys::ZSTD_EndDirective;
use zstd_safe::{CCtx, InBuffer, OutBuffer};

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
    let steady = args.iter().any(|arg| arg == "--steady");
    let compress = args.iter().position(|arg| arg == "--compress").and_then(|at| args.get(at + 1));
    let packing = match compress.map(String::as_str) {
        Some("zlib-stream") => Packing::Zlib,
        Some("zstd-stream") => Packing::Zstd,
        _ => Packing::None,
    };
    let frames = Arc::new(if idle { Vec::new() } else { frames(steady, packing) });
    println!("{port}");
    for stream in listener.incoming().flatten() {
        let frames = frames.clone();
        let serve = move || serve(stream, port, &frames, if idle { 0 } else { rounds }, packing);
        // A client that goes away in the middle has what it wanted.
        std::thread::Builder::new().stack_size(128 * 1024).spawn(serve).expect("a thread");
    }
}

/// What the messages are wrapped in.
#[derive(Clone, Copy)]
enum Packing {
    None,
    Zlib,
    Zstd,
}

/// A connection's compressor.
enum Packer {
    None,
    Zlib(Box<Compress>),
    Zstd(Box<CCtx<'static>>),
}

impl Packer {
    fn new(packing: Packing) -> Packer {
        match packing {
            Packing::None => Packer::None,
            Packing::Zlib => Packer::Zlib(Box::new(Compress::new(flate2::Compression::default(), true))),
            Packing::Zstd => Packer::Zstd(Box::new(CCtx::create())),
        }
    }

    /// Appends a message as a WebSocket frame. After the `last` of a round nothing of it is referred to any more.
    fn frame(&mut self, out: &mut Vec<u8>, text: &str, last: bool) {
        let mut packed = Vec::with_capacity(text.len() + 1024);
        match self {
            Packer::None => return frame(out, 0x81, text.as_bytes()),
            Packer::Zlib(stream) => {
                // A full flush forgets what came before, and ends as a sync flush does.
                let flush = if last { FlushCompress::Full } else { FlushCompress::Sync };
                stream.compress_vec(text.as_bytes(), &mut packed, flush).expect("there is room");
            }
            Packer::Zstd(stream) => {
                let end = if last { ZSTD_EndDirective::ZSTD_e_end } else { ZSTD_EndDirective::ZSTD_e_flush };
                let (mut output, mut input) = (OutBuffer::around(&mut packed), InBuffer::around(text.as_bytes()));
                assert_eq!(stream.compress_stream2(&mut output, &mut input, end).expect("there is room"), 0);
            }
        }
        frame(out, 0x82, &packed);
    }
}

fn frames(steady: bool, packing: Packing) -> Vec<u8> {
    let (mut traffic, mut frames) = (if steady { Traffic::steady() } else { Traffic::default() }, Vec::new());
    let mut packer = Packer::new(packing);
    // A zlib stream's head goes with what is said before.
    packer.frame(&mut Vec::new(), HELLO, true);
    for at in 1..=PREPARED {
        packer.frame(&mut frames, traffic.next_event(), at == PREPARED);
    }
    eprintln!("{} bytes an event", frames.len() / PREPARED);
    frames
}

fn frame(out: &mut Vec<u8>, head: u8, text: &[u8]) {
    out.push(head);
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
    out.extend_from_slice(text);
}

fn serve(stream: TcpStream, port: u16, frames: &[u8], rounds: usize, packing: Packing) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut socket = tungstenite::accept(stream).ok()?;
    let mut packer = Packer::new(packing);
    // Each forgets what came before, so that the rounds, which another compressor made, may follow.
    let mut say = |socket: &mut WebSocket<TcpStream>, text: &str| {
        let mut bytes = Vec::new();
        packer.frame(&mut bytes, text, true);
        socket.get_mut().write_all(&bytes).ok()
    };
    say(&mut socket, HELLO)?;
    while opcode(&mut socket)? != 2 {
        say(&mut socket, ACK)?;
    }
    let ready = format!(
        "{{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{{\"v\":10,\"user\":{{\"id\":\"1\",\"username\":\"bench\",\
         \"discriminator\":\"0\",\"avatar\":null,\"bot\":true,\"flags\":0,\"verified\":true,\"mfa_enabled\":false}},\
         \"session_id\":\"bench\",\"resume_gateway_url\":\"ws://127.0.0.1:{port}\",\"guilds\":[],\"shard\":[0,1],\
         \"application\":{{\"id\":\"1\",\"flags\":0}}}}}}"
    );
    say(&mut socket, &ready)?;
    for _ in 0..rounds {
        socket.get_mut().write_all(frames).ok()?;
    }
    if rounds > 0 {
        say(&mut socket, END)?;
    }
    loop {
        if opcode(&mut socket)? == 1 {
            say(&mut socket, ACK)?;
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
