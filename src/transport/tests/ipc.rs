//! Framing of the local socket, over a pair of whatever the platform has for one.

use gamebridge_proto::error::Status;
use gamebridge_proto::wire::ipc::{HEADER, Opcode, encode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::platform::{may_tell, pair};
use super::*;

pub(super) fn wire(frames: &[(Opcode, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (opcode, payload) in frames {
        encode(&mut bytes, *opcode, payload);
    }
    bytes
}

#[tokio::test]
async fn a_frame_arrives_whole_wherever_its_bytes_are_cut() {
    let bytes = wire(&[(Opcode::Frame, br#"{"cmd":"SET_ACTIVITY"}"#)]);
    for cut in 1..bytes.len() {
        let (mut ours, mut theirs) = pair(Limits::PEER).await;
        theirs.write_all(&bytes[..cut]).await.expect("written");
        assert!(once(ours.drive(&mut Outbox::new())).await.is_pending(), "half a frame is none: {cut}");
        assert_eq!(ours.next_frame(), Ok(None));
        theirs.write_all(&bytes[cut..]).await.expect("written");
        assert_eq!(burst(&mut ours).await, Ok(vec![(Opcode::Frame, br#"{"cmd":"SET_ACTIVITY"}"#.to_vec())]), "{cut}");
    }
}

#[tokio::test]
async fn all_frames_of_one_write_are_there_after_one_drive() {
    let (mut ours, mut theirs) = pair(Limits::PEER).await;
    theirs
        .write_all(&wire(&[(Opcode::Ping, b"1"), (Opcode::Frame, b"{}"), (Opcode::Pong, b"")]))
        .await
        .expect("written");
    let frames = burst(&mut ours).await.expect("frames");
    assert_eq!(frames, [(Opcode::Ping, b"1".to_vec()), (Opcode::Frame, b"{}".to_vec()), (Opcode::Pong, Vec::new())]);
}

#[tokio::test]
async fn a_frame_over_the_limit_ends_the_connection_for_good() {
    let (mut ours, mut theirs) = pair(Limits { message: 100, read: 64 }).await;
    theirs.write_all(&wire(&[(Opcode::Frame, &[b'x'; 101])])).await.expect("written");
    let first = lost(&mut ours).await;
    assert_eq!(first.error.status, Status::Protocol);
    assert_eq!(first.error.message, "a frame announces 101 bytes; 100 are allowed");
    assert_eq!(ours.next_frame(), Err(first));
}

#[tokio::test]
async fn a_close_frame_is_told_with_code_and_reason_after_what_came_before() {
    let (mut ours, mut theirs) = pair(Limits::UPSTREAM).await;
    let close = br#"{"code":4000,"message":"Invalid Client ID"}"#;
    theirs.write_all(&wire(&[(Opcode::Frame, b"{}"), (Opcode::Close, close)])).await.expect("written");
    drop(theirs);
    ours.drive(&mut Outbox::new()).await.expect("the frame");
    assert_eq!(ours.next_frame().map(|frame| frame.map(|frame| frame.payload.to_vec())), Ok(Some(b"{}".to_vec())));
    let lost = ours.next_frame().expect_err("the close");
    assert_eq!((lost.code, lost.error.message.as_ref()), (Some(4000), "Invalid Client ID"));
    assert_eq!((lost.error.status, lost.error.code), (Status::Closed, 4000));
}

#[tokio::test]
async fn a_close_that_cannot_be_read_is_still_a_close() {
    for close in [&b""[..], b"{", b"[]", br#"{"code":"x"}"#, br#"{"code":70000}"#] {
        let (mut ours, mut theirs) = pair(Limits::UPSTREAM).await;
        theirs.write_all(&wire(&[(Opcode::Close, close)])).await.expect("written");
        let lost = lost(&mut ours).await;
        assert_eq!((lost.code, lost.error.status), (None, Status::Closed));
    }
}

#[tokio::test]
async fn the_end_is_told_apart_from_an_end_within_a_frame() {
    for (sent, expected) in [
        (&b""[..], "the peer closed the connection"),
        (&b"\x01\0\0\0\x05\0\0\0{"[..], "the peer went away in the middle of a frame, after 9 bytes"),
    ] {
        let (mut ours, mut theirs) = pair(Limits::PEER).await;
        theirs.write_all(sent).await.expect("written");
        drop(theirs);
        let lost = lost(&mut ours).await;
        assert_eq!((lost.error.status, lost.error.message.as_ref()), (Status::Closed, expected));
    }
}

#[tokio::test]
async fn why_the_peer_closed_wins_over_the_broken_pipe() {
    let (mut ours, mut theirs) = pair(Limits::UPSTREAM).await;
    theirs.write_all(&wire(&[(Opcode::Close, br#"{"code":4003,"message":"Token revoked"}"#)])).await.expect("written");
    drop(theirs);
    let mut out = Outbox::new();
    out.push(Opcode::Frame, b"{}");
    let lost = ours.drive(&mut out).await.and_then(|()| ours.next_frame().map(|_| ())).expect_err("lost");
    assert_eq!((lost.code, lost.error.message.as_ref()), (Some(4003), "Token revoked"));
    assert!(may_tell(out.unwritten(), 1), "{}", out.unwritten());
}

#[tokio::test]
async fn close_writes_what_waits_and_then_the_close() {
    let (ours, mut theirs) = pair(Limits::PEER).await;
    let mut out = Outbox::new();
    out.push(Opcode::Frame, b"{}");
    ours.close(out, 4001, "not \"yours\"").await;
    let mut bytes = Vec::new();
    theirs.read_to_end(&mut bytes).await.expect("read");
    let close = br#"{"code":4001,"message":"not \"yours\""}"#;
    assert_eq!(bytes, wire(&[(Opcode::Frame, b"{}"), (Opcode::Close, close)]));
}

#[tokio::test(start_paused = true)]
async fn close_gives_up_on_a_peer_that_does_not_read() {
    let (ours, _theirs) = pair(Limits::PEER).await;
    let mut out = Outbox::new();
    out.push(Opcode::Frame, &vec![b'x'; 8 << 20]);
    let before = tokio::time::Instant::now();
    ours.close(out, 1000, "").await;
    assert_eq!(before.elapsed().as_millis(), crate::transport::CLOSE_WITHIN.as_millis());
}

#[tokio::test]
async fn a_drive_that_is_dropped_loses_nothing() {
    let (mut ours, mut theirs) = pair(Limits::PEER).await;
    let (mut out, mut got) = (Outbox::new(), Vec::new());
    let bytes = wire(&[(Opcode::Frame, b"one"), (Opcode::Frame, b"two"), (Opcode::Frame, b"three")]);
    out.push(Opcode::Frame, b"mine");
    for byte in bytes {
        theirs.write_all(&[byte]).await.expect("written");
        assert!(
            once(ours.drive(&mut out)).await.is_pending() || {
                got.extend(taken(&mut ours).expect("frames"));
                true
            }
        );
        tokio::task::yield_now().await;
    }
    while got.len() < 3 {
        got.extend(burst(&mut ours).await.expect("frames"));
    }
    assert_eq!(got.iter().map(|(_, payload)| payload.len()).collect::<Vec<_>>(), [3, 3, 5]);
    let mut mine = vec![0; HEADER + 4];
    theirs.read_exact(&mut mine).await.expect("ours arrived once");
    assert!(out.is_empty());
}
