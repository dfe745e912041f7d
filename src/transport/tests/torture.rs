//! The Nth read, write, accept or connect fails, for every N.

use std::time::Duration;

use super::platform::Spot;
use super::*;
use crate::transport::fault;
use crate::transport::ipc;

const TEXT: &[u8] = br#"{"cmd":"GET_GUILDS","args":{}}"#;

/// A client asks three times, is answered, and closes. An error anywhere is an end like another; what counts is that the
/// scene ends, and that an answer which arrives is whole.
async fn scene(mut client: Transport, mut server: Transport) -> Result<(), Lost> {
    let (mut asks, mut answers) = (Outbox::new(), Outbox::new());
    let ended = exchange(&mut client, &mut server, &mut asks, &mut answers).await;
    tokio::join!(client.close(asks, 1000, ""), server.close(answers, 1000, ""));
    ended
}

async fn exchange(
    client: &mut Transport,
    server: &mut Transport,
    asks: &mut Outbox,
    answers: &mut Outbox,
) -> Result<(), Lost> {
    for _ in 0..3 {
        asks.push(Opcode::Frame, TEXT);
    }
    let mut arrived = 0;
    while arrived < 3 {
        tokio::select! {
            driven = client.drive(asks) => {
                driven?;
                while let Some(frame) = client.next_frame()? {
                    assert_eq!(frame.payload, TEXT);
                    arrived += 1;
                }
            }
            driven = server.drive(answers) => {
                driven?;
                while let Some(frame) = server.next_frame()? {
                    assert_eq!(frame.payload, TEXT);
                    answers.push(Opcode::Frame, frame.payload);
                }
            }
        }
    }
    Ok(())
}

async fn over_ipc(spot: &Spot) -> Result<(), Lost> {
    let mut listener = ipc::Listener::bind(&spot.place(), &|_| None, Limits::PEER).await?;
    let path = listener.path().to_owned();
    let (client, server) = tokio::try_join!(ipc::connect(&path, Limits::PEER), listener.accept())?;
    scene(client, server).await
}

async fn over_websocket(encoding: Encoding) -> Result<(), Lost> {
    let mut listener = http::Listener::bind(Some(0), Limits::PEER).await?;
    let url = format!("ws://{}/?encoding={}", listener.address(), encoding.as_str());
    let options = Options { encoding, ..Options::default() };
    let connecting = connect(&url, &options);
    let accepting = async { Ok(listener.accept().await?.serve(&[], no_route).await) };
    // A client that fails gives up its handshake, and a server that fails its socket: neither waits for the other.
    let (client, server) = tokio::try_join!(connecting, accepting)?;
    let Some(accepted) = server else { return Ok(()) };
    scene(client, accepted.transport).await
}

/// Plays the scene undisturbed, then once for every operation that it does, which then fails.
async fn torture(scene: impl AsyncFn() -> Result<(), Lost>) {
    fault::fail_after(None);
    scene().await.expect("undisturbed, it goes through");
    let points = fault::passed();
    assert!(points > 10, "{points}");
    let mut failed = 0;
    // Which operations happen depends a little on timing: some more are tried than were counted.
    for n in 0..points + 20 {
        fault::fail_after(Some(n));
        let ended = tokio::time::timeout(Duration::from_secs(60), scene()).await;
        failed += usize::from(ended.unwrap_or_else(|_| panic!("hangs when operation {n} fails")).is_err());
    }
    fault::fail_after(None);
    assert!(failed > 5, "{failed}");
}

#[tokio::test]
async fn the_local_socket_survives_every_failure() {
    let spot = Spot::new();
    torture(async || over_ipc(&spot).await).await;
}

#[tokio::test]
async fn the_websocket_survives_every_failure() {
    torture(async || over_websocket(Encoding::Json).await).await;
}

#[tokio::test]
async fn the_websocket_survives_every_failure_in_etf() {
    torture(async || over_websocket(Encoding::Etf).await).await;
}
