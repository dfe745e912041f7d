//! Real sockets: in private folders, on ports that the system chooses, on loopback.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use gamebridge_proto::wire::ipc::Opcode;

use super::http::{self, Accepted, Response};
use super::websocket::{Options, connect};
use super::{Encoding, Limits, Lost, Outbox, Transport};

#[cfg(feature = "gateway")]
mod gateway;
mod ipc;
mod requests;
mod torture;
mod websocket;

#[cfg(unix)]
#[path = "unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "windows.rs"]
mod platform;

/// What a transport delivered until it had to wait, as owned frames.
async fn burst(transport: &mut Transport) -> Result<Vec<(Opcode, Vec<u8>)>, Lost> {
    transport.drive(&mut Outbox::new()).await?;
    taken(transport)
}

fn taken(transport: &mut Transport) -> Result<Vec<(Opcode, Vec<u8>)>, Lost> {
    let mut frames = Vec::new();
    while let Some(frame) = transport.next_frame()? {
        frames.push((frame.opcode, frame.payload.to_vec()));
    }
    Ok(frames)
}

/// The next frames, as text, as many as asked for.
async fn texts(transport: &mut Transport, count: usize) -> Vec<String> {
    let (mut texts, mut out) = (Vec::new(), Outbox::new());
    while texts.len() < count {
        transport.drive(&mut out).await.expect("the connection holds");
        while texts.len() < count
            && let Some(frame) = transport.next_frame().expect("the connection holds")
        {
            texts.push(String::from_utf8(frame.payload.to_vec()).expect("frames are text"));
        }
    }
    texts
}

/// Drives until the connection is lost, dropping what comes.
async fn lost(transport: &mut Transport) -> Lost {
    loop {
        if let Err(lost) = burst(transport).await {
            return lost;
        }
    }
}

/// Writes all of `out`; for peers that read or have room.
async fn send(transport: &mut Transport, out: &mut Outbox) {
    while !out.is_empty() {
        if let Poll::Ready(result) = once(transport.drive(out)).await {
            result.expect("the connection holds");
        }
        tokio::task::yield_now().await;
    }
}

async fn send_text(transport: &mut Transport, text: &str) {
    let mut out = Outbox::new();
    out.push(Opcode::Frame, text.as_bytes());
    send(transport, &mut out).await;
}

/// Polls once and drops the future: what `select!` does to a branch that lost.
async fn once<F: Future>(future: F) -> Poll<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}

async fn no_route(_: http::Request) -> Response {
    Response::not_found()
}

/// Serves one connection on the listener, without routes of its own.
async fn accept(listener: &mut http::Listener) -> Option<Accepted> {
    listener.accept().await.expect("a connection").serve(&[], no_route).await
}

/// A client and the server's side of one WebSocket.
async fn websocket_pair(encoding: Encoding, limits: Limits) -> (Transport, Accepted) {
    let mut listener = http::Listener::bind(Some(0), limits).await.expect("a port");
    let url = format!("ws://{}/?v=1&client_id=1&encoding={}", listener.address(), encoding.as_str());
    let options = Options { encoding, limits, ..Options::default() };
    let (client, server) = tokio::join!(connect(&url, &options), accept(&mut listener));
    (client.expect("a client"), server.expect("a peer"))
}
